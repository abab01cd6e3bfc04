/** Realservers that have the verdict of the same node in another service's check: nobody asks them, and they hear what that one hears. */
import type { Checks, Member } from './member.ts'

const placeOf = (service: string, node: string): string => `${service} ${node}`

/** Who has whose: of a service that goes by another one as well, that one's. */
export function followTracks(checks: Checks): void {
  checks.trackers.clear()
  const all = [...checks.members.values()]
  const tracking = all.filter(({ service }) => service.check.track !== undefined)
  if (tracking.length === 0) return
  const places = Map.groupBy(all, ({ service, realserver }) => placeOf(service.name, realserver.node))
  for (const member of tracking) {
    const tracked = trackedBy(member, places)
    member.tracked = tracked
    if (tracked) checks.trackers.set(tracked, [...(checks.trackers.get(tracked) ?? []), member])
  }
}

/** Of several of that node there, the one at the same address. */
function trackedBy(member: Member, places: ReadonlyMap<string, readonly Member[]>): Member | null {
  const { node, address } = member.realserver
  const seen = new Set<string>()
  let { track } = member.service.check
  while (track !== undefined && !seen.has(track)) {
    seen.add(track)
    const there = places.get(placeOf(track, node)) ?? []
    const found = there.find(({ realserver }) => realserver.address === address) ?? there[0]
    if (found?.service.check.track === undefined) return found ?? null
    track = found.service.check.track
  }
  return null
}
