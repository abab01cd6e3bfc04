/** Which interface a floating address belongs on, on this node: named by the configuration, or the one in its network. */
import type { ConfigGroup, FloatingAddress } from '@lvsm/model'
import { interfaceFor, type Observed, type ObservedLink } from '@lvsm/plan'

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
