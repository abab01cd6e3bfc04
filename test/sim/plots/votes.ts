/** Rivals that cannot hear each other, and voters that are exchanged file by file. */
import { randomBetween } from '@lvsm/base'
import { heal } from '../chaos.ts'
import type { Cluster } from '../cluster.ts'
import type { Machine } from '../machine.ts'
import { begin, type Plot, settles } from '../plot.ts'
import { FAST, groupOf, plainShape, type Shape, timingOf, viewOf } from '../shape.ts'

const between =
  (one: string, other: string) =>
  (way: { readonly from: string; readonly to: string }): boolean =>
    (way.from === one && way.to === other) || (way.from === other && way.to === one)

/**
 * The owner dies, and two directors of one rank are left that hear the voters and not each other. Each is nearer to one
 * of these: at the first try the votes split. Four voters: half of them elect nobody (packages/lease/PROTOCOL.md 5.2).
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
    const { leaseMs, keepaliveMs } = cluster.present.timing
    const [group] = cluster.groups
    if (!group) return 'no group'
    cluster.machine('dir1')?.put({ kind: 'standby', on: true, reason: 'somebody else first' })
    for (let round = 0; round < 4; round++) {
      cluster.run(leaseMs + cluster.random.next() * keepaliveMs)
      const owner = cluster.ownerOf(group)
      cluster.note(`${owner?.label ?? 'nobody'} is frozen`)
      owner?.process?.freeze(4 * leaseMs + ROUNDS * keepaliveMs)
      cluster.machine('dir1')?.put({ kind: 'standby', on: round % 2 === 0, reason: 'in turn' })
      const taken = (): boolean => (cluster.ownerOf(group) ?? owner) !== owner
      if (!cluster.runUntil(taken, 1.1 * leaseMs + ROUNDS * keepaliveMs, keepaliveMs / 10))
        return 'the votes split for ever'
      cluster.run(4 * leaseMs + ROUNDS * keepaliveMs)
    }
    return null
  },
}
/** Keepalives for some attempts and their back-off. */
const ROUNDS = 12

/** Not everybody hears who it is. */
function owned(cluster: Cluster): string | null {
  const everything = (): boolean => cluster.groups.every((group) => cluster.ownerOf(group) !== undefined)
  const { leaseMs } = cluster.present.timing
  return cluster.runUntil(everything, 6000 + 3 * leaseMs, leaseMs / 10) ? null : 'nobody takes anything at the start'
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

/** A majority of the new voters may have none of those that granted the last lease: its number waits for epochs too. */
const forgetNumbers = (cluster: Cluster): void => {
  cluster.law.numbersCount = false
}

/**
 * One voter is replaced by another, file by file, and then the directors lose each other: never two owners. What needs
 * epochs is not asked yet: partitions before a node's new file, and restarts, by which it forgets what the others count.
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
    forgetNumbers(cluster)
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs } = cluster.present.timing
    const order = cluster.machines.toSorted(() => cluster.random.next() - 0.5)
    const most = 1 + Math.floor(cluster.random.next() * (order.length - 1))
    cluster.revision = 1
    for (const machine of order.slice(0, most)) {
      cluster.note(`${machine.label} has the new voters`)
      machine.adopt(1)
      // Time for its word to arrive.
      cluster.run(5 + randomBetween(cluster.random, 0, 1.5) * leaseMs)
    }
    cluster.note('dir1 and dir2 lose each other')
    const cut = cluster.network.cut(between('dir1', 'dir2'))
    cluster.run(8 * leaseMs)
    cut.end()
    heal(cluster)
    return settles(cluster, 'with one set of voters')
  },
}

const [OLD, NEW] = [
  ['dir1', 'dir2', 'rs1'],
  ['dir2', 'dir3', 'rs1'],
] as const
const groupAmong = (names: readonly string[]) =>
  groupOf(
    'web',
    names.filter((name) => name.startsWith('dir')),
    ['10.11.0.10'],
  )
const REPLACED: Shape = {
  name: 'a director replaced',
  nodes: ['dir1', 'dir2', 'dir3', 'rs1'],
  revisions: [{ groups: [groupAmong(['dir1', 'dir2', 'dir3'])], voters: OLD, timing: FAST }],
  links: 1,
  egress: true,
}

/**
 * A director that votes is replaced by a new machine: its files come one after the other, no link is cut, and nothing that
 * runs restarts. The new one and who has the new file are a majority of the new voters, while the owner has one of the old.
 */
const REPLACE: Plot = {
  name: 'a director that votes is replaced file by file',
  shape: (random) => ({ ...REPLACED, links: random.next() < 0.5 ? 1 : 2 }),
  play(cluster) {
    const at = (name: string): Machine => {
      const machine = cluster.machine(name)
      if (!machine) throw new Error(`no ${name}`)
      return machine
    }
    const give = (node: string, names: readonly string[], revision: number): void => {
      const file = viewOf(cluster.shape, node, 0)
      const nodes = names.map((name) => ({ name, links: [], voter: true }))
      cluster.note(`${node} has file ${revision}`)
      at(node).put({ kind: 'view', view: { ...file, revision, nodes, groups: [groupAmong(names)] } })
    }
    const pass = (leases: number): void => {
      for (let part = 0; part < 4; part++) {
        for (const name of ['dir1', 'dir2', 'dir3']) at(name).sayReady()
        cluster.run((leases / 4) * cluster.present.timing.leaseMs)
      }
    }
    forgetNumbers(cluster)
    // Files come as told here, and not whenever a machine starts.
    for (const name of cluster.shape.nodes) at(name).adopt = () => undefined
    for (const name of OLD) {
      at(name).start('none')
      give(name, OLD, 1)
    }
    pass(6)
    give('dir2', NEW, 2)
    at('dir3').start('none')
    give('dir3', NEW, 2)
    pass(8 + 8 * cluster.random.next())
    at('dir1').kill()
    give('rs1', NEW, 2)
    pass(20)
    const owns = ({ process, clock }: Machine): boolean =>
      process?.core.status(clock.read(cluster.schedule.now)).groups[0]?.role === 'owner'
    return cluster.machines.some(owns) ? null : 'with all files there nobody takes the group'
  },
}

export const VOTES: readonly Plot[] = [RIVALS, EXCHANGE, REPLACE]
