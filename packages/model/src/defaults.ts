/** What holds where a configuration says nothing, in its own words: for whoever looks at what is there. */
import { DEFAULT_CHECK, KEPT_REVISIONS } from './config.ts'
import { durationText } from './duration.ts'
import { pacingWords } from './pacing.ts'
import { PROFILES } from './profiles.ts'
import { SYNC_PORT } from './rules/sync.ts'
import { OF_POOL } from './rules/track.ts'
import { configSchema, serviceSchema } from './schema.ts'
import { usualCheck } from './tables/index.ts'

type Words = Readonly<Record<string, string | number | boolean>>
const durations = (figures: Readonly<Record<string, number>>): Words =>
  Object.fromEntries(Object.entries(figures).map(([key, ms]) => [key, durationText(ms)]))

function timing(profile: keyof typeof PROFILES): Words {
  const { keepaliveMs, leaseMs, applyMs, warntimeMs, deadtimeMs, drainMs } = PROFILES[profile]
  return durations({
    keepalive: keepaliveMs,
    lease: leaseMs,
    apply: applyMs,
    warntime: warntimeMs,
    deadtime: deadtimeMs,
    drain: drainMs,
  })
}
/** Of a service with this protocol; of one that goes by another's check, what is of its pool. */
function check(protocol: unknown, isTracking: boolean): Words {
  const type = usualCheck(serviceSchema.shape.protocol.safeParse(protocol).data)
  const { intervalMs, timeoutMs, fall, rise, keepLast, ownView, pacing } = DEFAULT_CHECK
  const figures = durations({ interval: intervalMs, timeout: timeoutMs })
  const words = { type, ...figures, fall, rise, 'keep-last': keepLast, 'own-view': ownView, ...pacingWords(pacing) }
  return isTracking ? Object.fromEntries(Object.entries(words).filter(([key]) => OF_POOL.has(key))) : words
}

/** Of mappings that may be absent as a whole, and of the cluster itself. `profile`, and `protocol` of a check's service: as the file says it. */
export function defaultsOf(noun: string, { profile, protocol, track }: Readonly<Record<string, unknown>> = {}): Words {
  const named = configSchema.shape.profile.safeParse(profile).data ?? 'default'
  switch (noun) {
    case 'timing':
      return timing(named)
    case 'check':
      return check(protocol, track !== undefined)
    case 'cluster':
      return {
        ...{ 'kept-revisions': KEPT_REVISIONS, profile: 'default', sync: true },
        ...{ 'sync-port': SYNC_PORT },
      }
    default:
      return {}
  }
}
