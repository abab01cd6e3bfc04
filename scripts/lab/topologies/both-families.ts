import type { LabNode } from '../topology.ts'

/** The last part of a node's address is the same in both families, on each network. */
const alike = (network: string, address: string): string => `2001:db8:${network}::${address.split('.').at(-1)}/64`

/** With an address of IPv6 beside each of its own. */
export function withIpv6<Node extends LabNode>(node: Node): Node & Pick<LabNode, 'more'> {
  const { outside, inside } = node.addresses
  const more = {
    ...(outside === undefined ? {} : { outside: [alike('11', outside)] }),
    ...(inside === undefined ? {} : { inside: [alike('12', inside)] }),
  }
  return { ...node, more }
}
