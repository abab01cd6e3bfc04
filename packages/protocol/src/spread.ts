/**
 * Over which of the links that two nodes share a message goes. `one`: the first try, and what comes again soon anyway.
 * `all`: what comes after a silence. An answer goes as its question came, so that a dead link costs one try only.
 */
export const SPREADS = ['one', 'all'] as const
export type Spread = (typeof SPREADS)[number]
