/**
 * A coordinator's database: transactions one after the other, each whole or not at all, as SQLite with a write-ahead log and
 * `synchronous=FULL` does it. A crash keeps those that were confirmed, and by chance some of the others, in their order.
 */
import { invariant, type Random, randomBetween } from '@lvsm/base'
import type { Entry, Fault, Persist, Snapshot, Stored } from '@lvsm/raft'
import type { Schedule } from '../kit/schedule.ts'
import { apply, type Machine, type Result } from './register.ts'

export interface Content extends Stored {
  readonly machine: Machine
}
export interface DiskFaults {
  full: boolean
  broken: boolean
  /** Milliseconds of a transaction, spread over orders of magnitude. */
  tookMs: readonly [number, number]
  /** Probability that it takes a second or two. */
  stuck: number
}
const STUCK_MS = [500, 2500] as const

export interface Done {
  readonly fault: Fault | null
  readonly results: readonly Result[]
}
interface Job {
  readonly persist: Persist | null
  readonly body: Machine | null
  readonly done: (done: Done) => void
}

export class Store {
  readonly #schedule: Schedule
  readonly #random: Random
  readonly identity: string
  readonly #tookMs: readonly [number, number]
  faults: DiskFaults
  /** What a start finds. */
  content: Content
  #queue: Job[] = []
  /** Sees each transaction when it is done. */
  readonly #watch: (content: Content, persist: Persist) => void

  constructor(
    schedule: Schedule,
    random: Random,
    identity: string,
    content: Content,
    tookMs: readonly [number, number],
    watch: (content: Content, persist: Persist) => void,
  ) {
    this.#schedule = schedule
    this.#random = random
    this.identity = identity
    this.content = content
    this.#watch = watch
    this.#tookMs = tookMs
    this.faults = this.#well()
  }

  #well(): DiskFaults {
    return { full: false, broken: false, tookMs: this.#tookMs, stuck: 0 }
  }
  recover(): void {
    this.faults = this.#well()
  }

  /** `body`: the state that comes with a snapshot. */
  write(persist: Persist, body: Machine | null, done: (done: Done) => void): void {
    this.#enter({ persist, body, done })
  }
  /** After what was written before. */
  read(done: (content: Content) => void): void {
    this.#enter({ persist: null, body: null, done: () => done(this.content) })
  }

  /** The process is gone, or the machine is. */
  crash(): void {
    for (const { persist, body } of this.#queue.splice(0)) {
      if (this.faults.full || this.faults.broken || this.#random.next() < 0.5) return
      if (persist) this.#commit(persist, body)
    }
  }

  #enter(job: Job): void {
    this.#queue.push(job)
    if (this.#queue.length === 1) this.#begin()
  }
  #begin(): void {
    const [job] = this.#queue
    if (!job) return
    this.#schedule.in(this.#lasts(), () => {
      if (this.#queue[0] === job) this.#end(job)
    })
  }
  #end({ persist, body, done }: Job): void {
    const { full, broken } = this.faults
    if (persist && (full || broken)) {
      // What was to come after it is void too.
      this.#queue = []
      return done({ fault: broken ? 'io' : 'full', results: [] })
    }
    this.#queue.shift()
    done({ fault: null, results: persist ? this.#commit(persist, body) : [] })
    this.#begin()
  }
  #commit(persist: Persist, body: Machine | null): readonly Result[] {
    const { content, results } = transact(this.content, persist, body)
    this.content = content
    this.#watch(content, persist)
    return results
  }
  #lasts(): number {
    const { tookMs, stuck } = this.faults
    if (stuck > 0 && this.#random.next() < stuck) return randomBetween(this.#random, ...STUCK_MS)
    const [least, most] = tookMs
    return least * (most / least) ** this.#random.next()
  }
}

function transact(before: Content, persist: Persist, body: Machine | null): { content: Content; results: Result[] } {
  const hardState = persist.hardState ?? before.hardState
  const base = persist.install ? installed(persist.install, body) : before
  const { truncateFrom } = persist
  const kept = truncateFrom === null ? base.entries : base.entries.filter(({ index }) => index < truncateFrom)
  const entries = [...kept, ...persist.append]
  let { machine, lastApplied } = base
  const results: Result[] = []
  for (const entry of persist.apply) {
    invariant(entry.index === lastApplied + 1, 'entries are applied in their order')
    invariant(has(entries, base.snapshot.index, entry), 'what is applied is in the log')
    const applied = apply(machine, entry)
    machine = applied.machine
    lastApplied = entry.index
    results.push(applied.result)
  }
  const content = compacted({ hardState, snapshot: base.snapshot, entries, lastApplied, machine }, persist.compact)
  checkGaps(content)
  return { content, results }
}

function installed(snapshot: Snapshot, body: Machine | null): Omit<Content, 'hardState'> {
  invariant(body !== null && body.index === snapshot.index, 'the state of a snapshot is there, and as of its index')
  return { snapshot, entries: [], lastApplied: snapshot.index, machine: body }
}

const has = (entries: readonly Entry[], base: number, { index, term }: Entry): boolean =>
  entries[index - base - 1]?.term === term

function compacted(content: Content, compact: Snapshot | null): Content {
  if (compact === null || compact.index <= content.snapshot.index) return content
  invariant(compact.index <= content.lastApplied, 'only what is applied is compacted')
  return { ...content, snapshot: compact, entries: content.entries.filter(({ index }) => index > compact.index) }
}

function checkGaps({ snapshot, entries }: Content): void {
  const first = entries[0]
  const last = entries.at(-1)
  const isWhole =
    !first || !last || (first.index === snapshot.index + 1 && last.index - first.index === entries.length - 1)
  invariant(isWhole, 'the log on disk has no gap')
}
