/** From the bytes of a request to a question, and from a reply to the bytes of an answer: the same on every listener. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApiRoute, AskedOf } from '@lvsm/protocol'
import { answer, readBody, refuse } from '../../../agent/process/http.ts'
import type { Reply } from '../../api/reply.ts'
import { readRequest } from '../../api/request.ts'

export interface Exchange<Route extends ApiRoute> {
  readonly route: Route
  /** Bytes of a body. */
  readonly longest: number
  answer(asked: AskedOf<Route>): Reply | Promise<Reply>
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
  const end = (reply: Reply): void => {
    job.answered?.(reply)
    send(response, reply)
  }
  readBody(incoming, response, job.longest, (text) => {
    replyOf(incoming, text, job).then(end, (error: unknown) => {
      job.crashed(error)
      const mayBeDone = job.route.method === 'POST' ? '; a change may have been made' : ''
      refuse(response, 500, {
        code: 'bug',
        message: `a fault of the coordinator itself${mayBeDone}`,
        hint: 'its log has more',
      })
    })
  })
}

async function replyOf<Route extends ApiRoute>(
  incoming: IncomingMessage,
  text: string,
  job: Exchange<Route>,
): Promise<Reply> {
  const read = readRequest(job.route, queryOf(incoming), text)
  return read.ok ? job.answer(read.asked) : read.reply
}

/** What a URL cannot be made of has no words. */
function queryOf({ url }: IncomingMessage): [string, string][] {
  const [, words = ''] = /\?(.*)$/s.exec(url ?? '') ?? []
  return [...new URLSearchParams(words)]
}

export function send(response: ServerResponse, { status, body, revision, headers = {} }: Reply): void {
  answer(response, status, body, { ...headers, ...(revision === undefined ? {} : { etag: `"${revision}"` }) })
}
