/** What kernels may do to an owner: lose the answer of a call, lose the fence's tables. */
import { type LeaseGroup } from '@lvsm/protocol'
import { type Random, randomBetween } from '@lvsm/base'
import { heal } from '../chaos.ts'
import type { Cluster } from '../cluster.ts'
import type { Machine } from '../machine.ts'
import { begin, type Plot, settles } from '../plot.ts'
import { groupOf, plainShape, type Shape } from '../shape.ts'

const shape = (random: Random): Shape => plainShape(random, { directors: 2, others: 1 })
const draw = (cluster: Cluster, low: number, high: number): number => randomBetween(cluster.random, low, high)

function owned(cluster: Cluster): Machine | undefined {
  const [group] = cluster.groups
  return group && cluster.ownerOf(group)
}

/**
 * An answer is lost, then the process is held up between the clock and the kernel, at worst until just before the fence
 * would close, and then it is killed: memory is short.
 */
const DENIED: Plot = {
  name: 'lost answers of the kernel',
  shape,
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs, keepaliveMs } = cluster.present.timing
    for (let round = 0; round < 3; round++) {
      const owner = owned(cluster)
      if (!owner) return 'nobody answers'
      const { kernel, process } = owner
      cluster.note(`answers of the kernel of ${owner.label} get lost`)
      kernel.faults.denial = 0.5
      if (cluster.random.next() < 0.5) process?.tripUntil(() => kernel.found.endOf('web', 'announce') - 1, true)
      else process?.trip(draw(cluster, 0.3, 1.2) * leaseMs)
      cluster.run(draw(cluster, 2, 6) * keepaliveMs + draw(cluster, 0.5, 1) * leaseMs)
      if (cluster.random.next() < 0.5) owner.kill()
      cluster.run(draw(cluster, 0.5, 1.5) * leaseMs)
      heal(cluster)
      const restless = settles(cluster, 'after the healing')
      if (restless !== null) return restless
    }
    return null
  },
}

/** Somebody flushes the tables of an owner that cannot act; another one takes over meanwhile. */
const FLUSHED: Plot = {
  name: 'a flush while nobody can act',
  shape,
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs } = cluster.present.timing
    cluster.run(draw(cluster, 1, 2) * leaseMs)
    const owner = owned(cluster)
    if (!owner) return 'nobody answers'
    if (cluster.random.next() < 0.5) owner.kill()
    else owner.process?.freeze(draw(cluster, 0.5, 3) * leaseMs)
    cluster.run(draw(cluster, 0, 1) * leaseMs)
    owner.kernel.flush()
    cluster.run(draw(cluster, 0.5, 3) * leaseMs)
    heal(cluster)
    return settles(cluster, 'after the healing')
  },
}

/** Where the process can act somebody answers again within a keepalive, behind a fence: the owner, or its successor. */
const RESTORED: Plot = {
  name: 'a flush under a healthy owner',
  shape,
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs, keepaliveMs } = cluster.present.timing
    cluster.run(draw(cluster, 1, 2) * leaseMs)
    for (let round = 0; round < 3; round++) {
      const owner = owned(cluster)
      if (!owner) return 'nobody answers'
      owner.kernel.flush()
      cluster.run(5)
      const guarded = (): boolean => (owned(cluster)?.kernel.now.known().size ?? 0) > 0
      if (!cluster.runUntil(guarded, keepaliveMs, 1)) return `the fence of ${owner.label} is not restored`
      cluster.run(draw(cluster, 0.2, 1) * leaseMs)
    }
    return null
  },
}

/** Somebody takes an address off: it is back at once. */
const TAKEN_OFF: Plot = {
  name: 'an address that a stranger takes off',
  shape,
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    cluster.run(draw(cluster, 1, 2) * cluster.present.timing.leaseMs)
    const owner = owned(cluster)
    const [group] = cluster.groups
    const [address] = group?.addresses ?? []
    if (!owner || !group || !address) return 'nobody answers'
    owner.kernel.takeOff(address.address)
    cluster.run(1)
    return cluster.runUntil(() => cluster.ownerOf(group) === owner, 10, 0.5) ? null : `${address.address} stays off`
  },
}

const WEB = groupOf('web', ['dir1', 'dir2'], ['10.11.0.10'])
const MAIL = groupOf('mail', ['dir1', 'dir2'], ['10.11.0.11'])
const twoRevisions = (random: Random, second: readonly LeaseGroup[]): Shape => {
  const drawn = shape(random)
  const [{ voters, timing }] = drawn.revisions
  return {
    ...drawn,
    revisions: [
      { groups: [WEB], voters, timing },
      { groups: second, voters, timing },
    ],
  }
}

/** The tables are replaced, with what is open carried over, while the process is held up in that very call. */
const CARRIED: Plot = {
  name: 'tables that are replaced late',
  shape: (random) => twoRevisions(random, [WEB, MAIL]),
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs, keepaliveMs } = cluster.present.timing
    for (let revision = 1; revision < 5; revision++) {
      cluster.run(leaseMs + draw(cluster, 0, 2) * keepaliveMs)
      const owner = owned(cluster)
      owner?.process?.trip(draw(cluster, 0.3, 1.5) * leaseMs)
      cluster.revision = revision % 2
      owner?.adopt(cluster.revision)
      cluster.run(1.6 * leaseMs)
      heal(cluster)
      const restless = settles(cluster, 'after the change')
      if (restless !== null) return restless
    }
    return null
  },
}

/** Its last start held an address that its present configuration does not know any more. */
const RETURNED: Plot = {
  name: 'an owner that comes back to another configuration',
  shape: (random) => twoRevisions(random, [MAIL]),
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    cluster.run(cluster.present.timing.leaseMs)
    const owner = owned(cluster)
    if (!owner) return 'nobody answers'
    owner.kill()
    cluster.revision = 1
    owner.revision = 1
    cluster.run(draw(cluster, 1, 50))
    owner.start('sound')
    cluster.run(cluster.present.timing.leaseMs)
    heal(cluster)
    return settles(cluster, 'with the other configuration')
  },
}

/** Groups go to and fro, and processes are held up again and again; the kernels have no egress hook. */
const HELD_UP: Plot = {
  name: 'hold-ups in planned moves',
  shape: (random) => ({ ...plainShape(random, { directors: 2, others: 1 }), egress: false }),
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs } = cluster.present.timing
    cluster.stalls = { probability: 0.03, longestMs: 1.5 * leaseMs, flush: 0.5 }
    for (let round = 0; round < 8; round++) {
      owned(cluster)?.put({ kind: 'switchover', group: 'web', to: null, reason: 'in turn' })
      cluster.run(draw(cluster, 0.5, 2) * leaseMs)
    }
    heal(cluster)
    cluster.run(2 * leaseMs)
    return settles(cluster, 'after the healing')
  },
}

export const KERNELS: readonly Plot[] = [DENIED, FLUSHED, RESTORED, TAKEN_OFF, CARRIED, RETURNED, HELD_UP]
