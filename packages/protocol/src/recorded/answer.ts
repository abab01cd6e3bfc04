/** From what is recorded to an answer about one moment. */
import { statusOf } from './items.ts'
import { clockWasSet, recordedAt, type Recording, spansOf } from './recorder.ts'
import type { RecordedReport } from './report.ts'

export interface Asked {
  readonly node: string
  readonly agoMs: number
  /** By the wall clock as it is now, milliseconds. */
  readonly nowMs: number
  /** A time of that clock as ISO 8601. */
  readonly iso: (ms: number) => string
}
/** `aheadMs`: what the wall clock, as it is now, is ahead of the clock of the recording. */
export interface Source {
  readonly recording: Recording
  readonly aheadMs: number
  readonly where: RecordedReport['spans'][number]['where']
}

/** What came in before a moment is of interest for so long, and so much of it. */
const SHORTLY_MS = 120_000
const MOST_HAPPENED = 20

/** The first source that has it, has it. */
export function answerOf({ node, agoMs, nowMs, iso }: Asked, sources: readonly Source[]): RecordedReport {
  const atMs = nowMs - agoMs
  const spans = sources
    .flatMap(({ recording, aheadMs, where }) =>
      spansOf(recording).map(({ from, to }) => ({ from: from + aheadMs, to: to + aheadMs, where })),
    )
    .toSorted((one, other) => one.from - other.from)
    .map(({ from, to, where }) => ({ from: iso(from), to: iso(to), where }))
  const clockSet = sources.some(
    ({ recording, aheadMs, where }) => where === 'memory' && clockWasSet(recording, aheadMs),
  )
  const base = { node, at: iso(atMs), agoMs, spans, clockSet }
  for (const { recording, aheadMs } of sources) {
    const found = recordedAt(recording, atMs - aheadMs)
    const read = found && statusOf(found.items)
    if (!found || !read) continue
    const happened = found.happened
      .map(({ at, text }) => ({ at: iso(at + aheadMs), agoMs: atMs - (at + aheadMs), text }))
      .filter((one) => one.agoMs <= SHORTLY_MS)
      .slice(-MOST_HAPPENED)
    return { ...base, found: { ...read, happened } }
  }
  return { ...base, found: null }
}
