/** Spans of time as text. */

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
