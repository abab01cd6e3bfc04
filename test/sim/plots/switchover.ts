/** Planned moves: to whom the operator names, without a gap that a client would notice, or not at all. */
import type { Cluster } from '../cluster.ts'
import type { Machine } from '../machine.ts'
import { begin, type Plot } from '../plot.ts'
import { plainShape } from '../shape.ts'

/** Milliseconds in which nobody announces the address: calls of two kernels, and three ways through the network. */
const LONGEST_GAP_MS = 25

interface Move {
  readonly prepares?: (successor: Machine) => void
  /** Happens to the old owner as soon as the other one has it. */
  readonly afterwards?: (owner: Machine) => void
  readonly moves: boolean
}
const MOVES: Readonly<Record<string, Move>> = {
  'a planned move': { moves: true },
  'a planned move from who freezes as it drains': { moves: true, afterwards: ({ process }) => process?.freeze(1e9) },
  'a move to who is not ready': {
    prepares(successor) {
      successor.ready = false
      successor.sayReady()
    },
    moves: false,
  },
  'a move to who has stopped': { prepares: (successor) => successor.kill(), moves: false },
}

const plot = (name: string, { prepares, afterwards, moves }: Move): Plot => ({
  name,
  shape: (random) => plainShape(random, { directors: 3, others: 2 }),
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs, keepaliveMs } = cluster.present.timing
    cluster.run(2 * leaseMs)
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    // The least preferred one: nothing but the operator's word brings it there.
    const successor = cluster.machine(group?.directors.findLast((node) => node !== owner?.name) ?? '')
    if (!group || !owner || !successor) return 'nobody answers before anything happened'
    prepares?.(successor)
    cluster.run((1 + cluster.random.next()) * keepaliveMs)
    owner.put({ kind: 'switchover', group: group.name, to: successor.label, reason: 'asked to' })
    const holder = (): Machine | undefined => cluster.ownerOf(group)
    if (!moves) {
      const left = cluster.runUntil(() => holder() !== owner, 10 * keepaliveMs, keepaliveMs / 20)
      return left ? `${owner.label} leaves the group to nobody` : null
    }
    if (!cluster.runUntil(() => holder() !== owner, keepaliveMs / 2 + 10, 0.5)) return `${owner.label} stays`
    // A processor that was taken away with a frame in hand holds the move up.
    const heldMs = owner.kernel.graceOver(cluster.schedule.now) - cluster.schedule.now
    if (!cluster.runUntil(() => holder() !== undefined, heldMs + LONGEST_GAP_MS, 0.5)) return 'the move leaves a gap'
    afterwards?.(owner)
    return arrived(cluster, successor)
  },
})

function arrived(cluster: Cluster, successor: Machine): string | null {
  const { keepaliveMs } = cluster.present.timing
  const [group] = cluster.groups
  const held = (): boolean => group !== undefined && cluster.ownerOf(group) === successor
  if (!held()) return `it is not ${successor.label} that has it`
  const left = cluster.runUntil(() => !held(), 10 * keepaliveMs, keepaliveMs / 5)
  return left ? `${successor.label} does not keep it` : null
}

export const SWITCHOVERS: readonly Plot[] = Object.entries(MOVES).map(([name, move]) => plot(name, move))
