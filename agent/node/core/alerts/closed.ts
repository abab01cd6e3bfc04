/**
 * A webhook is told of the cluster as of one group, and its receiver closes that when nothing lasts any more, silenced alerts aside. Of one that
 * was told before its silence, and lasts after it, it would hear no more until it is repeated: so it is told anew.
 */
import type { Instant } from '@lvsm/base'
import type { Alert } from './alert.ts'
import type { Alerting } from './state.ts'

type Silenced = (alert: Alert) => boolean

/** The receiver took a message by which nothing lasts. */
export function noteClosed({ book, closed }: Alerting, receiver: string, silenced: Silenced): void {
  const aside = [...book.alerts.values()].filter(
    (alert) => alert.ended === null && alert.told.get(receiver)?.what === 'firing' && silenced(alert),
  )
  for (const { key } of aside) closed.set(receiver, new Set([...(closed.get(receiver) ?? []), key]))
}

/** Whose silence is over is due again: nobody there knows it as open. */
export function reopen({ book, closed }: Alerting, silenced: Silenced, now: Instant): void {
  for (const [receiver, keys] of closed) {
    for (const key of keys) {
      const alert = book.alerts.get(key)
      if (alert && alert.ended === null && silenced(alert)) continue
      keys.delete(key)
      if (alert?.ended === null) alert.told.set(receiver, { what: 'maybe', at: now })
    }
    if (keys.size === 0) closed.delete(receiver)
  }
}
