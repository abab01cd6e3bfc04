/** Whom a coordinator speaks with, by what it has applied. */
import type { NodeId } from '@lvsm/raft'
import type { Kept, Peer } from '../ports.ts'
import type { Coordinated } from './machine.ts'

/**
 * One that joined reads the log from its beginning, and the records that it meets there are of long ago: those who let it in, and lead,
 * may come much later. So until it has come to its own entry (an id is the index of the entry that added it) it speaks with its seeds
 * too, and tells nobody that he was removed (`until` 0).
 */
export function peersOf(
  own: NodeId,
  seeds: readonly Peer[],
  { lastApplied, machine }: Kept<Coordinated>,
): { readonly peers: readonly Peer[]; readonly until: NodeId } {
  const recorded = [...machine.members].map(([id, { addresses, key }]): Peer => ({ id, addresses, key }))
  const isIn = lastApplied >= own
  const all = isIn ? recorded : [...seeds, ...recorded.filter(({ id }) => !seeds.some((seed) => seed.id === id))]
  return { peers: all.filter(({ id }) => id !== own), until: isIn ? lastApplied : 0 }
}
