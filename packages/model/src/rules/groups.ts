/** How many groups a director can own at once: each is a lease of its own, renewed every 1.6 keepalives. */
import { GROUPS_PER_DIRECTOR, HOOK_TIMEOUT } from '../config.ts'
import { parseDuration } from '../duration.ts'
import type { Draft } from '../schema.ts'
import { timingOf } from './keys.ts'
import { entries, type Rule } from './rule.ts'

/** At a shorter keepalive every lease costs more. */
export const mostGroups = (keepaliveMs: number): number =>
  Math.max(1, Math.floor(GROUPS_PER_DIRECTOR.most * Math.min(1, keepaliveMs / GROUPS_PER_DIRECTOR.keepaliveMs)))

export const groupsOfDirectors: Rule = (draft: Draft, refuse) => {
  const { keepaliveMs } = timingOf(draft)
  const most = mostGroups(keepaliveMs)
  const counts = new Map<string, number>()
  for (const { at, item: group } of entries(draft.groups)) {
    for (const { at: index, item: name } of entries(group.directors)) {
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      // Once for each director: the first group that is too many.
      if (count !== most + 1) continue
      const total = entries(draft.groups).filter(({ item }) => item.directors?.includes(name)).length
      const faster = keepaliveMs < GROUPS_PER_DIRECTOR.keepaliveMs ? ', or raise keepalive' : ''
      refuse(
        'too-many-groups',
        ['groups', at, 'directors', index],
        `director "${name}" has ${total} groups; with keepalive ${keepaliveMs} ms it manages ${most}`,
        `addresses that can move together belong in one group: put them into the vips of one${faster}`,
      )
    }
  }
}

/** Hooks have an end, and their keys a hook. */
export const hooks: Rule = (draft, refuse) => {
  const { leastMs, mostMs } = HOOK_TIMEOUT
  for (const { at, item: group } of entries(draft.groups)) {
    const timeout = group['hook-timeout']
    const timeoutMs = timeout === undefined ? null : parseDuration(timeout)
    if (timeoutMs !== null && (timeoutMs < leastMs || timeoutMs > mostMs))
      refuse('out-of-range', ['groups', at, 'hook-timeout'], `${timeout} is out of range`, 'write 100ms to 5m')
    for (const key of ['hook-user', 'hook-timeout'] as const)
      if (group[key] !== undefined && !Object.hasOwn(group, 'take-hooks') && !Object.hasOwn(group, 'release-hooks'))
        refuse(
          'missing',
          ['groups', at, 'take-hooks'],
          `there is no hook that ${key} could be for`,
          'add take-hooks or release-hooks, or take it out',
        )
  }
}
