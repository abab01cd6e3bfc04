/**
 * What somebody does to the fence with nft, on the kernel: each is seen, and the tables stand again as nft listed them before. Who comes by a lease's addresses and rules
 * else is in test/drift. Needs root, and fails without it.
 */
import { type LeaseGroup } from '@lvsm/protocol'
import { boottime, inNamespace } from '@lvsm/kernel'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { KernelFence } from '../../agent/lease/adapters/kernel/fence.ts'
import { index, run, space } from './space.ts'

const GROUP: LeaseGroup = {
  name: 'web',
  digest: '0000000000000000',
  directors: ['dir1'],
  addresses: ['10.55.7.10', '10.55.7.11', '2001:db8:55::10'].map((address) => ({
    ...{ address, prefix: 24, ifindex: index, kind: 'vip' },
  })),
}
const fence = inNamespace(space, () => new KernelFence(boottime, () => 'left'))
afterAll(() => fence.close())
const nft = (...words: string[]): string => run('ip', 'netns', 'exec', space, 'nft', ...words)
/** Handles aside, and counters. */
const listed = (): string => nft('-s', 'list', 'ruleset')
const built = (): void => expect(fence.build([GROUP], [])).toMatchObject({ result: 'done' })

beforeEach(built)

test.each([
  ['a chain is emptied', 'flush chain arp lvsm group-web'],
  ['a rule lets everything pass', 'insert rule inet lvsm prerouting accept'],
  ['a rule is added at the end', 'add rule arp lvsm group-web counter'],
  ['an address is guarded no more', 'delete element inet lvsm addresses { 10.55.7.11 : jump group-web }'],
  ['one of IPv6', 'delete element ip6 lvsm addresses6 { 2001:db8:55::10 : jump group-web }'],
  ['a chain is removed', 'flush chain inet lvsm forward; delete chain inet lvsm forward'],
  ['a chain has another policy', 'chain inet lvsm forward { policy drop; }'],
  ['a table is put to sleep', 'add table inet lvsm { flags dormant; }'],
  ['a table is removed', 'delete table arp lvsm'],
  ['the table of raw frames is removed', 'delete table netdev lvsm'],
  ['all rules are flushed', 'flush ruleset'],
  ['the group is opened without an end', 'add element inet lvsm open-web { ip }'],
  ['the group is opened without an end', 'add element inet lvsm open-web { ip6 }'],
  ['the group is opened without an end', 'add element arp lvsm open-web { arp }'],
  ['the group is opened without an end', 'add element netdev lvsm open-web { arp }'],
  ['the group is opened without an end', 'add element netdev lvsm open-web { ip6 }'],
  ['the group is opened without an end', 'add element ip6 lvsm open-web { ip6 }'],
])('%s: nft %s', (_, line) => {
  const before = listed()
  expect(fence.damage()).toBe('')
  nft(line)
  expect(listed(), 'something was changed').not.toBe(before)
  expect(fence.damage()).toMatch(/./)
  built()
  expect(fence.damage()).toBe('')
  expect(listed()).toBe(before)
})
