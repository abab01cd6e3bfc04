/** How a node says that it does not hear another one, where that one may be well: who writes it, and who concludes from it whom to look at. */

/** Others hear it: what is wrong is at the one that does not, or between the two. */
export const heardElsewhere = (silent: string, others: readonly string[]): string =>
  `${silent} here, and ${others.join(', ')} heard it`
const ELSEWHERE = / here, and (\S+(?:, \S+)*) heard it\b/
/** By whom; empty: that is not said. */
export const heardThereBy = (reason: string): string => ELSEWHERE.exec(reason)?.[1] ?? ''

const ITSELF = 'may be cut off itself'
/** Of a node without a majority. */
export const perhapsCutOff = (node: string, heard: number, voters: number): string =>
  `${node} hears ${heard} of ${voters} voters, and ${ITSELF}`
export const NEVER_HEARD = 'never heard since this node started'
/** It says nothing of the other one where this node is cut off. */
export const isOfCutOff = (text: string): boolean => text.includes(ITSELF) || text.includes(NEVER_HEARD)
