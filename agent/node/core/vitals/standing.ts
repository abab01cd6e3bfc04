/** What of the cluster goes by an interface: by itself, and by whatever stands on it (a bond on its slaves, VLANs on their parent). */
import type { Uses } from '@lvsm/plan'
import { usesText } from '@lvsm/plan'
import type { Interfaces } from './interfaces.ts'

/** By the name of each interface that the cluster uses here: what for. */
export type Used = ReadonlyMap<string, Uses & { readonly index: number }>

export interface Going extends Uses {
  /** As evidence ends. */
  readonly text: string
  /** Heartbeats alone, and they have another way that is up: nothing stops that is served. */
  readonly isSpare: boolean
}
/** Null: nothing. */
export function goingBy(
  interfaces: Interfaces,
  used: Used,
  name: string,
  isDown: (name: string) => boolean,
): Going | null {
  const standing = standingOn(interfaces, name)
  const all = [...standing].flatMap((one) => used.get(one) ?? [])
  if (all.length === 0) return null
  const links = [...new Set(all.flatMap((one) => one.links))]
  const serves = [...new Set(all.flatMap((one) => one.serves))]
  const others = [...used].some(([dev, uses]) => !standing.has(dev) && uses.links.length > 0 && !isDown(dev))
  const above = [...standing].filter((one) => one !== name && used.has(one))
  const why = above.length === 0 ? '' : `, for ${above.join(', ')} ${above.length === 1 ? 'stands' : 'stand'} on it`
  return {
    ...{ links, serves, isSpare: serves.length === 0 && others },
    text: `by it go ${usesText({ links, serves })}${why}`,
  }
}

/** With itself. */
export function standingOn(interfaces: Interfaces, name: string): ReadonlySet<string> {
  const found = new Set([name])
  for (const below of found)
    for (const [above, { last }] of interfaces) if (last.lower.includes(below)) found.add(above)
  return found
}
