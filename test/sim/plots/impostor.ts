/**
 * A realserver in the wrong hands that signs as others, from their addresses: as the owner it gives up leases, as the other director
 * it asks for votes, as a voter it lends them. It has its own keys of each pair, and the key that all nodes shared before. Where
 * keys are pairwise, none of it is opened by anybody.
 */
import { createHash } from 'node:crypto'
import { FIRST_PAIR_KEY, type Keys, type Message, open, type Outgoing, type PairKeys, sealer } from '@lvsm/protocol'
import type { Random } from '@lvsm/base'
import { keyring } from '../../../agent/lease/adapters/network/keyring.ts'
import type { Envelope } from '../../../agent/lease/core/events.ts'
import type { Cluster } from '../cluster.ts'
import { leaseLie, picker } from '../../kit/lies.ts'
import { begin, type Plot } from '../plot.ts'
import { plainShape, type Shape } from '../shape.ts'

const HOSTILE = 'rs2'
const CLUSTER = 'sim'
const PER_SECOND = 500
/** In leases. */
const LASTS = 10
const PAIR = FIRST_PAIR_KEY + 129
const SHARED = [{ id: 1, algorithm: 'sha256', secret: 'cd'.repeat(32) }] as const

const secretOf = (one: string, other: string): string =>
  createHash('sha256').update([one, other].sort().join(' and ')).digest('hex')
/** What a node has. `shared`: the key that all share counts, too. */
function ringOf(node: string, names: readonly string[], shared: boolean): Keys {
  const pairOf = (peer: string): PairKeys => ({
    signWith: PAIR,
    keys: [{ id: PAIR, secret: secretOf(node, peer) }],
    shared,
  })
  return keyring(
    SHARED,
    names.filter((name) => name !== node).map((name) => ({ name, pair: pairOf(name) })),
  )
}

class Impostor {
  readonly #cluster: Cluster
  readonly #rings: ReadonlyMap<string, Keys>
  readonly #random: Random
  /** Node → its last datagram: it hears everything. */
  readonly #heard = new Map<string, Envelope>()
  #sequence = 1e9
  tried = 0
  opened = 0

  constructor(cluster: Cluster, shared: boolean) {
    this.#cluster = cluster
    this.#random = cluster.random
    const names = cluster.machines.map(({ name }) => name)
    this.#rings = new Map(names.map((name) => [name, ringOf(name, names, shared)]))
    cluster.network.taps.push((_, envelope) => {
      this.#heard.set(envelope.from, envelope)
      return envelope
    })
  }

  /** One message to one node, under another's name: signed in each way that it can. */
  say(): void {
    const pick = picker(this.#random)
    const others = this.#cluster.machines.filter(({ name }) => name !== HOSTILE)
    const as = pick(others)
    const to = pick(others.filter((one) => one !== as))
    const [last, heard] = [this.#heard.get(as.name), this.#heard.get(to.name)]
    if (!last || !heard) return
    this.#sequence += 1
    const outgoing: Outgoing = {
      from: as.name,
      incarnation: last.incarnation,
      sequence: this.#sequence,
      spread: 'one',
      message: this.#lie(heard),
      piggybacked: null,
    }
    const seal = sealer(outgoing, CLUSTER, SHARED[0].id, this.#own())
    const ways = [undefined, { keyId: PAIR, peer: to.name }, { keyId: PAIR, peer: as.name }]
    for (const own of ways) this.#deliver(seal(heard.incarnation, own), as.label, to)
  }
  #own(): Keys {
    return this.#rings.get(HOSTILE) as Keys
  }

  #lie(heard: Envelope): Message {
    const groups = this.#cluster.groups.map(({ name, digest }) => ({ group: name, digest }))
    const [group] = groups
    const release = { kind: 'release', epoch: 1, upTo: this.#sequence, successor: null } as const
    if (group && this.#random.next() < 0.3) return { ...release, ...group }
    const echo = { incarnation: heard.incarnation, sequence: heard.sequence }
    return leaseLie(this.#random, { groups, echo, highest: 1000 })
  }

  /** What the receiver's lease process does with the bytes (agent/lease/adapters/network/udp.ts), from an address that is not its own. */
  #deliver(bytes: Uint8Array, from: string, to: { readonly name: string; readonly label: string }): void {
    this.tried += 1
    const found = open(bytes, CLUSTER, this.#rings.get(to.name) as Keys)
    if (!found.ok) return
    this.opened += 1
    this.#cluster.network.inject({ from, to: to.label, link: 0 }, { ...found.datagram, link: 0 })
  }
}

const shape = (random: Random): Shape =>
  plainShape(random, { directors: 2, others: 2, voters: ['dir1', 'dir2', 'rs1'] })

const play =
  (shared: boolean) =>
  (cluster: Cluster): string | null => {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    cluster.run(cluster.present.timing.leaseMs)
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    if (!group || !owner) return 'nobody answers before anything happened'
    cluster.machine(HOSTILE)?.kill()
    const impostor = new Impostor(cluster, shared)
    const lasts = LASTS * cluster.present.timing.leaseMs
    const end = cluster.schedule.now + lasts
    const speak = (): void => {
      impostor.say()
      if (cluster.schedule.now < end) cluster.schedule.in(1000 / PER_SECOND, speak)
    }
    speak()
    if (cluster.runUntil(() => cluster.ownerOf(group) !== owner, lasts, 5)) return `it ends what ${owner.label} holds`
    if (impostor.tried < LASTS) return `it tried ${impostor.tried} times only`
    return impostor.opened === 0 ? null : `${impostor.opened} of its datagrams were believed`
  }

export const IMPOSTOR: Plot = { name: 'a realserver that signs as others', shape, play: play(false) }
/** Where the key counts that all nodes share, it gets somewhere: what the other plot is worth. */
export const IMPOSTOR_WITH_SHARED_KEY: Plot = { ...IMPOSTOR, name: 'the same with a shared key', play: play(true) }
