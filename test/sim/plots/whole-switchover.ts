/** Planned switchovers of whole nodes, with connections under way: no request is lost, and the operator is answered once. */
import { draftOf, shapeFrom, isDirector } from '../nodes/draft.ts'
import { Fleet } from '../nodes/fleet.ts'
import type { Plot } from '../plot.ts'

const WARM_MS = 4000
const ANSWER_MS = 12_500

const SWITCHOVER: Plot = {
  name: 'whole: a planned switchover with connections',
  shape: (random) => shapeFrom([draftOf(random)], random),
  play(cluster) {
    const fleet = new Fleet(cluster)
    fleet.start()
    const asleep = fleet.settles('after the start')
    if (asleep !== null) return asleep
    fleet.clients.begin()
    cluster.run(WARM_MS)
    // There and back: the second successor knows connections of its earlier reign.
    for (const time of ['first', 'second', 'third']) {
      const failure = switchOver(fleet)
      if (failure !== null) return `the ${time} time: ${failure}`
    }
    return fleet.settles('at the end') ?? verdict(fleet)
  },
}

function switchOver(fleet: Fleet): string | null {
  const { cluster, operators } = fleet
  const group = cluster.pick(cluster.groups)
  const owner = group && cluster.ownerOf(group)
  if (!group || !owner) return 'nobody answers'
  const others = group.directors.filter((name) => name !== owner.name)
  const to = cluster.random.next() < 0.5 ? { to: cluster.pick(others) } : {}
  // Only directors pass it on.
  const asked = cluster.pick(fleet.nodes.filter(({ name }) => isDirector(name))).name
  const id = operators.ask(asked, { verb: 'switchover', group: group.name, ...to })
  if (!cluster.runUntil(() => operators.waiting() === 0, ANSWER_MS, 20)) return 'the operator waits'
  const outcome = operators.outcomeOf(id)
  if (!outcome?.ok) return `it is refused: ${JSON.stringify(outcome)}`
  const successor = cluster.ownerOf(group)
  if (!successor || successor === owner || (to.to && successor.name !== to.to))
    return `${successor?.name ?? 'nobody'} owns ${group.name} after it`
  cluster.run(WARM_MS)
  return lostRequest(fleet)
}
function verdict(fleet: Fleet): string | null {
  fleet.clients.end()
  fleet.cluster.run(ANSWER_MS)
  if (fleet.clients.underWay > 0) return 'requests do not end'
  return lostRequest(fleet) ?? (fleet.clients.served === 0 ? 'nothing was requested' : null)
}
const lostRequest = ({ clients: { lost } }: Fleet): string | null =>
  lost.length > 0 ? `${lost.length} requests lost: ${lost[0]}` : null

export const WHOLE_SWITCHOVERS: readonly Plot[] = [SWITCHOVER]
