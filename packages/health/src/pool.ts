/** The floor under a service: a check that fails everywhere at once says more about the check than about the realservers. */
import type { Health } from './verdict.ts'

export interface Member {
  readonly id: string
  readonly health: Health
}
export interface Pool {
  /** Ids that shall be served. */
  readonly serving: ReadonlySet<string>
  /** Of those, the ones whose own check has failed: kept because nobody else is left. */
  readonly kept: ReadonlySet<string>
}

/**
 * Who is served. `lastServing` is the result of the last call (or what the kernel's table held). With
 * `keepLast`, the pool never becomes empty by checks: the last living ones stay; when every member failed
 * before any was served, all are served.
 */
export function serve(members: readonly Member[], lastServing: ReadonlySet<string>, keepLast: boolean): Pool {
  const healthy = members.filter((member) => member.health.healthy === true).map((member) => member.id)
  if (healthy.length > 0 || !keepLast) return { serving: new Set(healthy), kept: new Set() }
  const last = members.filter((member) => lastServing.has(member.id)).map((member) => member.id)
  const allFailed = members.every((member) => member.health.healthy === false)
  const kept = new Set(last.length > 0 ? last : allFailed ? members.map((member) => member.id) : [])
  return { serving: kept, kept }
}
