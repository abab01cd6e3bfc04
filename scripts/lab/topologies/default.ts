import type { Topology } from '../topology.ts'

/** Two directors, three realservers (two DR, one NAT; one votes), a client. */
export const standard: Topology = {
  name: 'default',
  about: 'two directors, rs1 (votes) and rs2 by DR, rs3 by NAT, a client',
  networks: [
    { name: 'outside', port: 'out', prefix: 24 },
    { name: 'inside', port: 'in', prefix: 24 },
  ],
  nodes: [
    { name: 'client', roles: ['client'], addresses: { outside: '10.11.0.100' } },
    { name: 'dir1', roles: ['director'], voter: true, addresses: { outside: '10.11.0.1', inside: '10.12.0.1' } },
    { name: 'dir2', roles: ['director'], voter: true, addresses: { outside: '10.11.0.2', inside: '10.12.0.2' } },
    {
      name: 'rs1',
      roles: ['realserver'],
      voter: true,
      addresses: { outside: '10.11.0.11', inside: '10.12.0.11' },
      web: 80,
    },
    { name: 'rs2', roles: ['realserver'], addresses: { outside: '10.11.0.12', inside: '10.12.0.12' }, web: 80 },
    { name: 'rs3', roles: ['realserver'], addresses: { inside: '10.12.0.13' }, web: 8080 },
  ],
  vip: '10.11.0.10',
  port: 80,
  links: ['inside', 'outside'],
  timing: { keepalive: '200ms', lease: '900ms', apply: '50ms', warntime: '600ms', deadtime: '2s', drain: '500ms' },
  groups: [
    {
      name: 'web',
      directors: ['dir1', 'dir2'],
      vips: ['10.11.0.10/24'],
      gateways: ['10.12.0.254/24'],
      // Stands for the router towards the clients.
      ping: ['10.11.0.100'],
    },
  ],
  services: [
    {
      name: 'http',
      group: 'web',
      address: '10.11.0.10',
      port: 80,
      protocol: 'tcp',
      scheduler: 'wrr',
      check: { type: 'tcp', interval: '500ms', timeout: '300ms', fall: 2, rise: 2 },
      realservers: [
        { node: 'rs1', address: '10.11.0.11', forward: 'dr', weight: 1 },
        { node: 'rs2', address: '10.11.0.12', forward: 'dr', weight: 1 },
        { node: 'rs3', address: '10.12.0.13', port: 8080, forward: 'nat', gateway: '10.12.0.254', weight: 1 },
      ],
    },
  ],
}
