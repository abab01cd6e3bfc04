/**
 * The version of everything binary that crosses a border. A version changes only where a reader of the one before would
 * misread what it gets; optional fields, kinds and words come without one. From version 1 on: a node understands the version
 * before its own, and speaks that one until every node of the cluster understands the newer.
 */
export interface Versions {
  readonly spoken: number
  /** Understood: from this to the newest. */
  readonly oldest: number
  readonly newest: number
}
const FIRST: Versions = { spoken: 1, oldest: 1, newest: 1 }
/** `ipc`: both directions of the socket between the two processes of a node. */
export const VERSIONS = { datagram: FIRST, ipc: FIRST, stateFile: FIRST, viewFile: FIRST } as const

export type Age = 'known' | 'older' | 'newer'
export const ageOf = (version: number, { oldest, newest }: Versions): Age =>
  version > newest ? 'newer' : version < oldest ? 'older' : 'known'

/**
 * What one says about its version: the one it speaks, and the oldest that understands it. A newer one that is understood
 * all the same is no fault.
 */
export interface Spoken {
  readonly version: number
  readonly least?: number
}
/** Whether somebody who speaks so is understood by who understands these. */
export function ageOfSpeaker({ version, least = version }: Spoken, { oldest, newest }: Versions): Age {
  if (version < oldest) return 'older'
  return least > newest ? 'newer' : 'known'
}
