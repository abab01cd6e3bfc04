/**
 * A webhook is told of the cluster as of one group, and its receiver closes that when nothing lasts any more, silenced alerts aside. Of one that
 * was told before its silence, and lasts after it, it would hear no more until it is repeated: so it is told anew.
 */
import type { Instant } from '@lvsm/base'
import type { Alert } from './alert.ts'
import type { Alerting } from './state.ts'

type Silenced = (alert: Alert) => boolean

/** Of a message by which nothing lasts: what it leaves out because it is silenced. */
export const leftOut = ({ book }: Alerting, receiver: string, silenced: Silenced): string[] =>
  [...book.alerts.values()].flatMap((alert) =>
    alert.ended === null && alert.told.get(receiver)?.what === 'firing' && silenced(alert) ? [alert.key] : [],
  )
/** The receiver took it; the silence may be over since it was written. */
export function noteClosed({ closed }: Alerting, receiver: string, aside: readonly string[]): void {
  if (aside.length > 0) closed.set(receiver, new Set([...(closed.get(receiver) ?? []), ...aside]))
}

/** Whose silence is over is due again: nobody there knows it as open. */
export function reopen({ book, closed }: Alerting, silenced: Silenced, now: Instant): void {
  for (const [receiver, keys] of closed) {
    for (const key of keys) {
      const alert = book.alerts.get(key)
      if (alert && alert.ended === null && silenced(alert)) continue
      keys.delete(key)
      if (alert?.ended === null) alert.told.set(receiver, { what: 'maybe', at: now, anew: true })
    }
    if (keys.size === 0) closed.delete(receiver)
  }
}
