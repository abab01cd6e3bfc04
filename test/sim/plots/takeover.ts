/**
 * One fault of the owner, and nothing else: how long until somebody answers again. What a lease protects can change hands
 * when it has run out at the voters, one lease after the last renewal at the latest; then a candidate wins at once.
 */
import { type LeaseGroup } from '@lvsm/protocol'
import { DRIFT, type Timing } from '@lvsm/base'
import type { Cluster } from '../cluster.ts'
import type { Machine } from '../machine.ts'
import { begin, type Plot, settles } from '../plot.ts'
import { plainShape, withMany } from '../shape.ts'

interface Blow {
  readonly strike: (cluster: Cluster, owner: Machine) => void
  /** True milliseconds until somebody answers again. */
  readonly within: (timing: Timing) => number
  /** The node that was struck may be the one. */
  readonly byItself?: boolean
  /** Of several directors any may be the one: each counts its turn from when it last heard of the voters. */
  readonly anybody?: boolean
}

/** A lease, by the slowest clock; a renewal that was under way; turns of the candidates, datagrams, calls and alarms. */
const leaseEnds = ({ leaseMs, keepaliveMs }: Timing): number => leaseMs * (1 + 2 * DRIFT) + keepaliveMs + 10
/** The successor is told, and asks at once. */
const handOver = ({ keepaliveMs }: Timing): number => keepaliveMs / 4 + 10
/** Of many groups each takes its calls and its messages, one after the other. */
const MANY = 30
const EACH_MS = 3
const isolated = (cluster: Cluster, { label }: Machine): void =>
  void cluster.network.cut(({ from, to }) => from === label || to === label)

const BLOWS: Readonly<Record<string, Blow>> = {
  'power cut': { strike: (_cluster, owner) => owner.cutPower(), within: leaseEnds },
  kill: { strike: (_cluster, owner) => owner.kill(), within: leaseEnds },
  'kill and start': {
    strike(cluster, owner) {
      owner.kill()
      cluster.schedule.in(30, () => owner.start())
    },
    within: leaseEnds,
    byItself: true,
  },
  freeze: { strike: (cluster, owner) => owner.process?.freeze(10 * cluster.present.timing.leaseMs), within: leaseEnds },
  'held up in a renewal': {
    strike: (cluster, owner) => owner.process?.trip(10 * cluster.present.timing.leaseMs),
    // It has to come to its next renewal first.
    within: (timing) => leaseEnds(timing) + 2 * timing.keepaliveMs,
  },
  isolation: { strike: isolated, within: leaseEnds },
  deaf: {
    strike: (cluster, { label }) => void cluster.network.cut(({ to }) => to === label),
    within: leaseEnds,
    anybody: true,
  },
  mute: {
    strike: (cluster, { label }) => void cluster.network.cut(({ from }) => from === label),
    within: leaseEnds,
  },
  'kernel refuses all': {
    strike: (_cluster, { kernel }) => {
      kernel.faults.refusal = 1
    },
    within: (timing) => leaseEnds(timing) + 2 * timing.keepaliveMs,
  },
  'power cut, where kernels refuse the first call': {
    strike(cluster, owner) {
      owner.cutPower()
      for (const { kernel } of cluster.machines) kernel.faults.refuses = 1
    },
    within: leaseEnds,
  },
  standby: {
    strike: (_cluster, owner) => owner.put({ kind: 'standby', on: true, reason: 'maintenance' }),
    within: handOver,
  },
  stop: { strike: (_cluster, owner) => owner.put({ kind: 'stop', reason: 'asked to' }), within: handOver },
  'no carrier': {
    strike(_cluster, owner) {
      owner.interfaceDown = true
      owner.sayReady()
    },
    within: handOver,
  },
}

const plot = (name: string, { strike, within, byItself = false, anybody = false }: Blow): Plot => ({
  name: `takeover after ${name}`,
  shape(random) {
    const drawn = random.next()
    if (drawn < 0.1) return plainShape(random, { directors: 3, others: 4 })
    if (drawn < 0.15) return withMany(plainShape(random, { directors: 2, others: 1 }), MANY)
    const five = drawn < 0.6
    return plainShape(random, { directors: five ? 3 : 2, others: five ? 2 : 1 })
  },
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { timing } = cluster.present
    cluster.run(2 * timing.leaseMs + cluster.random.next() * 2 * timing.keepaliveMs)
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    if (!group || !owner) return 'nobody answers before anything happened'
    cluster.note(`${owner.label}: ${name}`)
    const struckAt = cluster.schedule.now
    strike(cluster, owner)
    const taken = (one: LeaseGroup): boolean => {
      const now = cluster.reachedOf(one)
      const left = byItself && cluster.schedule.now > struckAt + timing.leaseMs / 2
      return now !== undefined && (now !== owner || left)
    }
    const ms = within(timing) + (cluster.groups.length - 1) * EACH_MS
    const everywhere = (withinMs: number): boolean =>
      cluster.runUntil(() => cluster.groups.every(taken), withinMs, Math.max(1, timing.keepaliveMs / 50))
    // A processor that was taken away with a frame in hand holds up who gives up.
    if (!everywhere(ms) && !everywhere(owner.kernel.graceOver(struckAt) - struckAt))
      return `${name}: ${cluster.groups.find((one) => !taken(one))?.name} is not answered for ${ms.toFixed(0)} ms later`
    const successor = cluster.reachedOf(group)
    const [preferred] = group.directors.filter((node) => node !== owner.name)
    if (!anybody && successor !== owner && successor?.name !== preferred)
      return `${successor?.label} goes before ${preferred}`
    return settledBut(cluster, owner)
  },
})

/** Of the others at least, who can hear each other. */
function settledBut(cluster: Cluster, owner: Machine): string | null {
  owner.cutPower()
  cluster.machines.splice(cluster.machines.indexOf(owner), 1)
  return settles(cluster, 'after the takeover')
}

export const TAKEOVERS: readonly Plot[] = Object.entries(BLOWS).map(([name, blow]) => plot(name, blow))
