/** Coordinators change the voters while everything runs: by epochs (packages/lease/PROTOCOL.md, section 8). */
import { type Random, quarantineMs, randomBetween } from '@lvsm/base'
import { QUICK, SLUGGISH } from '../../kit/disk.ts'
import { heal, unleash, unsteady } from '../chaos.ts'
import type { Cluster } from '../cluster.ts'
import { Board } from '../epochs/board.ts'
import { begin, type Plot, settles } from '../plot.ts'
import { FAST, groupOf, type Revision, type Shape, TIMINGS, timingOf } from '../shape.ts'

const DIRECTORS = ['dir1', 'dir2'] as const
const NODES = ['dir1', 'dir2', 'dir3', 'rs1', 'rs2']
const WEB = [groupOf('web', DIRECTORS, ['10.11.0.10'])] as const
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T
const shuffled = <T>(random: Random, list: readonly T[]): T[] =>
  list
    .map((item) => ({ item, at: random.next() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ item }) => item)

const shapeFor = (name: string, random: Random, revisions: readonly [Revision, ...Revision[]]): Shape => ({
  name,
  nodes: NODES,
  revisions,
  links: pick(random, [1, 2]),
  egress: true,
})
/** The longest that a step may take: views and disks, the waiting for others, and the wait between two epochs. */
const stepMs = ({ shape }: Cluster): number =>
  15_000 + 3 * quarantineMs(Math.max(...shape.revisions.map(({ timing }) => timing.leaseMs)))

/** Sets of voters that differ by more than one from each other, so that several steps lead from each to the next. */
const ROUNDS = [
  [['dir1'], ['dir1', 'dir2'], ['dir1', 'dir2', 'rs1']],
  [
    ['dir1', 'dir2', 'rs1'],
    ['rs1', 'rs2', 'dir3'],
    ['dir1', 'dir2', 'rs1'],
  ],
  [['dir1', 'dir2', 'rs1'], ['dir2', 'rs1'], ['rs1'], ['rs1', 'dir1', 'dir2', 'rs2', 'dir3']],
  [
    ['dir2', 'rs1', 'rs2'],
    ['dir1', 'rs1', 'rs2'],
  ],
] as const

/**
 * Nothing fails, but views and disks take their time: nobody loses a lease by other voters, however these come and go, the owner
 * among them. Lease durations change on the way.
 */
const GROW: Plot = {
  name: 'voters come and go, and nothing fails',
  shape(random) {
    const timing = pick(random, [FAST, FAST, timingOf(200, 1000)])
    const [first = ['dir1']] = pick(random, ROUNDS)
    const one: Revision = { groups: WEB, voters: first, timing }
    return shapeFor('voters come and go', random, [one, { ...one, timing: timingOf(100, 500) }])
  },
  play(cluster) {
    const { random } = cluster
    const [first, ...wishes] = pick(
      random,
      ROUNDS.filter(([voters]) => String(voters) === String(cluster.present.voters)),
    )
    const board = new Board(cluster)
    for (const { disk } of cluster.machines) disk.faults = random.next() < 0.5 ? { ...SLUGGISH } : { ...QUICK }
    const asleep = begin(cluster)
    if (asleep !== null || first === undefined) return asleep
    const takes = (): number => cluster.events.filter(({ event: { kind } }) => kind === 'took').length
    const before = takes()
    for (const follower of board.followers) follower.slownessMs = [1, 3000]
    if (random.next() < 0.5)
      startAnew(
        board,
        wishes[0]?.find((name) => !first.some((one) => one === name)),
      )
    board.wish(...wishes)
    if (random.next() < 0.5) {
      cluster.run(random.next() * stepMs(cluster))
      cluster.revision = 1
      board.committee.configure(cluster.present)
    }
    if (!cluster.runUntil(() => board.isDone && board.isSettled, 10 * stepMs(cluster), 500))
      return `it gets no further than epoch ${board.committee.newest.epoch}`
    cluster.run(4 * cluster.present.timing.leaseMs)
    const [lost] = cluster.events.filter(({ event: { kind } }) => kind === 'lost' || kind === 'gave-up')
    if (lost || takes() > before) return `a lease was lost: ${lost?.event.reason ?? 'somebody took the group'}`
    return settles(cluster, 'with the last voters', 4)
  },
}

const VOTING = ['dir1', 'dir2', 'dir3']

/** Who is about to vote has just started, perhaps without its state: its vote is silent for a while. */
function startAnew({ cluster, at }: Board, name: string | undefined): void {
  const machine = name === undefined ? undefined : at(name)
  if (!machine || cluster.ownerOf(cluster.groups[0] ?? WEB[0]) === machine) return
  machine.kill()
  if (cluster.random.next() < 0.5) machine.forget()
  cluster.schedule.in(cluster.random.next() * 1000, () => machine.start())
}

/** A director that votes dies for good, and is replaced; then the owner dies. What the dead one said last keeps nobody from taking over. */
const REPLACED: Plot = {
  name: 'a dead voter is replaced, and then the owner dies',
  shape: (random) =>
    shapeFor('a dead voter', random, [
      {
        groups: [groupOf('web', VOTING, ['10.11.0.10'])],
        voters: VOTING,
        timing: pick(random, TIMINGS.slice(0, 4)),
      },
    ]),
  play(cluster) {
    const board = new Board(cluster)
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs, keepaliveMs } = cluster.present.timing
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    if (!group || !owner) return 'nobody owns the group'
    const dead = pick(
      cluster.random,
      VOTING.filter((name) => name !== owner.name),
    )
    board.at(dead).cutPower()
    cluster.run(cluster.random.next() * 2 * leaseMs)
    const left = VOTING.filter((name) => name !== dead)
    board.wish(left, [...left, 'rs2'])
    if (!cluster.runUntil(() => board.isDone && board.isSettled, 5 * stepMs(cluster), 500)) return 'it is not replaced'
    if (cluster.ownerOf(group) !== owner) return 'the group moved'
    owner.cutPower()
    const other = board.at(left.find((name) => name !== owner.name) ?? '')
    const taken = (): boolean => cluster.ownerOf(group) === other
    return cluster.runUntil(taken, 2 * leaseMs + 4 * keepaliveMs, keepaliveMs / 4) ? null : 'nobody takes over'
  },
}

const CHAOS_KEEPALIVES = 60
const WISHES = 12
const STOP_MS = 2100

const web = (...addresses: string[]) => groupOf('web', DIRECTORS, addresses)
const mail = (...addresses: string[]) => groupOf('mail', DIRECTORS.toReversed(), addresses)

/** Everything fails that can, while voters, lease durations and lists of addresses change. */
const CHAOS: Plot = {
  name: 'voters come and go, and everything fails',
  shape(random) {
    const timing = pick(random, [FAST, FAST, timingOf(50, 250), timingOf(200, 1000)])
    const voters = pick(random, [['dir1', 'dir2', 'rs1'], ['rs1', 'rs2', 'dir3'], ['dir1'], NODES])
    const one: Revision = { groups: [web('10.11.0.10', '10.11.0.11'), mail('10.11.0.12')], voters, timing }
    const other: Revision = { ...one, groups: [web('10.11.0.10'), mail('10.11.0.11', '10.11.0.12')] }
    return shapeFor('voters in chaos', random, [one, other, { ...one, timing: pick(random, TIMINGS.slice(0, 4)) }])
  },
  play(cluster) {
    const { random } = cluster
    const board = new Board(cluster)
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    unsteady(cluster)
    for (let wishes = 0; wishes < WISHES; wishes++) disturb(cluster, board, wishes)
    const { keepaliveMs } = cluster.present.timing
    for (let part = 0; part < 4; part++) {
      unleash(cluster, CHAOS_KEEPALIVES / 4)
      cluster.run(random.next() * 20 * keepaliveMs)
      board.committee.configure(cluster.present)
    }
    return mend(cluster, board)
  },
}

/** Somebody wants other voters; some nodes hear of it late, or out of order, or much later. */
function disturb(cluster: Cluster, board: Board, place: number): void {
  const { random } = cluster
  const { keepaliveMs } = cluster.present.timing
  const lasts = CHAOS_KEEPALIVES * 2 * keepaliveMs
  cluster.afflictions.later((place / WISHES) * lasts, () => {
    board.wish(shuffled(random, NODES).slice(0, 1 + Math.floor(random.next() * 5)))
    for (const follower of board.followers) {
      follower.slownessMs = pick(random, [
        [1, 20],
        [1, 500],
        [1, 5000],
      ] as const)
      follower.isCutOff = random.next() < 0.2
      follower.isCareless = random.next() < 0.2
    }
    if (random.next() < 0.2) board.committee.newLeader()
  })
}

/** All is well again: one owner of each group, and all act on the newest epoch. */
export function mend(cluster: Cluster, board: Board): string | null {
  board.wish()
  board.heal()
  heal(cluster)
  const heldUntil = Math.max(...cluster.machines.map(({ process }) => process?.heldUntil ?? 0))
  cluster.run(Math.max(0, heldUntil - cluster.schedule.now))
  cluster.run(STOP_MS)
  heal(cluster)
  cluster.run(cluster.quarantineMs())
  if (!cluster.runUntil(() => board.isSettled, stepMs(cluster), 100)) return 'not all act on the newest epoch'
  return settles(cluster, 'after the healing')
}

export const EPOCHS: readonly Plot[] = [GROW, REPLACED, CHAOS]
export { pick, shuffled, WEB, NODES, shapeFor, stepMs }
export const draw = (cluster: Cluster, low: number, high: number): number => randomBetween(cluster.random, low, high)
