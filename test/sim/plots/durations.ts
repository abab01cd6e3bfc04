/**
 * The lease duration changes during life, file by file, with restarts in between; and voters lose what they knew of it. A
 * voter that starts anew must be silent for the longest lease that it may have lent, whatever it can still read.
 */
import { type Random, randomBetween } from '@lvsm/base'
import { SLUGGISH } from '../../kit/disk.ts'
import { heal } from '../chaos.ts'
import type { Cluster } from '../cluster.ts'
import type { Machine } from '../machine.ts'
import { begin, type Plot, settles, stays } from '../plot.ts'
import { FAST, plainShape, type Shape, TIMINGS, WAN } from '../shape.ts'

const SOON_MS = 100
const chance = (cluster: Cluster, share: number): boolean => cluster.random.next() < share
const draw = (cluster: Cluster, low: number, high: number): number => randomBetween(cluster.random, low, high)

function shape(random: Random): Shape {
  const five = random.next() < 0.4
  const drawn = plainShape(random, { directors: five ? 3 : 2, others: five ? 2 : 1 })
  const [first] = drawn.revisions
  const others = TIMINGS.filter(({ leaseMs }) => leaseMs !== first.timing.leaseMs)
  const timing = others[Math.floor(random.next() * others.length)] ?? first.timing
  return { ...drawn, revisions: [first, { ...first, timing }] }
}

function restart(cluster: Cluster, machine: Machine): void {
  machine.kill()
  cluster.afflictions.later(draw(cluster, 1, SOON_MS), () => machine.start())
}

/** The owner is out of reach, with the lease that it has, while the others do what they do. */
function isolate(cluster: Cluster, machine: Machine, ms: number): void {
  const { label } = machine
  const spell = cluster.network.cut(({ from, to }) => from === label || to === label)
  cluster.note(`${label} is cut off`)
  cluster.afflictions.begin(`${label} is cut off`, ms, spell.end)
}

/** A new duration reaches the nodes in any order; most of them start anew some time after. */
function change(cluster: Cluster, revision: number): string | null {
  const leaseMs = Math.max(...cluster.shape.revisions.map(({ timing }) => timing.leaseMs))
  const [group] = cluster.groups
  const owner = group && cluster.ownerOf(group)
  const full = chance(cluster, 0.3)
  for (const { disk } of cluster.machines) disk.faults = chance(cluster, 0.5) ? { ...SLUGGISH, full } : disk.faults
  cluster.revision = revision
  cluster.note(`the lease takes ${cluster.present.timing.leaseMs} ms${full ? ', disks are full' : ''}`)
  for (const machine of cluster.machines) learn(cluster, machine, chance(cluster, machine === owner ? 0.5 : 1), leaseMs)
  if (owner && chance(cluster, 0.7))
    cluster.afflictions.later(draw(cluster, 0, 1.2) * leaseMs, () => isolate(cluster, owner, 1.5 * leaseMs))
  for (const machine of cluster.machines)
    if (machine !== owner && chance(cluster, 0.7))
      cluster.afflictions.later(draw(cluster, 0, 1.5) * leaseMs, () => restart(cluster, machine))
  cluster.run(2.7 * leaseMs)
  heal(cluster)
  return settles(cluster, 'after the change')
}
function learn(cluster: Cluster, machine: Machine, early: boolean, leaseMs: number): void {
  const { revision } = cluster
  cluster.afflictions.later(draw(cluster, 0, early ? 0.5 : 2) * leaseMs, () => {
    cluster.note(`${machine.label} hears of it`)
    machine.adopt(revision)
    if (early && chance(cluster, 0.3))
      cluster.afflictions.later(draw(cluster, 0, SOON_MS), () => restart(cluster, machine))
  })
}

const RETIME: Plot = {
  name: 'another lease duration',
  shape,
  play: (cluster) => begin(cluster) ?? change(cluster, 1) ?? change(cluster, 0),
}

/** Everybody hears of a longer lease, and then the owner is cut off and all others start anew, before their disks have it. */
const LONGER: Plot = {
  name: 'a longer lease on slow disks',
  shape(random) {
    const drawn = plainShape(random, { directors: 2, others: 1 })
    const [first] = drawn.revisions
    return {
      ...drawn,
      revisions: [
        { ...first, timing: FAST },
        { ...first, timing: WAN },
      ],
    }
  },
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    cluster.run(draw(cluster, 1, 3) * FAST.leaseMs)
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    if (!owner) return 'nobody answers'
    const full = chance(cluster, 0.5)
    for (const { disk } of cluster.machines) disk.faults = { ...SLUGGISH, full, stuck: 1 }
    cluster.revision = 1
    for (const machine of cluster.machines) machine.adopt(1)
    cluster.run(draw(cluster, 1, 4) * WAN.keepaliveMs)
    isolate(cluster, owner, 1.5 * WAN.leaseMs)
    for (const machine of cluster.machines) if (machine !== owner) restart(cluster, machine)
    cluster.run(1.2 * WAN.leaseMs)
    heal(cluster)
    return settles(cluster, 'after the change')
  },
}

const LOST: Plot = {
  name: 'voters lose their disks',
  shape,
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs } = cluster.present.timing
    cluster.run(draw(cluster, 1, 3) * leaseMs)
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    if (owner) isolate(cluster, owner, 1.5 * leaseMs)
    for (const machine of cluster.machines) {
      if (machine === owner || chance(cluster, 0.3)) continue
      machine.kill()
      machine.forget()
      cluster.afflictions.later(draw(cluster, 1, SOON_MS), () => machine.start())
    }
    cluster.run(2 * leaseMs)
    heal(cluster)
    cluster.run(cluster.quarantineMs())
    return settles(cluster, 'after the silence')
  },
}

/** A minority forgets: nobody has to wait for its silence. */
const FORGETFUL: Plot = {
  name: 'one voter loses its disk',
  shape,
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    const voter = cluster.pick(cluster.machines.filter((machine) => machine !== owner))
    voter.kill()
    voter.forget()
    voter.start('sound')
    cluster.run(2 * cluster.present.timing.leaseMs)
    return stays(cluster, 10, 'with one voter that is silent')
  },
}

export const DURATIONS: readonly Plot[] = [RETIME, LONGER, LOST, FORGETFUL]
