/** How a check says that nothing came back in time, or a refusal: the process that asks writes it, and whoever concludes from it reads it. */

/** Three questions of the kernel (ARP, neighbour discovery) had no answer; or a router says so of its own. */
export const NOR_TO_ARP = 'nor to ARP or neighbour discovery'
/** The same, of a check that sends datagrams. */
export const NOT_THERE = 'the host is not there'
/** A connection that had more time was opened, or refused. */
export const ANSWERED_AGAIN = 'a second question was answered'

/** Between what a verdict rests on and a last answer that speaks against it: what follows from silence or a refusal follows from the last one. */
export const LAST_ANSWER = '; the last one: '
/** Before what the check of another service found of the same realserver, where a service goes by that. */
export const asServiceSays = (service: string): string => `as service ${service} says: `
const OF_SERVICE = /^as service \S+ says: /
const lastOf = (reason: string): string => (reason.split(LAST_ANSWER).at(-1) ?? reason).replace(OF_SERVICE, '')

/** `nobody`: no machine had that address. `late`: there is one, and more time brought an answer. `silent`: that is all that is known. */
export type Silence = 'nobody' | 'late' | 'silent'

/** Null: something came back, or no question went out. */
export function silenceOf(said: string): Silence | null {
  const reason = lastOf(said)
  if (reason.includes(NOR_TO_ARP)) return 'nobody'
  // A way that is not there is no ARP.
  if (reason.includes(NOT_THERE)) return reason.includes('no answer to ARP') ? 'nobody' : null
  if (reason.includes(ANSWERED_AGAIN)) return 'late'
  return /\bno answer\b(?! to ARP)/.test(reason) ? 'silent' : null
}

/** No way leads there: in the words of a kernel here, or of a router. A packet filter that refuses may have it said, too (ICMP type 3, code 10 or 13). */
export const NO_ROUTE = 'no route'
export const NO_HOST = `${NO_ROUTE}, or no answer to ARP`
export const WAY_DOWN = 'the interface that leads there is down here'
export const PROHIBITED = 'a route prohibits it, on the node that asks (ip route get shows it there) or on the way'
export const THROWN_AWAY = 'a route on the node that asks throws away what is sent there'
/** As `ping` says it. */
const UNREACHABLE = /^Destination (?:Host|Net) Unreachable\b/
export function isWithoutAnyWay(said: string): boolean {
  const reason = lastOf(said)
  const isNone = [NO_ROUTE, WAY_DOWN, PROHIBITED, THROWN_AWAY].some((words) => reason.startsWith(words))
  return isNone || reason.includes(NOT_THERE) || UNREACHABLE.test(reason)
}
/** Not even the kernel of who was asked gave a sign of life. */
export const cameNothing = (reason: string): boolean => silenceOf(reason) !== null || isWithoutAnyWay(reason)
/** What was wanted did not come in time, whatever came before; or the check says no time. */
export const isOverdue = (reason: string): boolean =>
  / within \d+ m?s\b/.test(lastOf(reason)) || silenceOf(reason) !== null

/** What a realserver's own agent says of it, against its check. */
export const ITS_AGENT_SAYS = 'its own agent says: nobody '

/** A kernel refuses where nobody listens, and a packet filter wherever it is told to: which one it was, no answer says. */
export const REFUSED = 'connection refused: nothing listens there, or a packet filter rejects it'
/** In the words of any version. */
export const isRefused = (reason: string): boolean => lastOf(reason).startsWith('connection refused')
