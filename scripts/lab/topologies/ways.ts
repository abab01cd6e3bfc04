import type { Topology } from '../topology.ts'
import { withIpv6 } from './both-families.ts'
import { standard } from './default.ts'

const http = standard.services[0] as object
const served = (node: string, network: string, last: number) => ({
  ...{ node, forward: 'dr', weight: 1 },
  address: `${network}${last}`,
})

/** The default with addresses of both families, and a gateway in each: by NAT, rs3 of both. */
export const ways: Topology = {
  ...standard,
  name: 'ways',
  about: 'the default with IPv4 and IPv6 and a gateway of each: for every forwarding method',
  linksV6: ['inside'],
  nodes: standard.nodes.map((node) => withIpv6(node)),
  groups: [
    {
      name: 'web',
      directors: ['dir1', 'dir2'],
      vips: ['10.11.0.10/24', '2001:db8:11::10/64'],
      gateways: ['10.12.0.254/24', '2001:db8:12::254/64'],
    },
  ],
  services: [
    { ...http, realservers: [served('rs1', '10.11.0.', 11), served('rs2', '10.11.0.', 12)] },
    {
      ...http,
      ...{ name: 'http6', address: '2001:db8:11::10' },
      realservers: [served('rs1', '2001:db8:11::', 11), served('rs2', '2001:db8:11::', 12)],
    },
  ],
}
