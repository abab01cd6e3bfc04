/**
 * A realserver in the wrong hands: it has the key and signs as itself, in the words of the protocol, with any values, as often as
 * it can. It votes for nothing and directs nothing, so it moves no group, keeps none from anybody, and uses nothing up.
 */
import { type Echo, type Message } from '@lvsm/protocol'
import type { Random } from '@lvsm/base'
import type { Cluster } from '../cluster.ts'
import type { Machine } from '../machine.ts'
import { begin, type Plot } from '../plot.ts'
import { plainShape, type Shape } from '../shape.ts'

const HOSTILE = 'rs2'
const MESSAGES = 10_000
const PER_SECOND = 2000
const HALF_MS = (MESSAGES / 2 / PER_SECOND) * 1000

const NUMBERS = [0, 1, 2, 1000, 2 ** 26, 2 ** 32, 2 ** 52, 2 ** 53 - 1]
const TIMES = [0, 1, 35, 350, 5000, 30_000, 3_600_000]
const TEXTS = ['', 'dir1', 'dir2', 'rs1', HOSTILE, 'nobody', '\u001b[2J']
const KINDS = ['request', 'request', 'poll', 'release', 'ack', 'free', 'busy', 'offer', 'answer', 'heartbeat'] as const

class Liar {
  readonly #cluster: Cluster
  readonly #random: Random
  /** Node → its present start, and its last datagrams: it hears everything. */
  readonly #heard = new Map<string, { incarnation: string; sequences: number[] }>()
  /** The highest lease number that was named. */
  #highest = 0
  #sequence = 0

  constructor(cluster: Cluster, random: Random) {
    this.#cluster = cluster
    this.#random = random
    cluster.network.taps.push((_, envelope) => {
      const { from, incarnation, sequence, message } = envelope
      if (message.kind === 'request') this.#highest = Math.max(this.#highest, message.number)
      const known = this.#heard.get(from)
      const sequences = known?.incarnation === incarnation ? [...known.sequences.slice(-15), sequence] : [sequence]
      this.#heard.set(from, { incarnation, sequences })
      return envelope
    })
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random.next() * list.length)] as T
  }
  #about(): { group: string; digest: string; epoch: number } {
    const group = this.#pick(this.#cluster.groups)
    const known = this.#random.next() < 0.9
    return { group: known ? group.name : 'nothing', digest: known ? group.digest : 'ffffffffffffffff', epoch: 1 }
  }
  #echo(to: string): Echo {
    const heard = this.#heard.get(to)
    return { incarnation: heard?.incarnation ?? '', sequence: this.#pick(heard?.sequences ?? [0]) }
  }

  #lie(to: string): Message {
    const about = this.#about()
    const number = this.#random.next() < 0.5 ? this.#highest + 1 : this.#pick(NUMBERS)
    const [time, echo] = [this.#pick(TIMES), this.#echo(to)]
    const kind = this.#pick(KINDS)
    switch (kind) {
      case 'request':
        return { kind, ...about, leaseMs: time, number }
      case 'poll':
        return { kind, ...about }
      case 'release':
        return { kind, ...about, upTo: number, successor: this.#random.next() < 0.5 ? null : this.#pick(TEXTS) }
      case 'ack':
        return { kind, ...about, echo, grantMs: time, highWater: number }
      case 'free':
        return { kind, ...about, echo, highWater: number }
      case 'busy': {
        const reason = this.#pick(['held', 'reserved', 'epoch', 'unknown-list', 'number'] as const)
        return { kind, ...about, echo, reason, leftMs: time, highWater: number }
      }
      case 'offer':
        return { kind, ...about, number }
      case 'answer':
        return { kind, ...about, echo, willing: this.#random.next() < 0.5, reason: this.#pick(TEXTS) }
      case 'heartbeat':
        return this.#heartbeat(about.group, number, time)
    }
  }
  #heartbeat(group: string, number: number, leftMs: number): Message {
    const yes = (): boolean => this.#random.next() < 0.5
    const claim = { group, holds: yes(), ready: yes(), reaches: 255, number, leftMs }
    const voters = yes() ? 'ffffffffffffffff' : '0000000000000000'
    return { kind: 'heartbeat', revision: number, standby: yes(), voters, groups: [claim] }
  }

  /** One datagram to somebody; what the wire would not carry is none (packages/protocol). */
  say(): void {
    const to = this.#pick(this.#cluster.machines.filter(({ name }) => name !== HOSTILE))
    const relays = this.#random.next() < 0.1
    const message: Message = relays ? { kind: 'relay', payload: new Uint8Array(8000) } : this.#lie(to.name)
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

function play(cluster: Cluster): string | null {
  const asleep = begin(cluster)
  if (asleep !== null) return asleep
  const [group] = cluster.groups
  const owner = group && cluster.ownerOf(group)
  if (!group || !owner) return 'nobody answers before anything happened'
  cluster.machine(HOSTILE)?.kill()
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

export const HOSTILES: readonly Plot[] = [{ name: 'a hostile realserver', shape, play }]
