/** All plots, and which one a seed of a soak lives. */
import { seededRandom } from '@lvsm/base'
import type { Plot } from './plot.ts'
import { BETTER } from './plots/better.ts'
import { CHANCE } from './plots/chance.ts'
import { BEYOND, DRIFTS } from './plots/drift.ts'
import { DURATIONS } from './plots/durations.ts'
import { HOSTILES } from './plots/hostile.ts'
import { IMPOSTOR } from './plots/impostor.ts'
import { KERNELS } from './plots/kernels.ts'
import { STANDBYS } from './plots/standby.ts'
import { STEADFAST } from './plots/steadfast.ts'
import { STRANGERS } from './plots/strangers.ts'
import { SWITCHOVERS } from './plots/switchover.ts'
import { TAKEOVERS } from './plots/takeover.ts'
import { EPOCHS } from './plots/epochs.ts'
import { LAGGARDS } from './plots/laggards.ts'
import { VOTES } from './plots/votes.ts'
import { WHOLE } from './plots/whole.ts'
import { WHOLE_EVENTS } from './plots/whole-events.ts'
import { WHOLE_SYNC } from './plots/whole-sync.ts'
import { WHOLE_HEAD } from './plots/whole-head.ts'
import { WHOLE_PAST } from './plots/whole-past.ts'
import { WHOLE_WANTED } from './plots/whole-wanted.ts'
import { WHOLE_SWITCHOVERS } from './plots/whole-switchover.ts'

export { CHANCE }
/** Each with one kind of trouble. */
export const STORIES: readonly Plot[] = [
  ...TAKEOVERS,
  ...STEADFAST,
  ...BETTER,
  ...DURATIONS,
  ...KERNELS,
  ...DRIFTS,
  ...VOTES,
  ...EPOCHS,
  ...LAGGARDS,
  ...STRANGERS,
  ...HOSTILES,
  IMPOSTOR,
  ...STANDBYS,
  ...SWITCHOVERS,
  ...WHOLE_SWITCHOVERS,
  ...WHOLE,
  ...WHOLE_WANTED,
  WHOLE_EVENTS,
  WHOLE_HEAD,
  WHOLE_PAST,
  WHOLE_SYNC,
]
const CHANCE_SHARE = 0.6

/** Those beyond the bounds too, in which the law may break. */
export const plotNamed = (name: string): Plot | undefined =>
  [CHANCE, ...STORIES, BEYOND].find((plot) => plot.name === name)

/** Most seeds live by chance, the others one of the stories. */
export function plotOf(seed: number): Plot {
  const random = seededRandom(seed ^ 0x9107)
  if (random.next() < CHANCE_SHARE) return CHANCE
  return STORIES[Math.floor(random.next() * STORIES.length)] ?? CHANCE
}
