/** A moment that is past, as people write it: so long ago, or a time. */
import { spanText } from '@lvsm/base'
import { parseDuration } from '@lvsm/model'
import { Failure } from '../failure.ts'

const DAY_MS = 86_400_000
const HINT = 'so long ago: 90s, 10m, 2h; or a time: 03:12, 03:12:05, 2026-11-28T03:12:05Z (without Z: of this machine)'
const OF_DAY = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/
const WITH_DATE = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?$/

/** Milliseconds before `nowMs`, of this machine's wall clock. */
export function agoOf(option: string, text: string, nowMs: number): number {
  const ms = parseDuration(text)
  if (ms !== null) return ms
  const at = timeOf(text, nowMs)
  if (at === null) throw new Failure('usage', `${option}: ${JSON.stringify(text)} is no time, and no duration`, HINT)
  if (at > nowMs)
    throw new Failure(
      'usage',
      `${option}: ${text} is ${spanText(at - nowMs)} in the future`,
      'what would happen then: lvsm simulate --help',
    )
  return nowMs - at
}

function timeOf(text: string, nowMs: number): number | null {
  const [, hours, minutes, seconds = '0'] = OF_DAY.exec(text) ?? []
  if (hours !== undefined) {
    const today = new Date(nowMs).setHours(Number(hours), Number(minutes), Number(seconds), 0)
    return today <= nowMs ? today : today - DAY_MS
  }
  const [, date, time, zone = ''] = WITH_DATE.exec(text) ?? []
  const at = Date.parse(`${date}T${time}${zone}`)
  // A day that a month does not have is taken for one of the next.
  return Number.isNaN(at) || !isDay(date ?? '') ? null : at
}
const isDay = (date: string): boolean => {
  const at = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date)
}
