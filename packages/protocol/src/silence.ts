/** How a check says that nothing came back in time, or a refusal: the process that asks writes it, and whoever concludes from it reads it. */

/** Three questions of the kernel (ARP, neighbour discovery) had no answer; or a router says so of its own. */
export const NOR_TO_ARP = 'nor to ARP or neighbour discovery'
/** The same, of a check that sends datagrams. */
export const NOT_THERE = 'the host is not there'
/** A connection that had more time was opened, or refused. */
export const ANSWERED_AGAIN = 'a second question was answered'

/** `nobody`: no machine had that address. `late`: there is one, and more time brought an answer. `silent`: that is all that is known. */
export type Silence = 'nobody' | 'late' | 'silent'

/** Null: something came back, or no question went out. */
export function silenceOf(reason: string): Silence | null {
  if (reason.includes(NOR_TO_ARP)) return 'nobody'
  // A way that is not there is no ARP.
  if (reason.includes(NOT_THERE)) return reason.includes('no answer to ARP') ? 'nobody' : null
  if (reason.includes(ANSWERED_AGAIN)) return 'late'
  return /\bno answer\b(?! to ARP)/.test(reason) ? 'silent' : null
}

/** A kernel refuses where nobody listens, and a packet filter wherever it is told to: which one it was, no answer says. */
export const REFUSED = 'connection refused: nothing listens there, or a packet filter rejects it'
/** In the words of any version. */
export const isRefused = (reason: string): boolean => reason.startsWith('connection refused')
