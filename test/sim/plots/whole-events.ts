/** Wall clocks that are set, agents, lease processes and machines that end: what is told of it is in the order of cause, on every node. */
import { randomBetween } from '@lvsm/base'
import { Chronicle } from '../nodes/chronicle.ts'
import { draftsOf, shapeFrom } from '../nodes/draft.ts'
import { Fleet } from '../nodes/fleet.ts'
import { CHECKS, type Happening, heal, PROCESSES, TALK } from '../nodes/happenings.ts'
import type { Plot } from '../plot.ts'

const EVERY_MS = [500, 4000] as const
const TIMES = 14
const STEPS_MS = [86_400_000, -86_400_000, 3_600_000, -3_600_000, 5000, -5000]
/** What happened last was told to all. */
const TOLD_MS = 13_000

const { switchover, misspelt: _, relaysLost: _lost, ...talk } = TALK
const HAPPENINGS: readonly Happening[] = [
  ...Object.values(PROCESSES),
  ...Object.values(CHECKS),
  ...Object.values(talk),
  ...[switchover, switchover, switchover].flatMap((one) => one ?? []),
]

export const WHOLE_EVENTS: Plot = {
  name: 'whole: wall clocks are set, and processes end',
  shape: (random) => shapeFrom(draftsOf(random, 0), random),
  play(cluster) {
    const fleet = new Fleet(cluster)
    const chronicle = new Chronicle(fleet)
    const stepped: Happening = () => {
      const node = cluster.pick(fleet.nodes.filter(({ agent }) => agent !== null))
      const ms = cluster.pick(STEPS_MS)
      cluster.note(`somebody sets the clock of ${node.name} by ${ms} ms`)
      node.wallAheadMs += ms
      chronicle.stepped(node.name)
      // It is seen by an agent that looks: one that ends before knows only that its clock is where it is.
      node.agent?.put({ kind: 'wake' })
      cluster.run(50)
    }
    cluster.pick(fleet.nodes).wallAheadMs += cluster.pick(STEPS_MS)
    fleet.start()
    const asleep = fleet.settles('after the start')
    if (asleep !== null) return asleep
    for (let left = TIMES; left > 0; left--) {
      cluster.run(randomBetween(cluster.random, ...EVERY_MS))
      cluster.pick([stepped, cluster.pick(HAPPENINGS)])(fleet)
    }
    heal(fleet)
    cluster.run(cluster.quarantineMs())
    const restless = fleet.settles('after the healing')
    if (restless !== null) return restless
    cluster.run(TOLD_MS)
    chronicle.judge()
    return chronicle.asked === 0 ? 'no law was put to the question' : null
  },
}
