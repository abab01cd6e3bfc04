/** Who sends and is not believed, as troubles: a key that differs is the fault of one node, and each side shows its own. */
import type { Trouble } from '@lvsm/base'
import { leaseStatus } from '../lease.ts'
import type { NodeState } from '../state.ts'

const HINT =
  'compare the fingerprints that the nodes show (lvsm status there), give the odd one the key file of the others and reload it: systemctl reload lvsm-agent; with coordinators: lvsm rekey there'

/** Of the counters of the lease process: what is said here of each sender is not said again as a number. */
export const SAID_BY_SENDER: ReadonlySet<string> = new Set(['drop-mac', 'drop-key', 'drop-cluster'])

/** Those that are heard nevertheless are somebody else, who sends with their address: a counter tells of that. */
export function unbelievedTroubles(state: NodeState): Trouble[] {
  const peers = leaseStatus(state)?.peers ?? []
  const odd = peers.filter(({ life, unbelieved }) => unbelieved !== undefined && life !== 'alive')
  const [first] = odd
  if (!first) return []
  const evidence = (why: string | undefined): string => `datagrams come ${why}`
  if (odd.length > 1 && !peers.some(({ life }) => life === 'alive')) {
    const message = `nobody who speaks is believed here (${odd.map(({ name }) => name).join(', ')}): ${state.node} has another key, or all of them have`
    const hint = HINT
    return [
      {
        code: 'all-unbelieved',
        severity: 'critical',
        object: `node ${state.node}`,
        message,
        evidence: evidence(first.unbelieved),
        hint,
      },
    ]
  }
  // Each that hears it says the same words: it is one trouble, of one key.
  return odd.map(({ name, unbelieved }) => ({
    ...{ code: 'peer-unbelieved', severity: 'critical', object: `node ${name}` },
    message: `datagrams that come from the address of ${name} are not believed: ${name} has another key, or somebody sends with its address`,
    ...{ evidence: `at ${state.node} ${evidence(unbelieved)}`, hint: HINT },
  }))
}
