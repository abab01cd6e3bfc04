/**
 * The flight recorder of a coordinator: the cluster as it knew it in the last minutes, in memory alone. What each node heard and did
 * itself is in that node's own (`agent/node/core/history/recording.ts`).
 */
import { answerOf, itemsOf, NO_RECORD, Recorder, type RecordedReport, serversIn, type Status } from '@lvsm/protocol'

/** It is looked so often whether anything changed; where there are very many realservers, a millisecond for each of them. */
const EVERY_MS = 1000
const PER_SERVER_MS = 1

export interface RecordingWorld {
  /** Of the coordinator. */
  readonly node: string
  status(): Status | null
  /** Milliseconds that only grow. */
  clock(): number
  wallClock(): number
}

export class ClusterRecorder {
  readonly #world: RecordingWorld
  readonly #memory = new Recorder()
  readonly #timer: NodeJS.Timeout
  #dueAt = Number.NEGATIVE_INFINITY

  constructor(world: RecordingWorld, everyMs = EVERY_MS) {
    this.#world = world
    this.#timer = setInterval(() => this.record(), everyMs).unref()
  }
  close(): void {
    clearInterval(this.#timer)
  }

  record(): void {
    const { status, clock, wallClock } = this.#world
    const now = clock()
    if (now < this.#dueAt) return
    const known = status()
    if (!known) return
    this.#dueAt = now + PER_SERVER_MS * serversIn(known.services)
    this.#memory.record(itemsOf(known, NO_RECORD), now, wallClock() - now)
  }

  /** Of a moment so long ago. */
  answer(agoMs: number): RecordedReport {
    const { node, clock, wallClock } = this.#world
    const { recording } = this.#memory
    const nowMs = wallClock()
    const iso = (ms: number): string => new Date(ms).toISOString()
    const sources = recording ? [{ recording, aheadMs: nowMs - clock(), where: 'memory' as const }] : []
    return answerOf({ node, agoMs, nowMs, iso }, sources)
  }
}
