/** What a check finds out of a server that does not answer where clients ask. */
import { type CheckKeys, CHECKS, type CheckType, overOf } from './checks.ts'

interface Check {
  readonly type: CheckType
  readonly keys: CheckKeys
  /** Null: that of the realserver. */
  readonly port: number | null
  readonly ownView: boolean
}

/** That nobody listens any more? */
export const noticesRefusal = ({ type, ownView }: Pick<Check, 'type' | 'ownView'>): boolean =>
  CHECKS[type].asks === 'port' || CHECKS[type].asks === 'program' || ownView

/**
 * That it answers nobody whom it is sent? `isFull`: its queue takes nobody any more, so that nobody connects; else the kernel takes connections for a
 * server that stands still. `served`: the port of clients.
 */
export function noticesSilence(
  { type, keys, port, ownView }: Check,
  { served, isFull }: { readonly served: number; readonly isFull: boolean },
): boolean {
  if (isFull && ownView) return true
  const { asks, probe } = CHECKS[type]
  const asksThere = asks === 'port' && (port ?? served) === served && overOf(type, keys) === 'tcp'
  return asksThere && (isFull || probe !== 'connect')
}
