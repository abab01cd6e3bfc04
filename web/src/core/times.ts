/** Moments of time as text. */

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
