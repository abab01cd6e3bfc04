/**
 * What a node recorded, as the file of a move: lines of JSON, the first of which says whose it is and when it was written, the second
 * what was at the beginning, and each other one what changed. The file around it has the checksum
 * (`agent/node/adapters/recordings.ts`).
 */
import * as z from 'zod'
import { parseBounded } from '../json.ts'
import type { Frame, Recording } from './recorder.ts'
import { MOST_RECORDED_TEXT } from './recorder.ts'

export const RECORDED_VERSION = 1
/** Bytes that somebody who reads it takes at most: text may be of several bytes each, and frames have words of their own. */
export const LONGEST_RECORDED_FILE = 4 * MOST_RECORDED_TEXT

export interface RecordedFile {
  readonly node: string
  /** By the wall clock of then, milliseconds; and by the clock of the recording. */
  readonly writtenMs: number
  readonly writtenAt: number
  readonly recording: Recording
}

const ms = z.number().min(-Number.MAX_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER)
const head = z.object({ node: z.string().max(100), writtenMs: ms, writtenAt: ms, seenAt: ms })
const set = z.record(z.string(), z.unknown())
const beginning = z.object({ at: ms, aheadMs: ms, set })
const frame = z.object({
  at: ms,
  aheadMs: ms,
  seenAt: ms,
  set,
  gone: z.array(z.string()),
  happened: z.array(z.string()),
})

export function encodeRecorded({ node, writtenMs, writtenAt, recording }: RecordedFile): string {
  const { beginning: first, frames, seenAt } = recording
  const top = JSON.stringify({ v: RECORDED_VERSION, least: 1, node, writtenMs, writtenAt, seenAt })
  const { at, aheadMs, items } = first
  return [top, `{"at":${at},"aheadMs":${aheadMs},"set":${setText(items)}}`, ...frames.map(frameText)].join('\n')
}

function frameText({ at, aheadMs, seenAt, changes, happened }: Frame): string {
  const now = [...changes].filter((one): one is [string, string] => one[1] !== null)
  const gone = [...changes].flatMap(([name, text]) => (text === null ? [name] : []))
  const words = `"gone":${JSON.stringify(gone)},"happened":${JSON.stringify(happened)}`
  return `{"at":${at},"aheadMs":${aheadMs},"seenAt":${seenAt},"set":${setText(now)},${words}}`
}
/** The pieces are text of JSON already. */
const setText = (pieces: Iterable<readonly [string, string]>): string =>
  `{${Array.from(pieces, ([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`

const textsOf = (pieces: Readonly<Record<string, unknown>>): [string, string][] =>
  Object.entries(pieces).map(([name, value]) => [name, JSON.stringify(value)])

/** Null: it is not understood. Never throws, whatever the text. */
export function decodeRecorded(text: string): RecordedFile | null {
  const [top = '', first = '', ...rest] = text.split('\n')
  const { v: _, least, ...said } = parseBounded(top, LONGEST_RECORDED_FILE)
  if (typeof least === 'number' && least > RECORDED_VERSION) return null
  const of = head.safeParse(said).data
  const began = beginning.safeParse(parseBounded(first, LONGEST_RECORDED_FILE)).data
  if (!of || !began) return null
  const frames: Frame[] = []
  for (const line of rest) {
    const read = frame.safeParse(parseBounded(line, LONGEST_RECORDED_FILE)).data
    if (!read) return null
    const changes = new Map<string, string | null>(textsOf(read.set))
    for (const name of read.gone) changes.set(name, null)
    frames.push({ at: read.at, aheadMs: read.aheadMs, seenAt: read.seenAt, changes, happened: read.happened })
  }
  const { node, writtenMs, writtenAt, seenAt } = of
  const begun = { at: began.at, aheadMs: began.aheadMs, items: new Map(textsOf(began.set)) }
  return { node, writtenMs, writtenAt, recording: { beginning: begun, frames, seenAt } }
}
