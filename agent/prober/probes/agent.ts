/**
 * HAProxy's agent protocol as its client (HAProxy, configuration.txt, agent-check): connect, say what is to be said, and read one line of
 * words. Agents that were written for HAProxy run unchanged.
 */
import { type AgentWordSaid, MOST_PERCENT, type ProbeJob } from '@lvsm/protocol'
import type { Ask, Asking, End } from '../attempt.ts'
import { textOf } from '../keys.ts'
import { converse, type Talk } from '../talk.ts'
import { askConnect } from './connect.ts'
import { bytesOf } from './expect.ts'

const LONGEST_LINE = 1024
/** HAProxy ignores it: who was cut short may have wanted to say more. */
const NO_END = { ok: null, reason: 'its agent says a line without an end' } as const

interface Line {
  readonly word: AgentWordSaid
  /** What stands behind the sign `#`. */
  readonly comment: string
  /** Nothing in it is known. */
  readonly empty: boolean
}

/** Words are divided by spaces, tabs and commas; what is not known is skipped, as HAProxy skips it. */
export function readAgentLine(line: string): Line {
  const [words = '', ...rest] = line.trim().split('#')
  let word: AgentWordSaid = {}
  for (const one of words.toLowerCase().split(/[\s,]+/)) word = { ...word, ...wordOf(one) }
  return { word, comment: rest.join('#').trim(), empty: Object.keys(word).length === 0 }
}

function wordOf(word: string): AgentWordSaid {
  const [, percent] = /^(\d{1,6})%$/.exec(word) ?? []
  if (percent !== undefined) return { percent: Math.min(Number(percent), MOST_PERCENT) }
  switch (word) {
    case 'ready':
    case 'drain':
    case 'maint':
      return { admin: word }
    case 'up':
      return { up: true }
    case 'down':
    case 'failed':
    case 'fail':
    case 'stopped':
      return { up: false }
    default:
      return {}
  }
}

const talkOf = ({ keys }: ProbeJob): Talk => {
  const send = textOf(keys, 'send')
  return {
    first: send === undefined ? null : bytesOf(send),
    next: (heard) => {
      // The first CR or LF ends it.
      const end = heard.findIndex((byte) => byte === 10 || byte === 13)
      if (end < 0) return heard.length <= LONGEST_LINE ? 'wait' : NO_END
      const line = heard.toString('utf8', 0, end)
      const { word, comment, empty } = readAgentLine(line)
      if (empty) return { ok: null, reason: `its agent says nothing that is known: "${line.trim()}"` }
      const ok = word.up !== false && word.admin !== 'maint'
      const said = line.split('#')[0]?.trim() ?? ''
      return { ok, reason: `its agent says "${said}"${comment === '' ? '' : `: ${comment}`}`, beside: { agent: word } }
    },
    broken: () => NO_END,
  }
}

const hear = converse(talkOf)
/** Of the time that there is: a silent agent has so much of it before the server itself is asked. */
const PATIENCE = 0.5

const SERVER: ReadonlyMap<boolean | null, string> = new Map([
  [true, 'the server accepts connections'],
  [false, 'the server accepts no connections'],
  [null, 'the server cannot be asked from here'],
])

/**
 * An agent without a word (silent, a line without an end, nothing that is known) is no failure of the server (HAProxy, agent-check: connectivity is what the health check beside it tests). There is
 * no other check here, so the server itself is asked then whether it accepts connections: if so, what its agent said last holds on.
 */
export const askAgent: Ask = (job, end, trace) => {
  const { serves } = job
  if (serves === undefined) return hear(job, end, trace)
  let [server, accepts, why]: [Asking | null, boolean | null | undefined, string] = [null, undefined, '']
  const both = (): void => {
    if (accepts === undefined || why === '') return
    end(accepts === false ? false : null, `its agent says nothing (${why}), and ${SERVER.get(accepts)}`)
  }
  const askServer = (): void => {
    server ??= askConnect(
      { ...job, port: serves },
      (ok) => {
        accepts ??= ok
        both()
      },
      trace,
    )
  }
  const heard: End = (ok, reason, beside) => {
    if (ok === true || beside?.agent) return end(ok, reason, beside)
    if (why !== '') return
    why = reason
    askServer()
    both()
  }
  const timer = setTimeout(askServer, job.timeoutMs * PATIENCE)
  const agent = hear(job, heard, trace)
  return {
    sofar: () =>
      accepts === true
        ? `the server accepts connections, and its agent says nothing (${agent.sofar()})`
        : agent.sofar(),
    late: () => (accepts === undefined || accepts === false ? false : null),
    close() {
      clearTimeout(timer)
      agent.close()
      server?.close()
    },
  }
}
