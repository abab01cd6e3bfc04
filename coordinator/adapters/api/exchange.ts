/** From the bytes of a request to a question, and from a reply to the bytes of an answer: the same on every listener. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiRoute, AskedOf } from '@lvsm/protocol'
import { answer, readBody } from '../../../agent/process/http.ts'
import { type Reply, refusedWith } from '../../api/reply.ts'
import { readRequest } from '../../api/request.ts'

export interface Exchange<Route extends ApiRoute> {
  readonly route: Route
  /** Bytes of a body. */
  readonly longest: number
  answer(asked: AskedOf<Route>): Reply | Promise<Reply>
  /** What is done meanwhile is counted as whoever asks. */
  charged?<Value>(work: () => Value): Value
  /** What became of it. */
  answered?(reply: Reply): void
  /** It threw: a fault of this program. The client is told so. */
  crashed(error: unknown): void
}

/** Exactly one answer, unless the client went away before. */
export function exchange<Route extends ApiRoute>(
  incoming: IncomingMessage,
  response: ServerResponse,
  job: Exchange<Route>,
): void {
  readBody(incoming, response, job.longest, (text) => {
    void replyTo(incoming.url, text, job).then((reply) => chargedBy(job)(() => send(response, reply)))
  })
}

const chargedBy =
  ({ charged }: { charged?<Value>(work: () => Value): Value }) =>
  <Value>(work: () => Value): Value =>
    charged ? charged(work) : work()

/** However the request came. Never rejects. */
export async function replyTo<Route extends ApiRoute>(
  url: string | undefined,
  text: string,
  job: Omit<Exchange<Route>, 'longest'>,
): Promise<Reply> {
  try {
    const read = chargedBy(job)(() => readRequest(job.route, queryOf(url), text))
    const reply = read.ok ? await job.answer(read.asked) : read.reply
    job.answered?.(reply)
    return reply
  } catch (error) {
    job.crashed(error)
    const mayBeDone = job.route.method === 'POST' ? '; a change may have been made' : ''
    const message = `a fault of the coordinator itself${mayBeDone}`
    return refusedWith(500, [{ code: 'bug', message, hint: 'its log has more' }])
  }
}

/** What a URL cannot be made of has no words. */
function queryOf(url = ''): [string, string][] {
  const [, words = ''] = /\?(.*)$/s.exec(url) ?? []
  return [...new URLSearchParams(words)]
}

export function send(response: ServerResponse, { status, body, revision, headers = {} }: Reply): void {
  answer(response, status, body, { ...headers, ...(revision === undefined ? {} : { etag: `"${revision}"` }) })
}
