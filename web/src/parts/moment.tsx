/** Moments: how long ago, and when. */
import { useEffect, useState } from 'preact/hooks'
import { spanText } from '@lvsm/base'
import { momentText } from '../core/times.ts'

/** Milliseconds of the browser's clock, looked at so often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

/** The last millisecond that a date can have (ECMA-262, 21.4.1.1). */
const LAST_MS = 8.64e15

export function momentOf(ms: number): string {
  const at = new Date(Math.min(ms, LAST_MS))
  return momentText({
    year: at.getFullYear(),
    month: at.getMonth() + 1,
    day: at.getDate(),
    hour: at.getHours(),
    minute: at.getMinutes(),
    second: at.getSeconds(),
    offsetMin: -at.getTimezoneOffset(),
  })
}

/** `3 min ago (2026-11-27 21:44:10 UTC+1)`; of a clock that is ahead of this one only when. */
export function Ago({ at }: { at: number }) {
  const now = useNow(10_000)
  const ago = at <= now ? `${spanText(now - at)} ago, ` : ''
  return (
    <time dateTime={new Date(Math.min(at, LAST_MS)).toISOString()}>
      {ago}
      {momentOf(at)}
    </time>
  )
}
