/** Views and words for the tests of this room. */
import { type GroupClaim, type LeaseGroup, type LeaseView } from '@lvsm/protocol'
import type { LeaseInput } from './events.ts'

export const timing = { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
export const about = { group: 'web', digest: 'd', epoch: 1 }
const web: LeaseGroup = {
  name: 'web',
  digest: 'd',
  directors: ['dir1', 'dir2'],
  addresses: [{ address: '10.11.0.10', prefix: 24, ifindex: 2, kind: 'vip' }],
}
/** What `node` knows; the voters are those whose names are given. */
export const viewOf = (node: string, nodes: readonly string[], voters: readonly string[] = nodes): LeaseView => ({
  cluster: 'lab',
  node,
  epoch: 1,
  revision: 1,
  timing,
  nodes: nodes.map((name) => ({ name, links: [], voter: voters.includes(name) })),
  groups: [web],
  keys: [],
  signWith: 1,
})
/** A lone director that votes for itself. */
export const view: LeaseView = {
  ...viewOf('dir1', ['dir1', 'rs1'], ['dir1']),
  groups: [{ ...web, directors: ['dir1'] }],
}
/** Two directors, three voters. */
export const trio = (node: string): LeaseView => viewOf(node, ['dir1', 'dir2', 'rs1'])

export const ready = (changed: Partial<Extract<LeaseInput, { kind: 'ready' }>> = {}): LeaseInput => ({
  kind: 'ready',
  group: 'web',
  ready: true,
  interfaceDown: false,
  reaches: 0,
  reason: '',
  ...changed,
})
export const claim = (changed: Partial<GroupClaim> = {}): GroupClaim => ({
  group: 'web',
  holds: false,
  ready: true,
  reaches: 0,
  number: 0,
  leftMs: 0,
  ...changed,
})

/** The same of a node that follows coordinators; each epoch is a revision of its own. */
export const followed = (node: string, epoch: number, voters: readonly string[]): LeaseView => ({
  ...viewOf(node, ['dir1', 'dir2', 'rs1', 'rs2'], voters),
  epoch,
  revision: epoch,
  followed: true,
})
