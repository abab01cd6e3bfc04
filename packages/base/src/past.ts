/** What looks back some minutes: is it over, as far as that can be said? */
import { between, type Instant } from './time.ts'

/** Milliseconds: what happened within the first may go on; told in steps, so that it is not told anew all the time. */
const SOON_MS = 10_000
const STEP_MS = 10_000

/** So long ago, where that is no moment ago. */
export const pastAfter = (agoMs: number): { readonly pastMs?: number } =>
  agoMs < SOON_MS ? {} : { pastMs: STEP_MS * Math.floor(agoMs / STEP_MS) }

/** Of what happened again and again at these moments, the oldest first: nothing while the next one may only be awaited. */
export function pastOf(times: readonly Instant[], now: Instant): { readonly pastMs?: number } {
  const last = times.at(-1)
  if (last === undefined) return {}
  const gaps = times.slice(1).map((at, index) => between(times[index] ?? at, at))
  const agoMs = between(last, now)
  return agoMs < 2 * Math.max(0, ...gaps) ? {} : pastAfter(agoMs)
}
