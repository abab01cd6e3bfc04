/** A small cluster as the tests of views and links have it. */
import { type LeaseLink, type LeaseView } from '@lvsm/protocol'

export const links: LeaseLink[] = [
  { name: 'inside', address: '10.12.0.1', port: 6940 },
  { name: 'outside', address: '10.11.0.1', port: 6940 },
]
export const VIEW: LeaseView = {
  cluster: 'lab',
  node: 'dir1',
  epoch: 1,
  revision: 1,
  timing: { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 },
  nodes: [
    { name: 'dir1', voter: true, links },
    { name: 'dir2', voter: true, links: [] },
  ],
  groups: [{ name: 'web', digest: 'd', directors: ['dir1'], addresses: [] }],
  keys: [{ id: 1, algorithm: 'sha256', secret: 'ab' }],
  signWith: 1,
}
export const GROUP = { name: 'web', digest: 'd', directors: ['dir1'], addresses: [] }
export const ADDRESS = { address: '10.11.0.10', prefix: 24, ifindex: 2, kind: 'vip' } as const
export const PAIR = { signWith: 0x8081, keys: [{ id: 0x8081, secret: 'cd'.repeat(32) }], shared: true }
