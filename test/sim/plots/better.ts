/** An owner that serves worse than a ready peer would hands over by a planned move, after three seconds and not before. */
import { BETTER_FOR_MS } from '../../../agent/lease/core/policy.ts'
import type { Cluster } from '../cluster.ts'
import { type Machine, PING_NODES } from '../machine.ts'
import { begin, type Plot, stays } from '../plot.ts'
import { plainShape } from '../shape.ts'

interface Worse {
  readonly befalls: (owner: Machine, others: readonly Machine[]) => void
  readonly moves: boolean
}
const unready = (machine: Machine): void => {
  machine.ready = false
  machine.sayReady()
}
const unreach = (machine: Machine): void => {
  machine.reaches = PING_NODES - 1
  machine.sayReady()
}
const WORSE: Readonly<Record<string, Worse>> = {
  'is not ready': { befalls: unready, moves: true },
  'reaches fewer ping nodes': { befalls: unreach, moves: true },
  'is as unready as the others': {
    befalls: (owner, others) => [owner, ...others].forEach(unready),
    moves: false,
  },
  'reaches as few ping nodes as the others': {
    befalls: (owner, others) => [owner, ...others].forEach(unreach),
    moves: false,
  },
}
/** The law's own number; the product's must be the same. */
const PATIENCE_MS = 3000

const plot = (name: string, { befalls, moves }: Worse): Plot => ({
  name: `better: the owner ${name}`,
  shape: (random) => plainShape(random, { directors: random.next() < 0.5 ? 2 : 3, others: 2 }),
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs, keepaliveMs } = cluster.present.timing
    cluster.run(2 * leaseMs + cluster.random.next() * keepaliveMs)
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    if (!group || !owner) return 'nobody answers before anything happened'
    cluster.note(`${owner.label} ${name}`)
    befalls(
      owner,
      cluster.machines.filter((machine) => machine !== owner),
    )
    const movedEarly = cluster.runUntil(() => cluster.ownerOf(group) !== owner, PATIENCE_MS - 50, keepaliveMs / 10)
    if (movedEarly) return `${owner.label} does not wait whether it is repaired`
    return moves ? handsOver(cluster, owner) : stays(cluster, 5000 / keepaliveMs + 10, `${owner.label} ${name}`)
  },
})

/** A peer's word may be a heartbeat old, and its answer to the offer be on the way. */
function handsOver(cluster: Cluster, owner: Machine): string | null {
  const { keepaliveMs } = cluster.present.timing
  const [group] = cluster.groups
  const successor = (): Machine | undefined => group && cluster.ownerOf(group)
  const moved = cluster.runUntil(() => (successor() ?? owner) !== owner, 3 * keepaliveMs + 100, keepaliveMs / 20)
  if (!moved) return `${owner.label} keeps what a peer would serve better`
  const planned = cluster.events.some(({ node, event }) => node === owner.label && event.kind === 'offered')
  return planned ? null : `${owner.label} did not ask its successor`
}

export const BETTER: readonly Plot[] = Object.entries(WORSE).map(([name, worse]) => plot(name, worse))
if (BETTER_FOR_MS !== PATIENCE_MS) throw new Error('the law and the product wait for another time')
