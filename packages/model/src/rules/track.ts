/** Services whose realservers have the verdicts of another one's check: whom they can go by, and what they cannot say then. */
import type { Path } from '../document.ts'
import { suggest } from '../nearest.ts'
import type { Draft } from '../schema.ts'
import { forwarding, probeOf, usualCheck } from '../tables/index.ts'
import { type Served, type Service, served } from './pools.ts'
import { entries, isUnread, type Refuse, type Rule } from './rule.ts'

/** What verdicts do to the pool: that is the service's own affair. */
export const OF_POOL: ReadonlySet<string> = new Set([
  ...['track', 'keep-last', 'max-ejection', 'panic', 'slow-start', 'flap-hold', 'down-linger'],
])
interface Place {
  readonly at: number
  readonly item: Service
}

export const tracks: Rule = (draft, refuse) => {
  const all = entries(draft.services)
  const byName = new Map<string | undefined, Place>(all.toReversed().map((one) => [one.item.name, one]))
  for (const one of all) {
    const { check } = one.item
    if (check?.track === undefined) continue
    const path: Path = ['services', one.at, 'check', 'track']
    refuseKeys(one.item, path, refuse)
    const other = byName.get(check.track)
    if (other === undefined) {
      if (byName.has(undefined)) continue
      const names = all.flatMap(({ item: { name } }) => (name === undefined || name === one.item.name ? [] : [name]))
      refuse('unknown-service', path, `there is no service "${check.track}"`, () =>
        suggest(check.track ?? '', names, 'services'),
      )
    } else if (isRound(one.item, byName))
      refuse(
        'track-circle',
        path,
        `service "${one.item.name}" would go by its own verdicts`,
        'let one of these services have a check of its own: type: tcp',
      )
    else refuseOther(draft, one, other, path, refuse)
  }
}

function refuseKeys({ check = {} }: Service, path: Path, refuse: Refuse): void {
  const keys = Object.keys(check).filter((key) => !OF_POOL.has(key))
  if (keys.length === 0) return
  refuse(
    'track-and-check',
    path,
    `its realservers have the verdicts of service "${check.track}", and here stands how to ask them: ${keys.join(', ')}`,
    `take ${keys.length === 1 ? 'that' : 'those'} out, or track`,
  )
}

/** Whoever leads into a circle and is no part of it is not what is wrong. */
function isRound(from: Service, byName: ReadonlyMap<string | undefined, Place>): boolean {
  const seen = new Set<string | undefined>()
  for (
    let name = from.check?.track;
    name !== undefined && !seen.has(name);
    name = byName.get(name)?.item.check?.track
  ) {
    if (name === from.name) return true
    seen.add(name)
  }
  return false
}

/** Where it is found, it must find a verdict of each realserver, at each director. */
function refuseOther(draft: Draft, one: Place, { at, item }: Place, path: Path, refuse: Refuse): void {
  const { check = {} } = item
  const isKnown = !isUnread(check, 'type') && (check.type !== undefined || item.protocol !== undefined)
  if (check.track === undefined && isKnown && probeOf(check.type ?? usualCheck(item.protocol)) === null)
    return refuse(
      'track-unchecked',
      path,
      `service "${item.name}" is not checked: there are no verdicts to go by`,
      `give that one a check, or this one: type: ${probeOf(usualCheck(one.item.protocol)) === null ? 'icmp' : usualCheck(one.item.protocol)}`,
    )
  const elsewhere = directorsOf(draft, one.item).filter((name) => !directorsOf(draft, item).includes(name))
  if (elsewhere.length > 0)
    return refuse(
      'track-elsewhere',
      path,
      `${elsewhere.join(', ')} may own group "${one.item.group}", and makes no checks of service "${item.name}", which is of group "${item.group}"`,
      'go by a service of the same group, or of one with the same directors',
    )
  refuseServers(served(draft, one.at), served(draft, at), item, path, refuse)
}

const directorsOf = ({ groups }: Draft, { group: name }: Service): string[] =>
  entries(entries(groups).find(({ item }) => item.name !== undefined && item.name === name)?.item.directors).map(
    ({ item }) => item,
  )

function refuseServers(
  own: readonly Served[],
  others: readonly Served[],
  { name }: Service,
  path: Path,
  refuse: Refuse,
): void {
  if (others.some(({ item }) => item.node === undefined)) return
  const missing = own.flatMap(({ item: { node } }) =>
    node === undefined || others.some(({ item }) => item.node === node) ? [] : [node],
  )
  if (missing.length > 0)
    return refuse(
      'track-realserver',
      path,
      `${[...new Set(missing)].join(', ')} ${missing.length === 1 ? 'is' : 'are'} no part of service "${name}"`,
      'add it there, with weight: 0 where it is to get none of its clients; or give this service a check of its own',
    )
  // A director that serves on itself alone is asked by itself alone.
  const alone = own.filter(
    ({ item }) => !isAlone(item) && others.every((one) => one.item.node !== item.node || isAlone(one.item)),
  )
  if (alone.length > 0)
    refuse(
      'track-local',
      path,
      `of ${alone.map(({ item }) => item.node).join(', ')}, by local delivery in service "${name}", other directors know no verdict, and are to send it clients of this one`,
      'write forward: local here, too, or forward: fullnat there; or give this service a check of its own',
    )
}
const isAlone = ({ forward }: Served['item']): boolean => forward !== undefined && forwarding(forward).onDirector
