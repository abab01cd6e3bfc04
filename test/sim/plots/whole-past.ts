/** What whole nodes say about the past, under each kind of trouble: it was so then, on every node that was there. */
import { draftOf, shapeFrom } from '../nodes/draft.ts'
import { Fleet } from '../nodes/fleet.ts'
import { heal } from '../nodes/happenings.ts'
import { PastLaw } from '../nodes/past-law.ts'
import type { Plot } from '../plot.ts'
import { KNOWN_MS, moved, TROUBLES } from './whole-head.ts'

const TIMES = 2
/** In which it lasts, and in which it is over. */
const LASTS_MS = 15_000
const QUESTIONS = 20

export const WHOLE_PAST: Plot = {
  name: 'whole: what is said about the past',
  shape(random) {
    const draft = draftOf(random)
    return shapeFrom([draft, moved(draft)], random)
  },
  play(cluster) {
    const fleet = new Fleet(cluster)
    const law = new PastLaw(fleet, KNOWN_MS + LASTS_MS)
    fleet.start()
    law.begin()
    const asleep = fleet.settles('after the start')
    if (asleep !== null) return asleep
    for (let left = TIMES; left > 0; left--) {
      const began = cluster.schedule.now - LASTS_MS
      const name = cluster.pick(Object.keys(TROUBLES))
      cluster.note(`trouble: ${name}`)
      TROUBLES[name]?.(fleet)
      cluster.run(LASTS_MS)
      heal(fleet)
      cluster.run(cluster.quarantineMs())
      const restless = fleet.settles(`after ${name}`)
      if (restless !== null) return restless
      law.ask(began, QUESTIONS)
    }
    return law.asked === 0 ? 'nobody said anything about the past' : null
  },
}
