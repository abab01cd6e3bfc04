/** Stands in for an agent that follows coordinators: the lease process has its view from it, and its reports go back through it. */
import { type LeaseView } from '@lvsm/protocol'
import { randomBetween } from '@lvsm/base'
import type { Process } from '../../kit/process.ts'
import type { Cluster } from '../cluster.ts'
import { type LeaseWord, type Machine, PING_NODES, type Reconciler } from '../machine.ts'
import type { Committed, Committee } from './committee.ts'

/** As the lease process batches its news, and repeats its status; and one way through socket and network. */
const NEWS_MS = 60
const STATUS_MS = 1000
const WAY_MS = [0.2, 20] as const

export class Follower implements Reconciler {
  readonly machine: Machine
  readonly #cluster: Cluster
  readonly #committee: Committee
  #process: Process | null = null
  /** On its own disk; null: lost. */
  kept: Committed | null
  /** Neither hears the coordinators nor is heard by them. */
  isCutOff = false
  /** How long a revision is under way to it, milliseconds. */
  slownessMs: readonly [number, number] = WAY_MS
  /** It gives its lease process whatever comes, be it older than what it gave before. */
  isCareless = false
  #newsDue = false

  constructor(machine: Machine, committee: Committee, cluster: Cluster) {
    this.machine = machine
    this.#committee = committee
    this.#cluster = cluster
    this.kept = committee.newest
    machine.disk.view = committee.viewOf(machine.name)
    machine.reconciler = this
    committee.followers.push((committed) => {
      if (!this.isCutOff) this.#in(this.slownessMs, () => this.take(committed))
    })
    this.#repeat()
  }

  /** A revision arrives, in whatever order. */
  take(committed: Committed): void {
    const isNews = this.kept === null || committed.number > this.kept.number
    if (!isNews && !this.isCareless) return
    this.kept = committed
    this.#give(this.#committee.viewOf(this.machine.name, committed))
  }
  /** The newest that there is, by a read that is proved current. */
  fetch(): void {
    const asked = this.#process
    if (this.isCutOff) return
    this.#in(WAY_MS, () => {
      if (this.isCutOff) return
      const { newest } = this.#committee
      this.#in(WAY_MS, () => {
        if (this.kept && newest.number < this.kept.number) return
        this.kept = newest
        // To a later start that read proves nothing.
        const proof = asked === this.#process ? { confirmed: true } : {}
        this.#give({ ...this.#committee.viewOf(this.machine.name, newest), ...proof })
      })
    })
  }

  joined(process: Process): void {
    this.#process = process
    const { view } = this.machine.disk
    if (view) process.put({ kind: 'view', view })
    this.#in([0, 2 * this.#cluster.shape.revisions[0].timing.leaseMs], () => {
      if (this.kept) this.#give(this.#committee.viewOf(this.machine.name, this.kept))
      else this.fetch()
    })
  }
  left(): void {
    this.#process = null
  }
  lostPower(): void {
    // What is kept stays.
  }
  adopt(): void {
    this.fetch()
  }
  heard(word: LeaseWord): void {
    if (word.kind === 'claimed') this.#newsSoon()
  }
  acts(): void {
    this.#newsSoon()
  }
  readonly sayReady = (): void => {
    const { ready, interfaceDown, reaches, name } = this.machine
    for (const group of this.kept?.groups ?? []) {
      if (!group.directors.includes(name)) continue
      const own = interfaceDown ? 0 : Math.min(reaches, PING_NODES)
      const reason = ready ? '' : 'IPVS is not loaded'
      this.#process?.put({
        kind: 'ready',
        group: group.name,
        ready: ready && !interfaceDown,
        interfaceDown,
        reaches: own,
        reason,
      })
    }
  }

  #give(view: LeaseView): void {
    this.#process?.put({ kind: 'view', view })
    this.sayReady()
  }

  #newsSoon(): void {
    if (this.#newsDue) return
    this.#newsDue = true
    this.#in([NEWS_MS, NEWS_MS], () => {
      this.#newsDue = false
      this.#status()
    })
  }
  #repeat(): void {
    this.#in([STATUS_MS, STATUS_MS], () => {
      this.#status()
      this.sayReady()
      this.#repeat()
    })
  }
  /** What the lease process says of itself: some of it is for the coordinators, some asks for a newer view. */
  #status(): void {
    const process = this.#process
    process?.perform(() => {
      const status = process.core.status(this.machine.clock.read(this.#cluster.schedule.now))
      const { epoch = 0, newerEpoch, epochLost } = status
      this.#in(WAY_MS, () => {
        if (!this.isCutOff) this.#committee.reported(this.machine.name, epoch)
      })
      if (newerEpoch !== undefined || epochLost === true || this.kept === null) this.fetch()
    })
  }

  #in([least, most]: readonly [number, number], run: () => void): void {
    this.#cluster.schedule.in(randomBetween(this.#cluster.random, least, most), run)
  }
}
