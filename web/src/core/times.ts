/** Spans and moments of time as text. */

const SPANS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const

/** `12 s`, `3 min`, `2 h`, `4 d`: rounded down; of less than nothing (two clocks) `0 s`. */
export function spanText(ms: number): string {
  const [unit, name] = SPANS.find(([length]) => ms >= length) ?? [1000, 's']
  return `${Math.max(0, Math.floor(ms / unit))} ${name}`
}

/** What a clock shows in one zone. `month`: 1 to 12; `offsetMin`: minutes that it is before UTC. */
export interface Shown {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly offsetMin: number
}
const two = (value: number): string => String(value).padStart(2, '0')

/** `2026-11-27 21:44:10 UTC+1`, `… UTC`, `… UTC−3:30`. */
export function momentText({ year, month, day, hour, minute, second, offsetMin }: Shown): string {
  const size = Math.abs(offsetMin)
  const rest = size % 60 === 0 ? '' : `:${two(size % 60)}`
  const zone = size === 0 ? '' : `${offsetMin < 0 ? '−' : '+'}${Math.floor(size / 60)}${rest}`
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)} UTC${zone}`
}
