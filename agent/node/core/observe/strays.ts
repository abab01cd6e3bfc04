/**
 * Floating addresses that somebody put on a director that does not own their group: by hand, or by another program that has them, too. The fence
 * keeps them silent, so no client notices, and nobody takes them away; what this node itself sends to such an address stays here.
 */
import { isOwnLabel, type Trouble } from '@lvsm/base'
import type { Observed } from '@lvsm/plan'
import { heldGroups, leaseStatus } from '../lease.ts'
import type { NodeState } from '../state.ts'
import { noteStanding, stoodFor } from './standing.ts'

const KIND = 'stray'
/** Who takes over, or gives up, has them for moments; the lease process takes off what it put there. */
const STANDS_MS = 5000

interface Stray {
  readonly address: string
  readonly prefix: number
  readonly group: string
  readonly dev: string
}
const keyOf = ({ address, dev }: Stray): string => `${address} ${dev}`

/** Without our mark: on purpose nothing of ours stands there. On a loopback device it is a realserver's, whoever made it. */
function straysOf(state: NodeState, { addresses, links }: Observed): Stray[] {
  const { view } = state
  // Who is told nothing of groups does not know who owns them.
  if (!view || !leaseStatus(state)) return []
  const held = heldGroups(state)
  const groups = new Map(
    view.directs.flatMap((group) =>
      held.has(group.name) ? [] : group.addresses.map(({ address }) => [address, group.name] as const),
    ),
  )
  // Of a realserver that is told by itself (`vip-answers`).
  for (const { address } of view.answersFor) groups.delete(address)
  if (groups.size === 0) return []
  return addresses.flatMap(({ address, prefix, label, index }) => {
    const group = groups.get(address)
    const link = links.find((one) => one.index === index)
    if (group === undefined || !link || link.loopback || link.noArp === true || isOwnLabel(label)) return []
    return [{ address, prefix, group, dev: link.name }]
  })
}
export const noteStrays = (state: NodeState, observed: Observed): void =>
  noteStanding(state, KIND, straysOf(state, observed).map(keyOf))

export function strayTroubles(state: NodeState): Trouble[] {
  const { observed } = state.kernel
  const those = observed ? straysOf(state, observed).filter((one) => stoodFor(state, KIND, keyOf(one), STANDS_MS)) : []
  return those.map(({ address, prefix, group, dev }) => ({
    ...{ code: 'stray-address', severity: 'warning', object: `address ${address}` },
    message: `address ${address} of group ${group} stands on ${dev} of ${state.node}, which does not own ${group}: somebody put it there`,
    evidence: `ip address show dev ${dev}: ${address}/${prefix}; lvsm's fence keeps it silent as long as it stands (lvsm fence status)`,
    hint: `on ${state.node}: ip addr del ${address}/${prefix} dev ${dev}; then find what put it there (keepalived, NetworkManager, netplan, a script: ip -ts monitor address shows when)`,
  }))
}
