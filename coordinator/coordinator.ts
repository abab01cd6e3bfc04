/** A coordinator that runs: its core under the driver, with a database, links to the others, and whoever asks for the configuration. */
import { type Instant, type Random } from '@lvsm/base'
import { newestOf, type State } from '@lvsm/changes'
import { encodeEntry, encodeMember, type Entry as Change, type MemberRecord } from '@lvsm/protocol'
import { createRaft, type NodeId, type Persist, type Settings } from '@lvsm/raft'
import { type Alarm, type Driver, startDriver } from '../agent/driver/driver.ts'
import type { Configuration, CoordinatorStatus, MemberChanged, Read, Written } from './configuration.ts'
import { type Core, type CoreOptions, createCore } from './core/core.ts'
import type { Effect, Input, Limits, Reply, Wish } from './core/events.ts'
import { type Coordinated, doubtEntry, isDirector, refuseChange, type Result } from './core/machine.ts'
import { peersOf } from './core/peers.ts'
import { Expiry } from './expiry.ts'
import type { ProvenSource } from './adapters/feed/feed.ts'
import { handOver } from './handover.ts'
import { isAboutNodes, type LinksHeard, type LinksPort, type Peer, type StorePort } from './ports.ts'
import { expelledText, NOT_BEGUN, removedBy, roleText } from './sentences.ts'
import { Snapshots } from './snapshots.ts'

/** Inputs that may wait; messages beyond are dropped, as a network would. */
const LONGEST_INBOX = 10_000

export interface CoordinatorMachine {
  clock(): Instant
  /** Milliseconds of the clocks of a majority, for ends that people asked for; null: they are not known yet. */
  wallClock(): number | null
  readonly random: Random
  alarm(ring: () => void): Alarm
  say(text: string): void
  /** Its database, or its program, cannot go on. Nothing is done after it. */
  fail(reason: string): void
}
export interface CoordinatorOptions {
  readonly id: NodeId
  readonly store: StorePort<Coordinated, Result>
  readonly settings: Settings
  readonly limits: Limits
  /** Whom it knows before its database says who the coordinators are. */
  readonly seeds: readonly Peer[]
  /** Different at each start: nobody's answer to an earlier start may be taken for one to this. */
  readonly boot: string
  openLinks(heard: LinksHeard): LinksPort
  readonly withhold: CoreOptions['withhold']
}

export class Coordinator implements Configuration, ProvenSource {
  readonly #options: CoordinatorOptions
  readonly #machine: CoordinatorMachine
  readonly #core: Core<Result>
  readonly #driver: Driver<Input<Result>>
  readonly #links: LinksPort
  readonly #waiting = new Map<string, (reply: Reply<Result>) => void>()
  readonly #followers = new Set<(state: State) => void>()
  readonly #snapshots: Snapshots
  readonly #expiry: Expiry
  #told: Coordinated
  #asked = 0

  constructor(options: CoordinatorOptions, machine: CoordinatorMachine) {
    this.#options = options
    this.#machine = machine
    const { id, store, settings, limits } = options
    const startedAt = machine.clock()
    const { random } = machine
    const raft = createRaft({ id, store: store.identity, stored: store.content, settings, random, startedAt })
    const isFirst = (member: NodeId): boolean => isDirector(store.kept.machine, member)
    this.#core = createCore({ raft, limits, startedAt, refuse: refuseChange, withhold: options.withhold, isFirst })
    this.#told = store.kept.machine
    this.#links = options.openLinks({
      removed: (by) => this.#driver.feed({ kind: 'message', message: removedBy(by, id, store.identity) }),
      heard: (message) => !isAboutNodes(message) && this.#driver.feed({ kind: 'message', message }),
      snapshot: (message, state) => {
        if (this.#snapshots.arrived(message, state)) this.#driver.feed({ kind: 'message', message })
      },
    })
    this.#snapshots = new Snapshots(id, store, this.#links, (text) => machine.say(text))
    this.#driver = startDriver<Input<Result>, Effect<Result>>({
      clock: () => machine.clock(),
      step: (input, now) => this.#core.step(input, now),
      carryOut: (effect) => this.#carryOut(effect),
      alarm: (ring) => machine.alarm(ring),
      longestInbox: LONGEST_INBOX,
      mayDrop: ({ kind }) => kind === 'message',
      dropped: () => undefined,
    })
    this.#know()
    this.#expiry = new Expiry(this, machine)
    this.#driver.feed({ kind: 'wake' })
  }

  async read(): Promise<Read> {
    const reply = await this.#ask({ kind: 'read' })
    const state = this.known()
    if (reply.kind === 'refused') return reply
    return reply.kind === 'done' && state ? { kind: 'state', state } : NOT_BEGUN
  }

  async newest(): Promise<number | null> {
    const read = await this.read()
    return read.kind === 'state' ? newestOf(read.state.history) : null
  }

  async write(change: Change): Promise<Written> {
    const reply = await this.#ask({ kind: 'write', payload: encodeEntry(change) })
    const state = this.known()
    if (reply.kind !== 'done') return reply
    // What came with a snapshot came to something, and nobody here knows to what.
    if (reply.result?.kind !== 'outcome' || !state) return { kind: 'unknown' }
    return { kind: 'done', outcome: reply.result.outcome, state }
  }

  /** The id of the new member; a learner at first. Only where this one leads. */
  async add(member: MemberRecord, store: string): Promise<MemberChanged<{ kind: 'added'; id: NodeId }>> {
    const change = { op: 'add', store } as const
    const reply = await this.#ask({ kind: 'change', change, payload: encodeMember({ member }) })
    return reply.kind === 'done' ? { kind: 'added', id: reply.index } : reply
  }

  /** It is cut off at once where this is applied; its id is never given again. */
  async remove(id: NodeId): Promise<MemberChanged<{ kind: 'removed' }>> {
    const reply = await this.#ask({ kind: 'change', change: { op: 'remove', node: id }, payload: '' })
    return reply.kind === 'done' ? { kind: 'removed' } : reply
  }

  /** With their records, where they have come. */
  members(): { readonly id: NodeId; readonly store: string; readonly record: MemberRecord | null }[] {
    const { members } = this.#options.store.kept.machine
    const { membership } = this.#core.status(this.#machine.clock())
    return membership.members.map(({ id, store }) => ({ id, store, record: members.get(id) ?? null }))
  }

  /** Those that vote, by name. */
  voters(): ReadonlyMap<NodeId, string> {
    const { membership } = this.#core.status(this.#machine.clock())
    const voters = membership.members.filter(({ role }) => role === 'voter')
    return new Map(voters.map(({ id }) => [id, this.#name(id)]))
  }

  known(): State | null {
    return this.#options.store.kept.machine.configured
  }

  follow(changed: (state: State) => void): () => void {
    // Of its own, so that the same function may follow twice.
    const follower = (state: State): void => changed(state)
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  records(): ReadonlyMap<NodeId, MemberRecord> {
    return this.#options.store.kept.machine.members
  }
  hasLeader(): boolean {
    return this.#core.status(this.#machine.clock()).leader !== null
  }
  status(): CoordinatorStatus {
    return { raft: this.#core.status(this.#machine.clock()), members: this.records() }
  }

  /** Hands leadership over where it leads, and ends; its database is for whoever opened it to close. */
  async stop(): Promise<void> {
    this.#expiry.close()
    const lead = {
      status: () => this.status().raft,
      transfer: (to: NodeId) => this.#driver.feed({ kind: 'transfer', to }),
    }
    await handOver(lead, () => this.#machine.clock())
    this.#driver.stop()
    await new Promise<void>((resolve) => this.#links.close(resolve))
    for (const [id] of this.#waiting) this.#reply(id, { kind: 'unknown' })
  }

  #ask(wish: Wish): Promise<Reply<Result>> {
    const id = `${this.#options.boot} ${++this.#asked}`
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#driver.feed({ kind: 'ask', id, wish })
    })
  }
  #reply(id: string, reply: Reply<Result>): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.(reply)
  }

  #carryOut(effect: Effect<Result>): void {
    switch (effect.kind) {
      case 'persist':
        return this.#persist(effect)
      case 'send':
        return this.#links.send(effect.message)
      case 'send-snapshot':
        return this.#snapshots.send(effect, (ok) => this.#driver.feed({ kind: 'snapshot-sent', to: effect.to, ok }))
      case 'reply':
        return this.#reply(effect.id, effect.reply)
      case 'role':
        return this.#say(roleText(effect, this.#options.id, this.#name(effect.leader)))
      case 'expelled':
        return this.#machine.fail(expelledText(effect.reason))
      case 'exit':
        return this.#machine.fail(effect.reason)
      case 'transfer-ended':
        return this.#machine.say(`leadership stays: handing it to ${this.#name(effect.to)} was ${effect.how}`)
      case 'wake':
        // The driver's own.
        return
    }
  }

  #say(text: string | null): void {
    if (text !== null) this.#machine.say(text)
  }

  #persist(persist: Persist): void {
    for (const entry of persist.apply) {
      const doubt = doubtEntry(entry)
      if (doubt === null) continue
      this.#driver.halt()
      return this.#machine.fail(`${doubt}: it was written by a newer lvsm; install that version here`)
    }
    const { write, apply, install } = persist
    this.#options.store.write(persist, this.#snapshots.take(install), ({ fault, results }) => {
      if (fault) return this.#driver.feed({ kind: 'persist-failed', write, fault })
      this.#snapshots.installed(install)
      const applied = apply.flatMap(({ index }, at) => {
        const result = results[at]
        return result ? [{ index, result }] : []
      })
      this.#driver.feed({ kind: 'persisted', write, applied })
      this.#tell()
    })
  }

  #tell(): void {
    const { machine } = this.#options.store.kept
    const before = this.#told
    this.#told = machine
    if (machine.members !== before.members) this.#know()
    const { configured } = machine
    if (configured && machine !== before) for (const follower of this.#followers) follower(configured)
  }

  #know(): void {
    const { id, seeds, store } = this.#options
    const { peers, until } = peersOf(id, seeds, store.kept)
    this.#links.know(peers, until)
  }
  #name(id: NodeId | null): string {
    return id === null ? 'nobody' : (this.#options.store.kept.machine.members.get(id)?.name ?? `coordinator ${id}`)
  }
}
