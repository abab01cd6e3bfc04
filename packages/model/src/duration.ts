const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

/** `100ms`, `1s`, `1.5s`, `2m` → milliseconds; null when the text is no duration. A bare number is none: its unit would be a guess. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m)$/.exec(text)
  if (!match) return null
  const ms = Number(match[1]) * (UNIT_MS[match[2] as string] as number)
  return Number.isInteger(ms) ? ms : null
}
