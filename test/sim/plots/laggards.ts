/**
 * Some nodes do not hear of other voters until much later, and what they do meanwhile among themselves must not matter. Rows 1 and 2 of
 * section 7's timelines on section 8 (packages/lease/PROTOCOL.md).
 */
import type { Random } from '@lvsm/base'
import { QUICK } from '../../kit/disk.ts'
import { Board } from '../epochs/board.ts'
import type { Machine } from '../machine.ts'
import { begin, type Plot } from '../plot.ts'
import { FAST, groupOf, type Shape, timingOf, WAN } from '../shape.ts'
import { draw, mend, pick, shapeFor, stepMs } from './epochs.ts'

const DIRECTORS = ['dir1', 'dir2', 'dir3'] as const
const NODES = [...DIRECTORS, 'rs1', 'rs2']
const VOTERS: readonly string[] = DIRECTORS
const WEB = [groupOf('web', DIRECTORS, ['10.11.0.10'])]
const shape = (random: Random, timing = pick(random, [FAST, FAST, timingOf(200, 1000)])): Shape => ({
  ...shapeFor('laggards', random, [{ groups: WEB, voters: VOTERS, timing }]),
  nodes: NODES,
})

/** The network between the nodes of `one` side and all others; the coordinators are with the others. */
function part(board: Board, one: ReadonlySet<string>): { end(): void } {
  const { cluster } = board
  cluster.note(`${[...one].join(' ')} hear nobody else, and no coordinators`)
  for (const machine of cluster.machines) board.follower(machine).isCutOff = one.has(machine.name)
  return cluster.network.cut(({ from, to }) => one.has(from) !== one.has(to))
}

/** `one` hears no coordinators, and of the nodes only `other`, which hears everybody. */
function bridge(board: Board, one: Machine, other: Machine): { end(): void } {
  const { cluster } = board
  cluster.note(`${one.name} hears ${other.name} alone`)
  board.follower(one).isCutOff = true
  const third = ({ name }: Machine): boolean => name !== one.name && name !== other.name
  const others = new Set(cluster.machines.filter(third).map(({ name }) => name))
  return cluster.network.cut(
    ({ from, to }) => (from === one.name && others.has(to)) || (to === one.name && others.has(from)),
  )
}

/** Row 1: two of three voters miss a change, and renew the owner among them in the old epoch for as long as they like. */
const HALVES: Plot = {
  name: 'a majority of the voters misses a change',
  shape: (random) => shape(random, pick(random, [FAST, timingOf(200, 1000), WAN])),
  play(cluster) {
    const { random } = cluster
    const board = new Board(cluster)
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    if (!owner) return 'nobody owns the group'
    const others = VOTERS.filter((name) => name !== owner.name)
    const mate = pick(random, others)
    const third = others.find((name) => name !== mate) ?? ''
    const spare = NODES.filter((name) => !VOTERS.includes(name))
    const cut = part(board, new Set(random.next() < 0.8 ? [owner.name, mate] : [owner.name]))
    const gone = pick(random, [mate, owner.name])
    const kept = VOTERS.filter((name) => name !== gone)
    // Whoever counts the votes of the new ones has a majority without the two.
    board.wish(kept, [...kept, pick(random, spare)], [third, ...spare], spare)
    cluster.run(draw(cluster, 1, 3) * stepMs(cluster))
    if (random.next() < 0.5) owner.kill()
    cluster.run(stepMs(cluster))
    cut.end()
    board.heal()
    return mend(cluster, board)
  },
}

type Blow = (board: Board, voter: Machine) => void
/** What becomes of a voter right after it has said that it acts on the new epoch. */
const BLOWS: readonly Blow[] = [
  () => undefined,
  (_, voter) => voter.kill(),
  (_, voter) => voter.cutPower(),
  (_, voter) => {
    voter.kill()
    voter.forget()
  },
]

/**
 * Row 2: one voter says that it acts on the new epoch, starts anew, and is with the laggard from then on. What it said must be true
 * of whatever it finds on its disk, and whatever its agent has.
 */
const RETURNS: Plot = {
  name: 'a voter starts anew among laggards',
  shape: (random) => shape(random),
  play(cluster) {
    const { random } = cluster
    const board = new Board(cluster)
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    if (!owner) return 'nobody owns the group'
    const others = VOTERS.filter((name) => name !== owner.name)
    const voter = board.at(pick(random, others))
    const old = board.committee.newest
    const alone = random.next() < 0.5 ? part(board, new Set([owner.name])) : bridge(board, owner, voter)
    const gone = pick(random, [owner.name, voter.name])
    const kept = VOTERS.filter((name) => name !== gone)
    voter.disk.faults = pick(random, [
      { ...QUICK },
      { full: false, tookMs: [50, 4000], stuck: 0.5 },
      { ...QUICK, full: true },
    ])
    board.wish(kept, [...kept, 'rs1'])
    const reports = (): boolean => (voter.process?.core.view()?.epoch ?? 1) > 1
    cluster.runUntil(reports, stepMs(cluster), 5)
    cluster.run(draw(cluster, 0, 1000))
    pick(random, BLOWS)(board, voter)
    alone.end()
    const both = part(board, new Set([owner.name, voter.name]))
    const follower = board.follower(voter)
    if (random.next() < 0.5) {
      cluster.note(`the agent of ${voter.name} has an old backup`)
      Object.assign(follower, { kept: old, isCareless: true })
      if (random.next() < 0.5) voter.disk.view = board.committee.viewOf(voter.name, old)
      follower.take(old)
    }
    cluster.schedule.in(draw(cluster, 1, 200), () => voter.start())
    cluster.run(2 * stepMs(cluster) + cluster.quarantineMs() * (voter.disk.state ? 0 : 1))
    cluster.run(cluster.quarantineMs())
    cluster.run(stepMs(cluster))
    both.end()
    board.heal()
    return mend(cluster, board)
  },
}

/** Of those who granted the last lease none is among those who grant the next, two epochs later. */
const NUMBERS: Plot = {
  name: 'a lease is granted by none of those before',
  shape: (random) => shape(random),
  play(cluster) {
    const { random } = cluster
    const board = new Board(cluster)
    const silent = pick(random, VOTERS)
    const deaf = cluster.network.cut(({ from, to }) => from === silent || to === silent)
    for (const machine of cluster.machines) machine.start()
    cluster.run(draw(cluster, 2, 6) * 1000)
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    if (!owner) return 'nobody owns the group'
    const mate = VOTERS.find((name) => name !== silent && name !== owner.name) ?? ''
    const standBy = (on: boolean): void => {
      for (const name of [mate, silent]) board.at(name).put({ kind: 'standby', on, reason: 'asked to' })
    }
    standBy(true)
    owner.cutPower()
    cluster.run(2 * cluster.present.timing.leaseMs)
    deaf.end()
    board.wish([mate, silent], [mate, silent, 'rs2'])
    if (!cluster.runUntil(() => board.isDone && board.isSettled, 4 * stepMs(cluster), 100)) return 'it gets no further'
    const mute = cluster.network.cut(({ from, to }) => from === mate || to === mate)
    standBy(false)
    cluster.run(10 * cluster.present.timing.leaseMs)
    if (cluster.ownerOf(group) !== board.at(silent)) return 'nobody takes it again'
    mute.end()
    return mend(cluster, board)
  },
}

export const LAGGARDS: readonly Plot[] = [HALVES, RETURNS, NUMBERS]
