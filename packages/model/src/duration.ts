/** Durations as people write them: read and said in this one place, whoever asks. */

/** Milliseconds, the longest first. */
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const
const UNIT_MS: Readonly<Record<string, number>> = Object.fromEntries(UNITS)
/** What else is written for them elsewhere. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  ...{ msec: 'ms', millis: 'ms', milliseconds: 'ms' },
  ...{ sec: 's', secs: 's', second: 's', seconds: 's' },
  ...{ min: 'm', mins: 'm', minute: 'm', minutes: 'm' },
  ...{ hr: 'h', hrs: 'h', hour: 'h', hours: 'h' },
  ...{ day: 'd', days: 'd' },
}

export const DURATION_HINT = 'write a number with its unit, ms, s, m, h or d: 100ms, 1.5s, 2m, 12h, 7d'

/** Keys of a configuration that take one. */
export const DURATION_KEYS: readonly string[] = [
  ...['keepalive', 'lease', 'apply', 'warntime', 'deadtime', 'drain'],
  ...['interval', 'timeout', 'fast-interval', 'down-interval', 'slow-start', 'flap-hold', 'down-linger'],
  ...['hook-timeout', 'after', 'repeat', 'persistence', 'tcp-timeout', 'tcp-fin-timeout', 'udp-timeout'],
]

/** `100ms`, `1.5s`, `2m`, `12h`, `7d` → milliseconds; null when the text is no duration. A bare number is none: its unit would be a guess. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text)
  if (!match) return null
  // 0.07h is 252 s, and not 252.00000000000003.
  const ms = Math.round(Number(match[1]) * (UNIT_MS[match[2] as string] as number) * 1000) / 1000
  return Number.isInteger(ms) ? ms : null
}

/** Whole milliseconds in the longest unit that has them whole: 90000 is `90s`, 7200000 `2h`. Whoever reads it reads the same. */
export function durationText(ms: number): string {
  const [unit, size] = UNITS.find(([, one]) => ms > 0 && ms % one === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}

/** Of a unit that is none here, the one that is meant. */
export function unitMeant(word: string): string | null {
  const lower = word.toLowerCase()
  if (Object.hasOwn(UNIT_MS, lower)) return lower
  return Object.hasOwn(OTHER_WORDS, lower) ? (OTHER_WORDS[lower] ?? null) : null
}
