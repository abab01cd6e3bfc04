/** Rivals that cannot hear each other, and voters that are exchanged file by file. */
import { randomBetween } from '@lvsm/base'
import { heal } from '../chaos.ts'
import type { Cluster } from '../cluster.ts'
import { begin, type Plot, settles } from '../plot.ts'
import { FAST, groupOf, plainShape, type Shape, timingOf } from '../shape.ts'

const between =
  (one: string, other: string) =>
  (way: { readonly from: string; readonly to: string }): boolean =>
    (way.from === one && way.to === other) || (way.from === other && way.to === one)

/**
 * The owner dies, and two directors of one rank are left that hear the voters and not each other. Each is nearer to one
 * of these: at the first try the votes split. Four voters: half of them elect nobody (lease.md, row 14).
 */
const RIVALS: Plot = {
  name: 'rivals of one rank',
  shape: (random) => plainShape(random, { directors: 3, others: 3, voters: ['dir2', 'dir3', 'rs1', 'rs2'] }),
  play(cluster) {
    cluster.network.cut(between('dir2', 'dir3'))
    for (const [director, voter] of [
      ['dir2', 'rs2'],
      ['dir3', 'rs1'],
    ] as const)
      cluster.network.lag(({ from, to }) => from === director && to === voter, 5)
    const asleep = cluster.machines.map((machine) => machine.start()) && owned(cluster)
    if (asleep !== null) return asleep
    const { termMs, keepaliveMs } = cluster.present.timing
    const [group] = cluster.groups
    if (!group) return 'no group'
    cluster.machine('dir1')?.put({ kind: 'standby', on: true, reason: 'somebody else first' })
    for (let round = 0; round < 4; round++) {
      cluster.run(termMs + cluster.random.next() * keepaliveMs)
      const owner = cluster.ownerOf(group)
      cluster.note(`${owner?.label ?? 'nobody'} is frozen`)
      owner?.process?.freeze(4 * termMs + ROUNDS * keepaliveMs)
      cluster.machine('dir1')?.put({ kind: 'standby', on: round % 2 === 0, reason: 'in turn' })
      const taken = (): boolean => (cluster.ownerOf(group) ?? owner) !== owner
      if (!cluster.runUntil(taken, 1.1 * termMs + ROUNDS * keepaliveMs, keepaliveMs / 10))
        return 'the votes split for ever'
      cluster.run(4 * termMs + ROUNDS * keepaliveMs)
    }
    return null
  },
}
/** Keepalives for some attempts and their back-off. */
const ROUNDS = 12

/** Not everybody hears who it is. */
function owned(cluster: Cluster): string | null {
  const everything = (): boolean => cluster.groups.every((group) => cluster.ownerOf(group) !== undefined)
  const { termMs } = cluster.present.timing
  return cluster.runUntil(everything, 6000 + 3 * termMs, termMs / 10) ? null : 'nobody takes anything at the start'
}

const EXCHANGED: Shape = {
  name: 'voters exchanged',
  nodes: ['dir1', 'dir2', 'rs1', 'rs2'],
  revisions: [
    { groups: [groupOf('web', ['dir1', 'dir2'], ['10.11.0.10'])], voters: ['dir1', 'dir2', 'rs1'], timing: FAST },
    { groups: [groupOf('web', ['dir1', 'dir2'], ['10.11.0.10'])], voters: ['dir1', 'dir2', 'rs2'], timing: FAST },
  ],
  links: 1,
  egress: true,
}

/**
 * One voter is replaced by another, file by file, and then the directors lose each other: never two owners. What needs
 * epochs, partitions and restarts of any kind in such an exchange, is not asked yet.
 */
const EXCHANGE: Plot = {
  name: 'voters exchanged file by file',
  shape(random) {
    const timing = random.next() < 0.7 ? FAST : timingOf(200, 1000)
    const [first, second] = EXCHANGED.revisions
    const shape: Shape = {
      ...EXCHANGED,
      revisions: [first, ...(second ? [second] : [])],
      links: random.next() < 0.5 ? 1 : 2,
    }
    const [one, ...others] = shape.revisions.map((revision) => ({ ...revision, timing }))
    return one ? { ...shape, revisions: [one, ...others] } : shape
  },
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { termMs } = cluster.present.timing
    const order = cluster.machines.toSorted(() => cluster.random.next() - 0.5)
    const most = 1 + Math.floor(cluster.random.next() * (order.length - 1))
    cluster.revision = 1
    for (const machine of order.slice(0, most)) {
      cluster.note(`${machine.label} has the new voters`)
      machine.adopt(1)
      cluster.run(randomBetween(cluster.random, 0.1, 1.5) * termMs)
    }
    cluster.note('dir1 and dir2 lose each other')
    const cut = cluster.network.cut(between('dir1', 'dir2'))
    cluster.run(8 * termMs)
    cut.end()
    heal(cluster)
    return settles(cluster, 'with one set of voters')
  },
}

export const VOTES: readonly Plot[] = [RIVALS, EXCHANGE]
