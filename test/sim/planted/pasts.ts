/** Mistakes in what a node records and recalls (packages/protocol/README.md). */
import { answerOf, decodeRecorded, type Frame, type RecordedReport } from '@lvsm/protocol'
import type { Instant } from '@lvsm/base'
import { explain } from '../../../packages/cli/src/explain/explain.ts'
import type { NodeCore } from '../../../agent/node/core/index.ts'
import type { Plant } from '../plant.ts'
import { type Mistake, mistake } from './mistake.ts'

const PLOT = 'whole: what is said about the past'
const wrong = (name: string, plant: Plant): Mistake => mistake(name, 'packages/protocol/README.md', PLOT, plant)

/** What was recorded has other frames. */
const recorded = (change: (frames: readonly Frame[]) => readonly Frame[]): Plant => ({
  recalls(core: NodeCore, now: Instant, agoMs: number): RecordedReport {
    const file = decodeRecorded(core.recording(now) ?? '')
    if (!file) return core.recorded(now, agoMs)
    const { node, writtenMs, recording } = file
    const source = { recording: { ...recording, frames: change(recording.frames) }, aheadMs: writtenMs - now }
    return answerOf({ node, agoMs, nowMs: writtenMs, iso: (ms) => new Date(ms).toISOString() }, [
      { ...source, where: 'memory' },
    ])
  },
})
const LATE_MS = 10_000

export const PASTS: readonly Mistake[] = [
  wrong('a service is served wherever it takes connections', {
    explains(known, subject) {
      const said = explain(known, subject)
      const what = said.what.replace('takes connections, and whether it serves them is not known', 'is served')
      return { ...said, what }
    },
  }),
  wrong('the past is as the present', { recalls: (core, now) => core.recorded(now, 0) }),
  wrong('what happened is recorded ten seconds late', {
    recalls: (core, now, agoMs) => core.recorded(now, agoMs + LATE_MS),
  }),
  wrong(
    'what changes of groups is recorded once',
    recorded((frames) => {
      const known = new Set<string>()
      const isNew = (name: string): boolean => {
        const found = name.startsWith('group ') && known.has(name)
        known.add(name)
        return !found
      }
      return frames.map((frame) => ({
        ...frame,
        changes: new Map([...frame.changes].filter(([name]) => isNew(name))),
      }))
    }),
  ),
]
