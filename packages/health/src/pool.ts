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
  /** Of those, the ones that checks would take out: kept because nobody else is left, because enough are out, or because too many are (`panics`). */
  readonly kept: ReadonlySet<string>
  /** So many checks fail that all who are known serve; not there: no. */
  readonly panics?: boolean
}
export interface Floor {
  /** Do the last living ones stay? */
  readonly keepLast: boolean
  /** Per cent of the pool that may be out by checks at one moment, one realserver at least; not there: all. */
  readonly maxEjection?: number
  /** Per cent of the pool that are to be well, and not held out: under it all serve, as Envoy's panic threshold; not there, or 0: never. */
  readonly panic?: number
}

/**
 * Who is served. `lastServing` is the result of the last call (or what the kernel's table held). With
 * `keepLast`, the pool never becomes empty by checks: the last living ones stay; when every member failed
 * before any was served, all are served. Who is held out serves where nobody else is well. Nobody who is out comes back by a cap on
 * ejections: it only keeps who is in. In a panic everybody serves of whom something is known, also who was out; and nobody else.
 */
export function serve(members: readonly Member[], lastServing: ReadonlySet<string>, floor: Floor): Pool {
  if (panics(members, floor)) {
    const known = members.filter(({ id, health }) => health.healthy !== null || lastServing.has(id))
    const failed = members.filter(({ health }) => health.healthy === false)
    return { serving: new Set(idsOf(known)), kept: new Set(idsOf(failed)), panics: true }
  }
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

/** Who was not asked yet is hoped for; who is held out is not, else one that flaps would begin and end a panic each time. */
function panics(members: readonly Member[], { panic = 0 }: Floor): boolean {
  const hoped = members.filter(({ health, held }) => health.healthy !== false && held !== true)
  return hoped.length < members.length && hoped.length * 100 < panic * members.length
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
