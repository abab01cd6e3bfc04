/** A node that no coordinator believes any more: in what words it is told, and what to do about it. */

export const STRANGER = "it does not know this node's key: the node was removed, or set up anew"

/** The next step after `reason`, which is one coordinator's, or those of several, why none was reached. */
export const wayBack = (reason: string): string =>
  reason.includes(STRANGER)
    ? 'where it is to go on, let it join again: lvsm join TOKEN; where it was removed for good: lvsm leave --force, on it'
    : 'start lvsm-coordinator where it is down, or open its port for nodes to this node: lvsm coordinators, on another node'
