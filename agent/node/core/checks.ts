/** Whom the checks of this director find alive, and who still drains. */
import { type Instant, between } from '@lvsm/base'
import {
  type CheckResult,
  type Health,
  judge,
  type Schedule,
  scheduleOf,
  serve,
  servedBefore,
  UNCHECKED,
} from '@lvsm/health'
import type { ConfigRealserver, ConfigService } from '@lvsm/model'
import { destKey, type Observed, serviceKey } from '@lvsm/plan'

/** A failed realserver stays at weight 0 at least so long, and at most so long while it has connections. */
const LINGER_LEAST_MS = 1000
const LINGER_MOST_MS = 3000

interface Member {
  readonly service: ConfigService
  readonly realserver: ConfigRealserver
  health: Health
  /** Since when it is out of the pool but in the table. */
  lingers: Instant | null
}
export interface Verdict {
  readonly group: string
  readonly kind: 'failed' | 'recovered'
  readonly reason: string
}
export interface Checks {
  /** The first look at the kernel: who is served stays served until its checks say otherwise. */
  begin(observed: Observed, now: Instant): void
  due(now: Instant): { readonly id: string; readonly realserver: ConfigRealserver; readonly timeoutMs: number }[]
  nextAt(): Instant | null
  /** A result; what it changed. */
  checked(id: string, result: CheckResult): Verdict | null
  /** Did the last result change who is served, or that everybody is known? */
  fresh(): boolean
  /** Follows the table: who has drained. */
  follow(observed: Observed, now: Instant): void
  serving(): ReadonlyMap<string, ReadonlySet<string>>
  lingering(): ReadonlyMap<string, ReadonlySet<string>>
  /** Services with realservers whose first check is still under way. */
  unknown(): readonly string[]
  healthOf(service: string, key: string): { readonly health: Health; readonly kept: boolean } | null
}

export function createChecks(services: readonly ConfigService[]): Checks {
  const members = new Map<string, Member>()
  for (const service of services) {
    for (const realserver of service.realservers) {
      const health =
        service.check.type === 'none'
          ? { healthy: true, against: 0, reason: 'not checked: check type none' }
          : UNCHECKED
      members.set(`${service.name} ${destKey(realserver)}`, { service, realserver, health, lingers: null })
    }
  }
  const of = (service: ConfigService): (readonly [string, Member])[] =>
    service.realservers.map(
      (entry) => [destKey(entry), members.get(`${service.name} ${destKey(entry)}`) as Member] as const,
    )
  const pools = new Map<string, { serving: ReadonlySet<string>; kept: ReadonlySet<string> }>()
  const fill = (service: ConfigService): void => {
    const before = pools.get(service.name)?.serving ?? new Set<string>()
    pools.set(
      service.name,
      serve(
        of(service).map(([id, member]) => ({ id, health: member.health })),
        before,
        service.check.keepLast,
      ),
    )
  }
  let schedule: Schedule | null = null
  let fresh = false

  return {
    begin(observed, now) {
      if (schedule) return
      for (const service of services) {
        const table = observed.services?.find((entry) => serviceKey(entry) === serviceKey(service))
        for (const [key, member] of of(service)) {
          const dest = table?.dests.find((entry) => destKey(entry) === key)
          if (service.check.type !== 'none') member.health = servedBefore((dest?.weight ?? 0) > 0)
        }
        fill(service)
      }
      const checked = [...members].filter(([, member]) => member.service.check.type !== 'none')
      schedule = scheduleOf(
        checked.map(([id, { service }]) => ({
          id,
          intervalMs: service.check.intervalMs,
          timeoutMs: service.check.timeoutMs,
        })),
        now,
      )
    },
    due: (now) =>
      (schedule?.due(now) ?? []).flatMap(({ id, timeoutMs }) => {
        const member = members.get(id)
        return member ? [{ id, realserver: member.realserver, timeoutMs }] : []
      }),
    nextAt: () => schedule?.nextAt() ?? null,
    checked(id, result) {
      const member = members.get(id)
      if (!member) return null
      schedule?.finished(id)
      const before = member.health.healthy
      member.health = judge(member.health, result, member.service.check)
      const { healthy } = member.health
      fresh = healthy !== before
      if (!fresh) return null
      fill(member.service)
      if (before === null && healthy) return null
      const { service, realserver } = member
      const kept = pools.get(service.name)?.kept.has(destKey(realserver)) ? '; kept, because nobody else is left' : ''
      return {
        group: service.group,
        kind: healthy ? 'recovered' : 'failed',
        reason: `${realserver.node} (${destKey(realserver)}) in service ${service.name}: ${result.reason}${kept}`,
      }
    },
    fresh: () => fresh,
    follow(observed, now) {
      for (const service of services) {
        const table = observed.services?.find((entry) => serviceKey(entry) === serviceKey(service))
        for (const [key, member] of of(service)) {
          const dest = table?.dests.find((entry) => destKey(entry) === key)
          const served = pools.get(service.name)?.serving.has(key) === true
          if (served || !dest) member.lingers = null
          else member.lingers ??= now
          if (!dest || member.lingers === null) continue
          const long = between(member.lingers, now)
          const drained = dest.weight === 0 && dest.active === 0 && long >= LINGER_LEAST_MS
          if (drained || long >= LINGER_MOST_MS) member.lingers = GONE
        }
      }
    },
    serving: () =>
      new Map(services.map((service) => [service.name, pools.get(service.name)?.serving ?? new Set<string>()])),
    lingering: () =>
      new Map(
        services.map((service) => {
          const lingers = of(service).filter(([, member]) => member.lingers !== null && member.lingers !== GONE)
          return [service.name, new Set(lingers.map(([key]) => key))]
        }),
      ),
    unknown: () =>
      services
        .filter((service) => of(service).some(([, member]) => member.health.healthy === null))
        .map((service) => service.name),
    healthOf(service, key) {
      const member = members.get(`${service} ${key}`)
      return member ? { health: member.health, kept: pools.get(service)?.kept.has(key) === true } : null
    },
  }
}

/** Drained, or out of time: leaves the table. */
const GONE = Number.NEGATIVE_INFINITY as Instant
