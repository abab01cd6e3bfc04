/** Whole nodes under one kind of trouble, or all of them: the laws hold all the time, and after the healing everything settles. */
import { randomBetween } from '@lvsm/base'
import { draftsOf, shapeFrom } from '../nodes/draft.ts'
import { Fleet } from '../nodes/fleet.ts'
import {
  CHECKS,
  DRIFT,
  type Happening,
  heal,
  LINKS,
  PROCESSES,
  reconfigure,
  STRANGERS,
  TALK,
} from '../nodes/happenings.ts'
import { WANTS } from '../nodes/wants.ts'
import type { Plot } from '../plot.ts'

const EVERY_MS = [100, 2500] as const
/** A server that has recovered, and commands that were asked as the faults ended. */
const QUIET_MS = 2000
const LONGEST_COMMAND_MS = 25_000

interface Trouble {
  readonly name: string
  readonly happenings: readonly Happening[]
  readonly changes?: number
  readonly times?: number
}
const all = (...tables: readonly Readonly<Record<string, Happening>>[]): Happening[] => tables.flatMap(Object.values)

const TROUBLES: readonly Trouble[] = [
  { name: 'failed and recovered checks', happenings: all(CHECKS) },
  { name: 'configuration changes', happenings: [reconfigure], changes: 6 },
  { name: 'drift and strangers', happenings: all(DRIFT, STRANGERS) },
  { name: 'processes that end', happenings: all(PROCESSES) },
  { name: 'commands and bad talk', happenings: all(TALK) },
  { name: 'links that fail', happenings: LINKS },
  { name: 'what operators want for a while', happenings: all(WANTS, CHECKS), times: 20 },
  {
    name: 'chance',
    happenings: [
      ...all(CHECKS, DRIFT, STRANGERS, PROCESSES, TALK, WANTS),
      ...LINKS,
      reconfigure,
      reconfigure,
      reconfigure,
    ],
    changes: 4,
    times: 20,
  },
]

const plot = ({ name, happenings, changes = 0, times = 8 }: Trouble): Plot => ({
  name: `whole: ${name}`,
  shape: (random) => shapeFrom(draftsOf(random, changes), random),
  play(cluster) {
    const fleet = new Fleet(cluster)
    fleet.start()
    const asleep = fleet.settles('after the start')
    if (asleep !== null) return asleep
    fleet.clients.begin()
    for (let left = times; left > 0; left--) {
      cluster.run(randomBetween(cluster.random, ...EVERY_MS))
      cluster.pick(happenings)(fleet)
    }
    cluster.run(QUIET_MS)
    fleet.clients.end()
    heal(fleet)
    const waits = (): boolean => fleet.operators.waiting() > 0
    if (waits() && !cluster.runUntil(() => !waits(), LONGEST_COMMAND_MS, 100)) return 'an operator waits'
    heal(fleet)
    cluster.run(cluster.quarantineMs())
    const restless = fleet.settles('after the healing')
    return restless ?? (fleet.law.asked === 0 ? 'no law was put to the question' : null)
  },
})

export const WHOLE: readonly Plot[] = TROUBLES.map(plot)
