/**
 * By what a trouble is known again while its words change: figures count on, reasons change, and a list has one name more. Its sentence else:
 * several of one kind and object may be there at once.
 */
import type { Trouble } from '@lvsm/base'

export type Named = Pick<Trouble, 'code' | 'message' | 'object'>

/** A number that stands alone: what counts on is the same trouble; names and addresses are none. */
const FIGURE = /(?<![\w.:-])\d+(?:\.\d+)?(?![\w.:-])/g

/** One of each object at most. */
const ofObject = (): string => ''
/** What else tells it from the others of its object. */
const WHAT: Readonly<Record<string, (message: string) => string>> = {
  'accepts-some': ofObject,
  'address-conflict': ofObject,
  'agent-silent': ofObject,
  'all-unbelieved': ofObject,
  'backup-serves': ofObject,
  'bond-degraded': ofObject,
  'below-quorum': ofObject,
  'cannot-observe': ofObject,
  'certificate-expires': (message) => / on (\S+)$/.exec(message)?.[1] ?? '',
  'check-unknown': ofObject,
  'clock-apart': ofObject,
  'conntrack-full': ofObject,
  'coordinator-absent': ofObject,
  'cut-off': ofObject,
  disagreement: (message) => message.split(/ has other | have different /)[0] ?? '',
  'drop-rule': ofObject,
  'duplicate-address': ofObject,
  'heard-by-others': ofObject,
  'heartbeat-keys-wait': ofObject,
  'interface-errors': ofObject,
  'interface-flaps': ofObject,
  'interface-slow': ofObject,
  'ipvs-timeouts': ofObject,
  'link-address-gone': ofObject,
  'link-errors': ofObject,
  'link-flaps': ofObject,
  'link-no-way': ofObject,
  'link-silent': ofObject,
  'lossy-link': ofObject,
  'memory-killed': ofObject,
  'memory-pressure': ofObject,
  'mtu-differs': ofObject,
  'neighbours-full': ofObject,
  'no-coordinator': ofObject,
  'no-lease-process': ofObject,
  'no-way': ofObject,
  'one-way': ofObject,
  'own-view-silent': ofObject,
  'peer-unbelieved': ofObject,
  'ping-unreached': (message) => message.split(' of ')[0] ?? '',
  'ports-full': (message) => / \((\S+)\) /.exec(message)?.[1] ?? '',
  'qdisc-harm': ofObject,
  'server-leaving': ofObject,
  'service-quiet': ofObject,
  'service-unchecked': (message) => / cannot check services? ([^\s,:]+)/.exec(message)?.[1] ?? '',
  'sockets-unread': ofObject,
  'standby-finds-none': ofObject,
  'standby-unaware': (message) => message.split(' ')[0] ?? '',
  'state-not-kept': ofObject,
  'stopped-process': ofObject,
  'tunnel-too-narrow': ofObject,
  'verdicts-differ': ofObject,
  'via-late': ofObject,
  'vitals-unread': ofObject,
}
export const sameOf = ({ code, message, object = '' }: Named): string => {
  const what = Object.hasOwn(WHAT, code) ? WHAT[code] : undefined
  return what ? `${code} ${object} ${what(message)}` : `${code} ${message.replace(FIGURE, '#')}`
}

/** Of a file that does not say what it is about: can it be known again? */
export const isNamed = ({ code, object }: { readonly code: string; readonly object?: string }): boolean =>
  object !== undefined || !Object.hasOwn(WHAT, code)
