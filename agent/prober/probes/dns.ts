/** Does a name server answer a question? RFC 1035, section 4, over UDP, or TCP. */
import { randomInt } from 'node:crypto'
import type { Ask } from '../attempt.ts'
import { isSet, listOf, numberOf, textOf } from '../keys.ts'
import { converse, type Talk } from '../talk.ts'
import { askUdpWith } from './udp.ts'

const RECORDS: Readonly<Record<string, number>> = {
  ...{ A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33, CAA: 257 },
}
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const
const HEAD = 12

/** A question, with recursion desired. */
export function questionOf(id: number, name: string, record: string): Buffer {
  const labels = name.split('.').filter(Boolean)
  const encoded = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')])
  const head = Buffer.from([id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  const type = RECORDS[record] ?? 1
  return Buffer.concat([head, ...encoded, Buffer.from([0, type >> 8, type & 0xff, 0, 1])])
}

interface Wanted {
  readonly id: number
  readonly rcodes: readonly string[]
  readonly least: number
}
export function judgeAnswer(answer: Buffer, { id, rcodes, least }: Wanted): { ok: boolean; reason: string } | null {
  // Not the answer to this question.
  if (answer.length < HEAD || answer.readUInt16BE(0) !== id || ((answer[2] ?? 0) & 0x80) === 0) return null
  const number = (answer[3] ?? 0) & 0x0f
  const rcode = RCODES[number] ?? `rcode ${number}`
  const count = answer.readUInt16BE(6)
  const found = `answers ${rcode}, with ${count} ${count === 1 ? 'record' : 'records'}`
  if (!rcodes.includes(rcode)) return { ok: false, reason: `${found}, and not ${rcodes.join(', ')}` }
  return { ok: count >= least, reason: count >= least ? found : `${found}, and not ${least}` }
}

/** Of a message over TCP, before it (RFC 1035, section 4.2.2). */
const LENGTH = 2
function talkOf(question: Buffer, wanted: Wanted): Talk {
  const length = Buffer.from([question.length >> 8, question.length & 0xff])
  return {
    first: Buffer.concat([length, question]),
    next: (heard) => {
      if (heard.length < LENGTH || heard.length < LENGTH + heard.readUInt16BE(0)) return 'wait'
      const answer = heard.subarray(LENGTH, LENGTH + heard.readUInt16BE(0))
      return judgeAnswer(answer, wanted) ?? { ok: false, reason: 'answers another question than it was asked' }
    },
  }
}

export const askDns: Ask = (job, end, trace) => {
  const { keys } = job
  const told = listOf(keys, 'rcode')
  const id = randomInt(1, 65_536)
  const wanted = { id, rcodes: told.length > 0 ? told : ['NOERROR'], least: numberOf(keys, 'answers') ?? 0 }
  const question = questionOf(id, textOf(keys, 'query') ?? '.', textOf(keys, 'record') ?? 'A')
  if (isSet(keys, 'tcp')) return converse(() => talkOf(question, wanted))(job, end, trace)
  return askUdpWith(job, { end, trace, message: question, judge: (answer) => judgeAnswer(answer, wanted) })
}
