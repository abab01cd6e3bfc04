/**
 * HAProxy's agent protocol as its client (HAProxy, configuration.txt, agent-check): connect, say what is to be said, and read one line of
 * words. Agents that were written for HAProxy run unchanged.
 */
import { type AgentWordSaid, MOST_PERCENT } from '@lvsm/protocol'
import { textOf } from '../keys.ts'
import { converse, type Talk } from '../talk.ts'
import { bytesOf } from './expect.ts'

const LONGEST_LINE = 1024

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

const talkOf = (keys: Parameters<Parameters<typeof converse>[0]>[0]): Talk => {
  const send = textOf(keys, 'send')
  return {
    first: send === undefined ? null : bytesOf(send),
    next: (heard) => {
      const end = heard.indexOf(10)
      if (end < 0 && heard.length <= LONGEST_LINE) return 'wait'
      const line = heard.toString('utf8', 0, end < 0 ? LONGEST_LINE : end)
      const { word, comment, empty } = readAgentLine(line)
      if (empty) return { ok: null, reason: `its agent says nothing that is known: "${line.trim()}"` }
      const ok = word.up !== false && word.admin !== 'maint'
      const said = line.split('#')[0]?.trim() ?? ''
      return { ok, reason: `its agent says "${said}"${comment === '' ? '' : `: ${comment}`}`, beside: { agent: word } }
    },
  }
}

export const askAgent = converse(talkOf)
