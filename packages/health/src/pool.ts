/** The floor under a service: a check that fails everywhere at once says more about the check than about the realservers. */
import type { Health } from './verdict.ts'

export interface Member {
  readonly id: string
  readonly health: Health
  /** It is well, and held out because it fails again and again. */
  readonly held?: boolean
}
export interface Pool {
  /** Ids that shall be served. */
  readonly serving: ReadonlySet<string>
  /** Of those, the ones that checks would take out: kept because nobody else is left, or because enough are out. */
  readonly kept: ReadonlySet<string>
}
export interface Floor {
  /** Do the last living ones stay? */
  readonly keepLast: boolean
  /** Per cent of the pool that may be out by checks at one moment, one realserver at least; not there: all. */
  readonly maxEjection?: number
}

/**
 * Who is served. `lastServing` is the result of the last call (or what the kernel's table held). With
 * `keepLast`, the pool never becomes empty by checks: the last living ones stay; when every member failed
 * before any was served, all are served. Who is held out serves where nobody else is well. Nobody who is out comes back by a cap on
 * ejections: it only keeps who is in.
 */
export function serve(members: readonly Member[], lastServing: ReadonlySet<string>, floor: Floor): Pool {
  const well = members.filter(({ health }) => health.healthy === true)
  const free = well.filter(({ held }) => held !== true)
  const healthy = idsOf(free.length > 0 ? free : well)
  if (healthy.length === 0 && floor.keepLast) {
    const last = idsOf(members).filter((id) => lastServing.has(id))
    const allFailed = members.every((member) => member.health.healthy === false)
    const kept = new Set(last.length > 0 ? last : allFailed ? idsOf(members) : [])
    return { serving: kept, kept }
  }
  const kept = keptByCap(members, new Set(healthy), lastServing, floor.maxEjection ?? 100)
  return { serving: new Set([...healthy, ...kept]), kept: new Set(kept) }
}

const idsOf = (members: readonly Member[]): string[] => members.map(({ id }) => id)

function keptByCap(
  members: readonly Member[],
  healthy: ReadonlySet<string>,
  lastServing: ReadonlySet<string>,
  maxEjection: number,
): string[] {
  const most = Math.max(1, Math.floor((members.length * maxEjection) / 100))
  const out = members.filter(({ id, health }) => health.healthy !== null && !healthy.has(id))
  const surplus = out.length - most
  if (maxEjection >= 100 || surplus <= 0) return []
  return idsOf(out)
    .filter((id) => lastServing.has(id))
    .slice(0, surplus)
}
