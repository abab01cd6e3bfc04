/** What all types of check have beside interval, timeout, fall and rise: how their pace changes, and what a verdict may do to a pool. */
import * as z from 'zod'
import { durationText, parseDuration } from './duration.ts'

export interface CheckPacing {
  /** While the last results speak against the verdict. Milliseconds. */
  readonly fastIntervalMs: number
  /** While it is down. */
  readonly downIntervalMs: number
  /** Per cent by which intervals are shortened at most, so that checks do not fall together. */
  readonly jitter: number
  /** So long the weight of one that came back grows; 0: it has all of it at once. */
  readonly slowStartMs: number
  /** Per cent of a pool that checks may take out at one moment, one realserver at least. */
  readonly maxEjection: number
  /** Per cent of a pool that are to be well, and not held out: under it all of them serve; 0: they never do for that. */
  readonly panic: number
  /** One that fails again and again is held out for so long, and each time longer by it; 0: it never is. */
  readonly flapHoldMs: number
  /** So long its established connections go on at most when it fails; then they are cut off. */
  readonly downLingerMs: number
}

const FAST_MS = 500
/** Until those are gone that were about to end by themselves: whoever fails is taken for dead, and clients of the dead are to come again. */
export const USUAL_LINGER_MS = 3000
/** So long its established connections go on at most when it leaves the configuration: most have ended by then, and whoever repairs the machine next has not waited long. */
export const LEAVING_MS = 300_000
const USUAL = {
  jitter: 10,
  slowStartMs: 0,
  maxEjection: 100,
  panic: 0,
  flapHoldMs: 0,
  downLingerMs: USUAL_LINGER_MS,
} as const

export const usualPacing = (intervalMs: number): CheckPacing => ({
  fastIntervalMs: Math.min(FAST_MS, intervalMs),
  downIntervalMs: intervalMs,
  ...USUAL,
})

/** `duration`: the schema of one. */
export const pacingFields = <Duration extends z.ZodType>(duration: Duration) => ({
  'fast-interval': duration.optional(),
  'down-interval': duration.optional(),
  jitter: z.int().min(0).max(50).optional(),
  'slow-start': duration.optional(),
  'max-ejection': z.int().min(1).max(100).optional(),
  panic: z.int().min(0).max(100).optional(),
  'flap-hold': duration.optional(),
  'down-linger': duration.optional(),
})

export interface WrittenPacing {
  readonly 'fast-interval'?: string | undefined
  readonly 'down-interval'?: string | undefined
  readonly jitter?: number | undefined
  readonly 'slow-start'?: string | undefined
  readonly 'max-ejection'?: number | undefined
  readonly panic?: number | undefined
  readonly 'flap-hold'?: string | undefined
  readonly 'down-linger'?: string | undefined
}

const KEYS = {
  fastIntervalMs: 'fast-interval',
  downIntervalMs: 'down-interval',
  jitter: 'jitter',
  slowStartMs: 'slow-start',
  maxEjection: 'max-ejection',
  panic: 'panic',
  flapHoldMs: 'flap-hold',
  downLingerMs: 'down-linger',
} as const satisfies Readonly<Record<keyof CheckPacing, keyof WrittenPacing>>

export function completePacing(written: WrittenPacing | undefined, intervalMs: number): CheckPacing {
  const usual = usualPacing(intervalMs)
  const figure = (name: keyof CheckPacing): number => {
    const value = written?.[KEYS[name]]
    return (typeof value === 'string' ? parseDuration(value) : value) ?? usual[name]
  }
  return {
    fastIntervalMs: figure('fastIntervalMs'),
    downIntervalMs: figure('downIntervalMs'),
    jitter: figure('jitter'),
    slowStartMs: figure('slowStartMs'),
    maxEjection: figure('maxEjection'),
    panic: figure('panic'),
    flapHoldMs: figure('flapHoldMs'),
    downLingerMs: figure('downLingerMs'),
  }
}

/** Key of the file → its value as a file has it, where it is not the usual one. */
export function unusualPacing(pacing: CheckPacing, intervalMs: number): [string, string | number][] {
  const usual = usualPacing(intervalMs)
  return Object.entries(KEYS).flatMap(([name, key]): [string, string | number][] => {
    const value = pacing[name as keyof CheckPacing]
    return value === usual[name as keyof CheckPacing] ? [] : [[key, name.endsWith('Ms') ? durationText(value) : value]]
  })
}

/** Words of it as a file has them: for whoever looks at what holds where nothing is said. */
export function pacingWords(pacing: CheckPacing): Readonly<Record<string, string | number>> {
  const { fastIntervalMs, downIntervalMs, jitter, maxEjection, downLingerMs } = pacing
  return {
    'fast-interval': durationText(fastIntervalMs),
    'down-interval': durationText(downIntervalMs),
    jitter,
    'max-ejection': maxEjection,
    'down-linger': durationText(downLingerMs),
  }
}
