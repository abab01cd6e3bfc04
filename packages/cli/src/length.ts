import { parseDuration } from '@lvsm/model'
import { Failure } from './failure.ts'

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 }
/** Durations of the configuration, and what people plan in: hours and days. Milliseconds. */
export function lengthOf(option: string, text: string | undefined): number | null {
  if (text === undefined) return null
  const ms = millisecondsOf(text)
  if (ms === null)
    throw new Failure('usage', `${option}: ${JSON.stringify(text)} is no duration`, 'for example 90s, 30m, 2h, 1d')
  return ms
}

/** Null: it is no duration. */
export function millisecondsOf(text: string): number | null {
  const [, digits, unit] = /^(\d{1,5}(?:\.\d)?)([hd])$/.exec(text) ?? []
  const ms = digits === undefined ? parseDuration(text) : Number(digits) * (UNITS[unit ?? ''] ?? 0)
  return ms === null ? null : Math.round(ms)
}
