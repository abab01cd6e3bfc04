/**
 * Whole nodes that tell each other of connections, some of which last for many seconds: over planned moves and power cuts none ends
 * of which whoever owns the address now was told, and in planned moves none that is short.
 */
import { draftOf, shapeFrom } from '../nodes/draft.ts'
import { Fleet } from '../nodes/fleet.ts'
import type { Plot } from '../plot.ts'

const WARM_MS = 6000
const ANSWER_MS = 12_500
const TAKEN_MS = 5000
/** Twice a second at most, for up to half a minute. */
const LASTING = { everyMs: [200, 900], packets: [10, 40] } as const

export const WHOLE_SYNC: Plot = {
  name: 'whole: connections that last, over moves and power cuts',
  shape: (random) => shapeFrom([{ ...draftOf(random), sync: true }], random),
  play(cluster) {
    const fleet = new Fleet(cluster)
    fleet.start()
    const asleep = fleet.settles('after the start')
    if (asleep !== null) return asleep
    fleet.clients.lasting = LASTING
    fleet.clients.begin()
    cluster.run(WARM_MS)
    for (const [time, happens] of [moves, powerCut, moves].entries()) {
      const failure = happens(fleet)
      if (failure !== null) return `time ${time + 1}: ${failure}`
      cluster.run(WARM_MS)
      const [lost] = fleet.clients.lostThoughKnown
      if (lost !== undefined) return `a connection ended that the owner was told of: ${lost}`
    }
    fleet.clients.end()
    return fleet.clients.sync.survived === 0
      ? 'no connection outlived a change of its owner'
      : fleet.settles('at the end')
  },
}

function moves(fleet: Fleet): string | null {
  const { cluster, operators } = fleet
  const group = cluster.pick(cluster.groups)
  const owner = group && cluster.ownerOf(group)
  if (!group || !owner) return 'nobody answers'
  const id = operators.ask(owner.name, { verb: 'switchover', group: group.name })
  if (!cluster.runUntil(() => operators.waiting() === 0, ANSWER_MS, 20)) return 'the operator waits'
  const outcome = operators.outcomeOf(id)
  return outcome?.ok ? null : `it is refused: ${JSON.stringify(outcome)}`
}

function powerCut(fleet: Fleet): string | null {
  const { cluster } = fleet
  const group = cluster.pick(cluster.groups)
  const owner = group && cluster.ownerOf(group)
  if (!group || !owner) return 'nobody answers'
  owner.cutPower()
  const isTaken = (): boolean => ![undefined, owner].includes(cluster.ownerOf(group))
  if (!cluster.runUntil(isTaken, TAKEN_MS, 20)) return `nobody takes ${group.name}`
  cluster.run(WARM_MS)
  owner.start()
  fleet.node(owner.name).start()
  return fleet.settles('after the power cut')
}
