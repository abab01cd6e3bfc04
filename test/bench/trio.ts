/** Three voters in memory and in virtual time: dir1 and dir2 direct all groups, rs1 votes. Each pays for what it does. */
import { type HeartbeatKey, type Keys, type LeaseView, open, sealer } from '@lvsm/protocol'
import { instant, seededRandom } from '@lvsm/base'
import { NEW_STATE } from '@lvsm/lease'
import { keyring } from '../../agent/lease/adapters/network/keyring.ts'
import { createLeaseCore, type LeaseCore } from '../../agent/lease/core/core.ts'
import type { LeaseEffect, LeaseInput } from '../../agent/lease/core/events.ts'
import { BOTH } from '../../agent/lease/core/kernel-calls.ts'

const NODES = ['dir1', 'dir2', 'rs1'] as const
const DIRECTORS = ['dir1', 'dir2']
const CLUSTER = 'c'.repeat(32)
const KEY: HeartbeatKey = { id: 1, algorithm: 'sha256', secret: 'ab'.repeat(32) }
/** One way, milliseconds; the agent's word, milliseconds. */
const DELAY_MS = 0.3
const READY_MS = 2000

export interface Actor {
  readonly name: string
  /** Microseconds of processor time in the core and the codec. */
  cpuUs: number
  sent: number
  received: number
  /** Calls that renew the fence of a group. */
  renewals: number
}
interface Member extends Actor {
  readonly core: LeaseCore
  readonly incarnation: string
  readonly keys: Keys
  wakeAt: number
}
interface Event {
  readonly at: number
  readonly to: Member
  readonly input: LeaseInput | Uint8Array
}

/** With the longest name of the model. */
export const groupName = (at: number): string => `${'g'.repeat(28)}${String(at).padStart(4, '0')}`

function viewOf(node: string, groups: number, timing: { keepaliveMs: number; leaseMs: number }): LeaseView {
  const { keepaliveMs } = timing
  return {
    cluster: CLUSTER,
    node,
    epoch: 1,
    revision: 1,
    timing: { ...timing, applyMs: 35, warntimeMs: 3 * keepaliveMs, deadtimeMs: 10 * keepaliveMs, drainMs: 200 },
    nodes: NODES.map((name) => ({ name, links: [], voter: true })),
    groups: Array.from({ length: groups }, (_, at) => ({
      name: groupName(at),
      digest: at.toString(16).padStart(16, '0'),
      directors: DIRECTORS,
      addresses: [{ address: `10.1.${at >> 8}.${at & 255}`, prefix: 32, ifindex: 1, kind: 'vip' }],
    })),
    keys: [KEY],
    signWith: 1,
  }
}

export class Trio {
  readonly actors: readonly Member[]
  readonly #groups: readonly string[]
  #now = 0
  #readyAt = 0
  #events: Event[] = []

  constructor(groups: number, timing: { keepaliveMs: number; leaseMs: number }) {
    this.#groups = Array.from({ length: groups }, (_, at) => groupName(at))
    this.actors = NODES.map((name, at) => {
      const incarnation = String(at + 1).repeat(32)
      const options = { node: name, incarnation, random: seededRandom(at + 1), startedAt: instant(0) }
      const core = createLeaseCore({ ...options, state: NEW_STATE, kept: true })
      return { name, core, incarnation, keys: keyring([KEY]), wakeAt: 0, cpuUs: 0, sent: 0, received: 0, renewals: 0 }
    })
    for (const actor of this.actors) this.#give(actor, { kind: 'view', view: viewOf(actor.name, groups, timing) })
  }

  /** Everything counts from now on. */
  forget(): void {
    for (const actor of this.actors) Object.assign(actor, { cpuUs: 0, sent: 0, received: 0, renewals: 0 })
  }
  /** How many groups dir1 owns. */
  owned(): number {
    const groups = this.actors[0]?.core.status(instant(this.#now)).groups ?? []
    return groups.filter(({ role }) => role === 'owner').length
  }

  run(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const sleeper = this.actors.reduce((least, one) => (one.wakeAt < least.wakeAt ? one : least))
      const [event] = this.#events
      const next = Math.min(sleeper.wakeAt, event?.at ?? end, this.#readyAt)
      if (next >= end) break
      this.#now = Math.max(this.#now, next)
      if (event && event.at <= next) {
        this.#events.shift()
        this.#give(event.to, event.input)
      } else if (this.#readyAt <= next) this.#sayReady()
      else this.#give(sleeper, { kind: 'wake' })
    }
    this.#now = end
  }

  #sayReady(): void {
    this.#readyAt = this.#now + READY_MS
    for (const actor of this.actors.filter(({ name }) => DIRECTORS.includes(name)))
      for (const group of this.#groups)
        this.#give(actor, { kind: 'ready', group, ready: true, interfaceDown: false, reaches: 1, reason: 'prepared' })
  }

  /** The time of one input, from the bytes of a datagram to those of the answers, is its receiver's. */
  #give(actor: Member, input: LeaseInput | Uint8Array): void {
    const before = process.threadCpuUsage()
    const inbox = [input]
    for (let next = inbox.shift(); next; next = inbox.shift()) {
      const read = next instanceof Uint8Array ? this.#read(actor, next) : next
      for (const effect of read ? actor.core.step(read, instant(this.#now)) : [])
        inbox.push(...this.#carryOut(actor, effect))
    }
    const { user, system } = process.threadCpuUsage(before)
    actor.cpuUs += user + system
  }

  #read(actor: Member, bytes: Uint8Array): LeaseInput | null {
    actor.received += 1
    const opened = open(bytes, CLUSTER, actor.keys)
    if (!opened.ok) throw new Error(`a datagram of ${bytes.length} bytes is dropped: ${opened.reason}`)
    return { kind: 'datagram', envelope: { ...opened.datagram, link: 0 } }
  }

  #carryOut(actor: Member, effect: LeaseEffect): LeaseInput[] {
    const done = instant(this.#now)
    if (effect.kind === 'wake') actor.wakeAt = effect.at
    else if (effect.kind === 'send') this.#send(actor, effect)
    else if (effect.kind === 'persist') return [{ kind: 'persisted', ok: true, error: '' }]
    else if (effect.kind === 'address')
      return [{ kind: 'addressed', group: effect.group.name, op: effect.op, ok: true, error: '' }]
    else if (effect.kind === 'fence') {
      const { group, op, parts, timeoutMs } = effect
      if (op === 'renew') actor.renewals += 1
      return [{ kind: 'fenced', group, op, parts, timeoutMs, done, result: 'done', error: '' }]
    } else if (effect.kind === 'fence-tables')
      return effect.carried.map((one) => ({
        kind: 'fenced',
        op: 'carry',
        parts: BOTH,
        ...one,
        done,
        result: 'done',
        error: '',
      }))
    return []
  }

  #send(
    actor: Member,
    { to, sequence, spread, message, piggybacked, peers }: Extract<LeaseEffect, { kind: 'send' }>,
  ): void {
    const outgoing = { from: actor.name, incarnation: actor.incarnation, sequence, spread, message, piggybacked }
    const seal = sealer(outgoing, CLUSTER, KEY.id, actor.keys)
    for (const name of to) {
      actor.sent += 1
      const bytes = seal(peers[name]?.incarnation ?? null)
      const receiver = this.actors.find((one) => one.name === name)
      if (receiver) this.#events.push({ at: this.#now + DELAY_MS, to: receiver, input: bytes })
    }
  }
}
