/** Flags of a scheduler, and what it cannot do with a realserver that takes no new connections. */
import type { Path } from '../document.ts'
import { NO_FALLBACK, refusesAtZero, SCHEDULERS, type SchedulerRow } from '../tables/index.ts'
import type { Served, Service } from './pools.ts'
import { entries, isUnread, type Refuse } from './rule.ts'

export function checkScheduler(service: Service, servers: readonly Served[], path: Path, refuse: Refuse): void {
  checkFlags(service, path, refuse)
  checkLimits(service, servers, refuse)
}

function checkFlags(service: Service, path: Path, refuse: Refuse): void {
  const { scheduler } = service
  if (scheduler === undefined) return
  const { flags, fallback }: SchedulerRow = SCHEDULERS[scheduler]
  const words = fallback === null ? flags : [...flags, NO_FALLBACK]
  const asked = entries(service['scheduler-flags'])
  for (const { at, item: flag } of asked)
    if (!words.includes(flag))
      refuse(
        'unknown-flag',
        [...path, 'scheduler-flags', at],
        `the scheduler ${scheduler} has no flag "${flag}"`,
        words.length > 0 ? `its flags: ${words.join(', ')}` : `remove it: ${scheduler} has none`,
      )
    else if (flag === NO_FALLBACK && asked.some(({ item }) => item === fallback))
      refuse(
        'flags-contradict',
        [...path, 'scheduler-flags', at],
        `${flag} and ${fallback} are opposites`,
        `keep one of them; ${fallback} is usual, and needs not be written`,
      )
}

/** One that is full takes none, and its clients would be refused. */
function checkLimits(service: Service, servers: readonly Served[], refuse: Refuse): void {
  const { scheduler } = service
  if (scheduler === undefined || isUnread(service, 'scheduler-flags')) return
  const schedulerFlags = entries(service['scheduler-flags']).map(({ item }) => item)
  if (!refusesAtZero({ scheduler, schedulerFlags })) return
  for (const { item, here } of servers)
    if (item['upper-threshold'] !== undefined)
      refuse(
        'threshold-refuses',
        here('upper-threshold'),
        `${scheduler} sends a client where its hash leads: clients of a realserver that is full would be refused, and no other one asked`,
        schedulerFlags.includes(NO_FALLBACK)
          ? `take ${NO_FALLBACK} out of the scheduler-flags, or the threshold`
          : 'take it out, or use the scheduler sh or mh, or one that counts connections (wlc)',
      )
}
