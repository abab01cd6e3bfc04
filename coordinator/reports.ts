/**
 * What the agents said of themselves, each to the coordinator that it follows: the coordinators tell each other which revision each
 * uses, which epoch its lease process acts on, and which report is its newest, and ask for the reports that they do not have.
 * Forgotten with the process; what a silent coordinator told is, after a while.
 */
import { randomBytes } from 'node:crypto'
import type { AgentReport, CoordinatorTrouble, NodeProgress, Speaks } from '@lvsm/protocol'
import type { NodeId } from '@lvsm/raft'
import { together } from './alarms.ts'
import type { NodesMessage, ReportAnswer } from './ports.ts'
import { AHEAD_MS, type Moment } from './reported/event-log.ts'
import type { Clocks } from './clocks.ts'
import { Reported, type Taken } from './reported/reported.ts'

export interface ReportsWorld {
  readonly id: NodeId
  /** Of the agents that follow here. */
  own(): readonly NodeProgress[]
  readonly speaks: Speaks
  /** What people are to be told of this coordinator. */
  troubles(): readonly CoordinatorTrouble[]
  others(): readonly NodeId[]
  /** Names of all that are in the cluster. */
  nodes(): ReadonlySet<string>
  send(message: NodesMessage): void
  /** Milliseconds that only grow. */
  clock(): number
  /** Of this machine, whatever the others' say. */
  wallClock(): number
  readonly clocks: Pick<Clocks, 'heard' | 'now'>
}

/** It is looked so often whether there is anything new to tell; the same is told again after so long, and counts for so long. */
const LOOK_MS = 250
const AGAIN_MS = 3000
const VALID_MS = 10_000
/** What was asked for comes by then, or was lost. */
const ANSWER_MS = 1000
/** Nodes of which one coordinator is asked at a time: what is said beside that is more urgent. */
const MOST_ASKED = 4
interface Asked {
  readonly of: NodeId
  readonly at: number
  /** It brought what is new. */
  readonly isAnswered: boolean
}

/** What is no news. */
const steady = (key: string, value: unknown): unknown => (key === 'ageMs' ? 0 : value)

/** Both may be before everything. */
const compare = (one: number, other: number): number => (one < other ? -1 : one > other ? 1 : 0)
const isoOf = (ms: number): string => new Date(ms).toISOString()

export class Reports {
  readonly reported = new Reported(randomBytes(6).toString('hex'))
  readonly #world: ReportsWorld
  readonly #told = new Map<
    NodeId,
    {
      readonly nodes: readonly NodeProgress[]
      readonly at: number
      readonly speaks: Speaks | null
      readonly troubles: readonly CoordinatorTrouble[]
    }
  >()
  /** Node → whom its report was asked of, and when. */
  readonly #asked = new Map<string, Asked>()
  readonly #timer: NodeJS.Timeout
  readonly #startedAt: number
  #last = ''
  #lastAt = Number.NEGATIVE_INFINITY

  constructor(world: ReportsWorld) {
    this.#world = world
    this.#startedAt = world.clock()
    this.#timer = setInterval(() => this.tell(), LOOK_MS)
  }
  close(): void {
    clearInterval(this.#timer)
  }

  /** Of an agent that follows here; what is answered. */
  take(node: string, report: AgentReport): Taken {
    return this.reported.take(node, report, this.#moment())
  }

  heard(message: NodesMessage): void {
    const { id, send, clock } = this.#world
    const { from } = message
    switch (message.kind) {
      case 'nodes':
        this.#told.set(from, {
          ...{ nodes: message.nodes, at: clock() },
          ...{ speaks: message.speaks ?? null, troubles: message.troubles ?? [] },
        })
        if (message.clock !== undefined) this.#world.clocks.heard(from, message.clock)
        return this.#askFor(from, message.nodes, clock())
      case 'report-wanted': {
        const answer = this.reported.answer(message.name, message, clock())
        if (answer) send({ kind: 'report', from: id, to: from, name: message.name, ...answer })
        return
      }
      case 'report':
        return this.#answered(message)
    }
  }

  /** Milliseconds since another coordinator told anything, or since this one started. */
  silentMs(id: NodeId): number {
    return this.#world.clock() - (this.#told.get(id)?.at ?? this.#startedAt)
  }

  /** By name; of what several say of one node, the newest. */
  all(): ReadonlyMap<string, NodeProgress> {
    const { own } = this.#world
    const fresh = this.#fresh()
    const all = new Map<string, NodeProgress>()
    for (const report of [...fresh.flatMap(([, { nodes }]) => nodes), ...own()]) {
      const known = all.get(report.name)
      const isOlder = known && (known.revision > report.revision || (known.facts ?? 0) > (report.facts ?? 0))
      if (!isOlder) all.set(report.name, report)
    }
    return all
  }

  /** Which versions the coordinators speak, this one too; of whom nothing was heard lately there is nothing. */
  versions(): ReadonlyMap<NodeId, Speaks> {
    const { id, speaks } = this.#world
    const others = this.#fresh().flatMap(([other, told]) => (told.speaks ? [[other, told.speaks] as const] : []))
    return new Map([[id, speaks], ...others])
  }

  /** What people are to be told of all coordinators. */
  troubles(): readonly CoordinatorTrouble[] {
    return together([this.#world.troubles(), ...this.#fresh().map(([, { troubles }]) => troubles)])
  }

  /** What each of the others says. */
  othersTroubles(): readonly (readonly [NodeId, readonly CoordinatorTrouble[]])[] {
    return this.#fresh().map(([id, { troubles }]) => [id, troubles])
  }

  #fresh() {
    const { others, clock } = this.#world
    const present = new Set(others())
    return [...this.#told].filter(([id, { at }]) => present.has(id) && clock() - at < VALID_MS)
  }

  tell(): void {
    const { id: from, own, others, send, clock, wallClock, speaks, nodes: names } = this.#world
    const present = names()
    this.reported.keep(present)
    for (const name of this.#asked.keys()) if (!present.has(name)) this.#asked.delete(name)
    const nodes = own().map((one) => {
      const report = this.reported.announce(one.name, clock())
      return report ? { ...one, report } : one
    })
    const troubles = this.#world.troubles()
    const text = JSON.stringify([nodes, others(), troubles], steady)
    if (text === this.#last && clock() - this.#lastAt < AGAIN_MS) return
    this.#last = text
    this.#lastAt = clock()
    for (const to of others()) send({ kind: 'nodes', from, to, nodes, speaks, clock: wallClock(), troubles })
  }

  /** One answer at a time of each node, and of few nodes, of those who have what is not here. `toldAt`: when they said so. */
  #askFor(of: NodeId, nodes: readonly NodeProgress[], toldAt: number): void {
    const { id, nodes: names, send, clock } = this.#world
    const present = names()
    const isWaiting = ({ at, isAnswered }: Asked): boolean => !isAnswered && clock() - at < ANSWER_MS
    let room = MOST_ASKED - [...this.#asked.values()].filter((one) => one.of === of && isWaiting(one)).length
    // Of whom nothing was asked for long comes first: nobody who says much keeps the others back.
    const askedAt = ({ name }: NodeProgress): number => this.#asked.get(name)?.at ?? Number.NEGATIVE_INFINITY
    for (const { name, report } of nodes.toSorted((one, other) => compare(askedAt(one), askedAt(other)))) {
      const known = report && present.has(name) ? this.reported.wanted(name, report, toldAt) : null
      const asked = this.#asked.get(name)
      if (!known || (asked && isWaiting(asked)) || room <= 0) continue
      room -= 1
      this.#asked.set(name, { of, at: clock(), isAnswered: false })
      send({ kind: 'report-wanted', from: id, to: of, name, ...known })
    }
  }
  /** The rest of it is asked for at once, and what had to wait. */
  #answered({ from, name, report, ageMs }: ReportAnswer): void {
    if (!this.#world.nodes().has(name)) return
    const before = this.reported.known(name)
    this.reported.answered(name, report, ageMs, this.#moment())
    const after = this.reported.known(name)
    // One that brings nothing is asked for again later.
    if (after.boot === before.boot && after.number <= before.number && after.event <= before.event) return
    const asked = this.#asked.get(name)
    if (asked?.of === from) this.#asked.set(name, { ...asked, isAnswered: true })
    const told = this.#told.get(from)
    if (told) this.#askFor(from, told.nodes, told.at)
  }
  #moment(): Moment {
    const wallMs = this.#world.clocks.now()
    const wall = { now: isoOf(wallMs), latest: isoOf(wallMs + AHEAD_MS), msOf: Date.parse }
    return { now: this.#world.clock(), wall }
  }
}
