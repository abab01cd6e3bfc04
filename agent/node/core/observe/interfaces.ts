/** Which interface a floating address belongs on, on this node: named by the configuration, or the one in its network. */
import type { ConfigGroup, FloatingAddress } from '@lvsm/model'
import { interfaceFor, type Observed, type ObservedLink, sourceFor } from '@lvsm/plan'
import type { NodeState } from '../state.ts'

export const interfaceOf = (
  observed: Observed,
  floating: Pick<FloatingAddress, 'address' | 'interface'>,
): ObservedLink | null =>
  floating.interface === null
    ? interfaceFor(observed, floating.address)
    : (observed.links.find(({ name }) => name === floating.interface) ?? null)

/** Which interface of the group's addresses is gone or carries nothing, as a sentence; null when none. */
export function interfaceFault(observed: Observed, group: ConfigGroup): string | null {
  for (const floating of group.addresses) {
    const link = interfaceOf(observed, floating)
    if (!link) return `no interface for ${floating.address}`
    if (!link.up) return `interface ${link.name} is down`
  }
  return null
}

/** This node's own address on the link to another host, to ask from; null: as the kernel chooses. */
export const sourceOf = ({ kernel, view }: NodeState, address: string): string | null =>
  kernel.observed ? sourceFor(kernel.observed, address, view?.node.links.map((link) => link.address) ?? []) : null
