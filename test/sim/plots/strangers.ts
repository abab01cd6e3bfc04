/** Recordings, voters that lie, machines with one name: what comes from outside the protocol, or from within its keys. */
import { type Random, randomBetween } from '@lvsm/base'
import type { Envelope } from '../../../agent/lease/core/events.ts'
import type { Way } from '../../kit/network.ts'
import type { Cluster } from '../cluster.ts'
import type { Machine } from '../machine.ts'
import { begin, type Plot, settles } from '../plot.ts'
import { FAST, groupOf, LAB_SHAPE, plainShape, type Shape } from '../shape.ts'

const draw = (cluster: Cluster, low: number, high: number): number => randomBetween(cluster.random, low, high)
const MOST_RECORDED = 3000
const PER_SECOND = 260

/** Records what the network carries; gives what it has. */
function record(cluster: Cluster): readonly { readonly way: Way; readonly envelope: Envelope }[] {
  const recording: { way: Way; envelope: Envelope }[] = []
  cluster.network.taps.push((way, envelope) => {
    if (recording.length < MOST_RECORDED) recording.push({ way, envelope })
    return envelope
  })
  return recording
}

/** Without any key: datagrams of older starts, again and again, silence nobody. */
const REPLAYED: Plot = {
  name: 'recordings of older starts',
  shape: () => LAB_SHAPE,
  play(cluster) {
    const recording = record(cluster)
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    cluster.run(1500)
    const tapped = [...recording]
    for (let times = 0; times < 2; times++) {
      for (const machine of cluster.machines) machine.kill()
      cluster.run(20)
      for (const machine of cluster.machines) machine.start('sound')
      const again = settles(cluster, 'after the restarts')
      if (again !== null) return again
      cluster.run(500)
    }
    cluster.note(`${tapped.length} recorded datagrams come back`)
    const replay = (): void => {
      const one = cluster.pick(tapped)
      cluster.network.inject(one.way, one.envelope)
      cluster.schedule.in(1000 / PER_SECOND, replay)
    }
    replay()
    const [group] = cluster.groups
    if (!group) return 'no group'
    const owner = cluster.ownerOf(group)
    if (cluster.runUntil(() => cluster.ownerOf(group) !== owner, 3000, 5)) return 'recordings silence the owner'
    owner?.cutPower()
    const { leaseMs, keepaliveMs } = cluster.present.timing
    const taken = cluster.runUntil(() => cluster.ownerOf(group) !== undefined, leaseMs + 3 * keepaliveMs, 5)
    return taken ? null : 'recordings keep the other director away'
  },
}

/** Two voters lend for an hour, be it by mistake: the holder believes no more than it asked for. */
const GENEROUS: Plot = {
  name: 'voters that lend for an hour',
  shape: (random) => plainShape(random, { directors: 2, others: 1 }),
  play(cluster) {
    cluster.network.taps.push((_way, envelope) => {
      const { message } = envelope
      return message.kind === 'ack' ? { ...envelope, message: { ...message, grantMs: 3_600_000 } } : envelope
    })
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs, keepaliveMs } = cluster.present.timing
    cluster.run(leaseMs + draw(cluster, 0, 2) * keepaliveMs)
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    if (!owner) return 'nobody answers'
    cluster.network.cut(({ from, to }) => from === owner.label || to === owner.label)
    cluster.run(3 * leaseMs)
    return null
  },
}

/** One voter names a lease number near the end of all: the others' word is enough to go on. */
const FAR_NUMBER: Plot = {
  name: 'a voter that names a number out of reach',
  shape: (random) => plainShape(random, { directors: 2, others: 3, voters: ['rs1', 'rs2', 'rs3'] }),
  play(cluster) {
    cluster.network.taps.push(({ from }, envelope) => {
      const { message } = envelope
      const lies = from === 'rs2' && (message.kind === 'free' || message.kind === 'busy')
      return lies ? { ...envelope, message: { ...message, highWater: 2 ** 52 } } : envelope
    })
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs, keepaliveMs } = cluster.present.timing
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    cluster.run(leaseMs)
    owner?.cutPower()
    const taken = (): boolean => group !== undefined && (cluster.ownerOf(group) ?? owner) !== owner
    return cluster.runUntil(taken, 1.1 * leaseMs + 3 * keepaliveMs, keepaliveMs / 10) ? null : 'its word ends the group'
  },
}

/** A start's RELEASE is under way for so long that its node has started anew and holds the group again. */
const LATE_RELEASE: Plot = {
  name: 'a RELEASE that comes late',
  shape: (random) => plainShape(random, { directors: 2, others: 1 }),
  play(cluster) {
    const held: { way: Way; envelope: Envelope }[] = []
    cluster.network.taps.push((way, envelope) => {
      if (envelope.message.kind !== 'release' || cluster.random.next() < 0.3) return envelope
      held.push({ way, envelope })
      return null
    })
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs, keepaliveMs } = cluster.present.timing
    const [group] = cluster.groups
    if (!group) return 'no group'
    for (let round = 0; round < 3; round++) {
      cluster.run((1 + cluster.random.next()) * leaseMs)
      const owner = cluster.ownerOf(group)
      owner?.put({ kind: 'stop', reason: 'starts anew' })
      if (!cluster.runUntil(() => owner?.process === null, 3000, 5)) return 'a stop takes for ever'
      cluster.run(draw(cluster, 0, 20))
      owner?.start('sound')
      const again = settles(cluster, 'after the start')
      if (again !== null) return again
      cluster.run(draw(cluster, 0, 4) * keepaliveMs)
      for (const { way, envelope } of held.splice(0)) cluster.network.inject(way, envelope)
      cluster.run(draw(cluster, 0, 2) * leaseMs)
    }
    return null
  },
}

/**
 * A node with the key signs in the owner's name, from its own address: a RELEASE for each request that it saw. Were it
 * believed, the voters would lend what is lent.
 */
const FORGED: Plot = {
  name: 'a node that signs as another',
  shape: (random) => plainShape(random, { directors: 2, others: 2 }),
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    const forger = cluster.machines.at(-1)
    if (!group || !owner || !forger) return 'no owner, or nobody who forges'
    const successor = group.directors.find((name) => name !== owner.name) ?? null
    cluster.network.taps.push((way, envelope) => {
      const { message, sequence } = envelope
      if (message.kind !== 'request' || way.from !== owner.label || way.to === forger.label) return envelope
      const { group: name, digest, epoch } = message
      const release = { kind: 'release', group: name, digest, epoch, upTo: sequence + 1, successor } as const
      const forged = { ...envelope, sequence: sequence + 1, message: release, piggybacked: null }
      cluster.schedule.in(2, () => cluster.network.inject({ ...way, from: forger.label }, forged))
      return envelope
    })
    const { leaseMs } = cluster.present.timing
    return cluster.runUntil(() => cluster.ownerOf(group) !== owner, 20 * leaseMs, 5)
      ? 'a forged word moved the group'
      : null
  },
}

const TWINS: Shape = {
  name: 'two machines with one name',
  nodes: ['dir1', 'dir2', 'rs1', 'rs2', 'rs3'],
  revisions: [
    { groups: [groupOf('web', ['dir1', 'dir2'], ['10.11.0.10'])], voters: ['rs1', 'rs2', 'rs3'], timing: FAST },
  ],
  links: 1,
  egress: true,
}
/** Of two that speak under one name a switch may let one be heard seldom. */
const NOTICED_DEADTIMES = 20

const sees = ({ schedule }: Cluster, { process, clock }: Machine): boolean =>
  process?.core.status(clock.read(schedule.now)).troubles.some(({ code }) => code === 'cloned-node') ?? false

/** A cloned director that votes for nothing: no vote is lent to both of them, and the others say so. */
const CLONED: Plot = {
  name: 'two machines with one name',
  shape: (random: Random) => ({ ...TWINS, links: random.next() < 0.5 ? 1 : 2 }),
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs, deadtimeMs } = cluster.present.timing
    const twin = cluster.clone('dir1')
    cluster.run(draw(cluster, 0, 2) * leaseMs)
    twin.start('sound')
    const told = (): boolean => cluster.machines.some((machine) => sees(cluster, machine))
    if (!cluster.runUntil(told, NOTICED_DEADTIMES * deadtimeMs, 50)) return 'nobody notices two machines with one name'
    for (let round = 0; round < 4; round++) {
      const [group] = cluster.groups
      const owner = group && cluster.ownerOf(group)
      if (cluster.random.next() < 0.5) owner?.process?.freeze(draw(cluster, 0.5, 2) * leaseMs)
      else owner?.put({ kind: 'switchover', group: 'web', to: null, reason: 'asked to' })
      cluster.run(draw(cluster, 0.5, 3) * leaseMs)
    }
    return null
  },
}

const VOTING_TWINS: Shape = {
  ...TWINS,
  name: 'two machines are one voter',
  nodes: ['dir1', 'dir2', 'rs1'],
  revisions: [
    { groups: [groupOf('web', ['dir1', 'dir2'], ['10.11.0.10'])], voters: ['dir1', 'dir2', 'rs1'], timing: FAST },
  ],
}

/**
 * A cloned director that votes: each copy lends the one vote to itself, or to somebody else. Once both have been heard the
 * others lend them nothing, and count neither's vote; restarts, by which they forget that, are not asked. Of one to which the switch
 * never brings a frame nobody can know: that is a limit, and no part of this.
 */
const CLONED_VOTER: Plot = {
  name: 'two machines are one voter',
  shape: () => VOTING_TWINS,
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const twin = cluster.clone('dir1')
    twin.disk.state = { limitMs: cluster.present.timing.leaseMs, highWater: 1000, standby: false }
    twin.start('sound')
    const { deadtimeMs } = cluster.present.timing
    const others = cluster.machines.filter(({ name }) => name !== 'dir1')
    const noticed = (): boolean => others.every((machine) => sees(cluster, machine))
    if (!cluster.runUntil(noticed, 2 * NOTICED_DEADTIMES * deadtimeMs, 50)) return null
    for (let times = 0; times < 4; times++) {
      const [group] = cluster.groups
      const owner = group && cluster.ownerOf(group)
      for (const on of [true, false]) {
        owner?.put({ kind: 'standby', on, reason: 'asked to' })
        cluster.run(1500)
      }
    }
    return null
  },
}

export const STRANGERS: readonly Plot[] = [REPLAYED, GENEROUS, FAR_NUMBER, LATE_RELEASE, FORGED, CLONED, CLONED_VOTER]
