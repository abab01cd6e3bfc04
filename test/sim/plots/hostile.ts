/**
 * A realserver in the wrong hands: it has the key and signs as itself, in the words of the protocol, with any values, as often as
 * it can. It votes for nothing and directs nothing, so it moves no group, keeps none from anybody, and uses nothing up.
 */
import type { Echo, LeaseGroup, Message } from '@lvsm/protocol'
import type { Random } from '@lvsm/base'
import type { Envelope } from '../../../agent/lease/core/events.ts'
import type { Cluster } from '../cluster.ts'
import type { Machine } from '../machine.ts'
import { type Facts, leaseLie, picker } from '../../kit/lies.ts'
import { begin, type Plot } from '../plot.ts'
import { plainShape, type Shape } from '../shape.ts'

const HOSTILE = 'rs2'
const MESSAGES = 10_000
const PER_SECOND = 2000
const HALF_MS = (MESSAGES / 2 / PER_SECOND) * 1000

class Liar {
  readonly #cluster: Cluster
  readonly #random: Random
  readonly #pick: ReturnType<typeof picker>
  /** Node → its present start, and its last datagrams: it hears everything. */
  readonly #heard = new Map<string, { incarnation: string; sequences: number[] }>()
  /** The highest lease number that was named. */
  #highest = 0
  #sequence = 0

  constructor(cluster: Cluster, random: Random) {
    this.#cluster = cluster
    this.#random = random
    this.#pick = picker(random)
    cluster.network.taps.push((_, envelope) => {
      const { from, incarnation, sequence, message } = envelope
      if (message.kind === 'request') this.#highest = Math.max(this.#highest, message.number)
      const known = this.#heard.get(from)
      const sequences = known?.incarnation === incarnation ? [...known.sequences.slice(-15), sequence] : [sequence]
      this.#heard.set(from, { incarnation, sequences })
      return envelope
    })
  }

  #echo(to: string): Echo {
    const heard = this.#heard.get(to)
    return { incarnation: heard?.incarnation ?? '', sequence: this.#pick(heard?.sequences ?? [0]) }
  }

  #facts(to: string): Facts {
    const groups = this.#cluster.groups.map(({ name, digest }) => ({ group: name, digest }))
    return { groups, echo: this.#echo(to), highest: this.#highest }
  }

  /** One datagram to somebody; what the wire would not carry is none (packages/protocol). */
  say(): void {
    const to = this.#pick(this.#cluster.machines.filter(({ name }) => name !== HOSTILE))
    const relays = this.#random.next() < 0.1
    const message: Message = relays
      ? { kind: 'relay', payload: new Uint8Array(8000) }
      : leaseLie(this.#random, this.#facts(to.name))
    this.#cluster.network.inject(
      { from: HOSTILE, to: to.label, link: 0 },
      {
        from: HOSTILE,
        incarnation: 'in the wrong hands',
        sequence: ++this.#sequence,
        to: this.#heard.get(to.name)?.incarnation ?? null,
        link: 0,
        spread: this.#pick(['one', 'all']),
        message,
        piggybacked: null,
      },
    )
  }
}

const shape = (random: Random): Shape =>
  plainShape(random, { directors: 2, others: 2, voters: ['dir1', 'dir2', 'rs1'] })

/** What an owner had before: it is to have nothing else afterwards. */
const holding = (cluster: Cluster, owner: Machine): number =>
  owner.process?.core.status(owner.clock.read(cluster.schedule.now)).groups[0]?.number ?? 0

/** A cluster that serves, and in it a node that says only what a liar says; else what went wrong. */
function infiltrate(cluster: Cluster): string | { readonly group: LeaseGroup; readonly owner: Machine } {
  const asleep = begin(cluster)
  if (asleep !== null) return asleep
  // Rivals at the start may have left a higher number with a voter: a renewal or two and the owner has it.
  cluster.run(cluster.present.timing.leaseMs)
  const [group] = cluster.groups
  const owner = group && cluster.ownerOf(group)
  if (!group || !owner) return 'nobody answers before anything happened'
  cluster.machine(HOSTILE)?.kill()
  return { group, owner }
}

function play(cluster: Cluster): string | null {
  const begun = infiltrate(cluster)
  if (typeof begun === 'string') return begun
  const { group, owner } = begun
  const liar = new Liar(cluster, cluster.random)
  const number = holding(cluster, owner)
  const speak = (left: number): void => {
    liar.say()
    if (left > 0) cluster.schedule.in(1000 / PER_SECOND, () => speak(left - 1))
  }
  speak(MESSAGES - 1)
  if (cluster.runUntil(() => cluster.ownerOf(group) !== owner, HALF_MS, 5)) return `it ends what ${owner.label} holds`
  if (holding(cluster, owner) !== number) return `lease ${number} has become ${holding(cluster, owner)}`
  return takeover(cluster, owner, number)
}

/** It keeps the other director from nothing, and the new lease has the next number. */
function takeover(cluster: Cluster, owner: Machine, number: number): string | null {
  const [group] = cluster.groups
  if (!group) return 'no group'
  const { leaseMs, keepaliveMs } = cluster.present.timing
  owner.cutPower()
  const taken = cluster.runUntil(() => cluster.ownerOf(group) !== undefined, 1.1 * leaseMs + 3 * keepaliveMs, 5)
  if (!taken) return 'it keeps the other director away'
  const next = cluster.ownerOf(group)
  const now = next ? holding(cluster, next) : 0
  if (now <= number || now > number + 8) return `lease ${number} is followed by ${now}`
  const ended = cluster.runUntil(() => cluster.ownerOf(group) !== next, HALF_MS, 5)
  return ended ? `it ends what ${next?.label} holds` : null
}

/**
 * It says as itself what the owner says, with the owner's incarnation for its own: renews the owner's leases at the voters, gives
 * them up for the other director, and goes on renewing when the owner is dead.
 */
function borrow(cluster: Cluster): string | null {
  const begun = infiltrate(cluster)
  if (typeof begun === 'string') return begun
  const { group, owner } = begun
  const successor = group.directors.find((name) => name !== owner.name) ?? null
  let sequence = 1e9
  const say = (to: string, envelope: Envelope, message: Message): void =>
    cluster.network.inject(
      { from: HOSTILE, to, link: 0 },
      { ...envelope, from: HOSTILE, sequence: ++sequence, message, piggybacked: null },
    )
  /** Voter → the owner's last request to it. */
  const asked = new Map<string, Envelope>()
  cluster.network.taps.push(({ from, to }, envelope) => {
    if (from !== owner.label || envelope.message.kind !== 'request') return envelope
    asked.set(to, envelope)
    const { group: name, digest, epoch } = envelope.message
    cluster.schedule.in(3, () => say(to, envelope, envelope.message))
    cluster.schedule.in(6, () =>
      say(to, envelope, { kind: 'release', group: name, digest, epoch, upTo: sequence + 1, successor }),
    )
    return envelope
  })
  const { leaseMs, keepaliveMs } = cluster.present.timing
  const moved = (): boolean => cluster.ownerOf(group) !== owner
  if (cluster.runUntil(moved, 20 * leaseMs, 5)) return `it ends what ${owner.label} holds`
  owner.cutPower()
  const renew = (): void => {
    for (const [to, envelope] of asked) say(to, envelope, envelope.message)
    cluster.schedule.in(keepaliveMs, renew)
  }
  renew()
  const taken = cluster.runUntil(() => cluster.ownerOf(group) !== undefined, 1.1 * leaseMs + 3 * keepaliveMs, 5)
  return taken ? null : 'it keeps the other director away'
}

export const HOSTILES: readonly Plot[] = [
  { name: 'a hostile realserver', shape, play },
  { name: "a realserver with another's start", shape, play: borrow },
]
