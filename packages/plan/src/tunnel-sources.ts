/**
 * The outer source of what a director wraps is that of its route to the realserver, and the devices of realservers take the addresses of its links
 * alone (`tunnels.ts`): where the route has another one, all of it is dropped there, and the check of the realserver's own address is well.
 */
import { familyOf, type Trouble } from '@lvsm/base'
import type { NodeView } from '@lvsm/model'
import type { Observed } from './observed.ts'

const wrapped = ({ services }: Pick<NodeView, 'services'>) =>
  services.flatMap(({ realservers }) => realservers.filter(({ tunnel }) => tunnel !== undefined))

/** Realservers to which packets go wrapped. */
export const tunnelEnds = (view: Pick<NodeView, 'services'>): string[] =>
  [...new Set(wrapped(view).map(({ address }) => address))].toSorted()

export function tunnelSources(view: NodeView, { sources }: Pick<Observed, 'sources'>): Trouble[] {
  if (sources === undefined) return []
  const own = view.node.links.map(({ address }) => address)
  const strange = new Map<string, Set<string>>()
  for (const { address, node } of wrapped(view)) {
    const source = sources.get(address)
    if (source === undefined || own.includes(source)) continue
    strange.set(source, (strange.get(source) ?? new Set()).add(node))
  }
  return [...strange].map(([source, nodes]) => {
    const names = [...nodes].join(', ')
    const links = own.filter((address) => familyOf(address) === familyOf(source)).join(', ') || 'none of this family'
    return {
      code: 'tunnel-source',
      severity: 'critical',
      message: `what this node wraps for ${names} leaves with ${source} as its outer source, and they take the addresses of its links alone (${links})`,
      hint: `give the route to ${names} a link's address as source (ip route change NETWORK dev IF src ADDRESS), or make ${source} the address of a link in the configuration`,
      object: `address ${source}`,
    }
  })
}
