/** Which packet filters of others let nothing pass that is forwarded, on the host's kernel. Needs root, and fails without it. */
import { inNamespace, NETLINK, openNetlink } from '@lvsm/kernel'
import { expect, test } from 'vitest'
import { openForwarding } from '../../agent/node/adapters/kernel/forwarding.ts'
import { run, space } from './space.ts'

const netfilter = inNamespace(space, () => openNetlink(NETLINK.netfilter))
const nft = (text: string): string => run('ip', 'netns', 'exec', space, 'nft', text)
const found = () => openForwarding(netfilter, () => 0)()

test('a chain that drops what is forwarded is found while it has no rule; others are not', () => {
  expect(found()).toEqual([])
  nft('add table ip others; add chain ip others forward { type filter hook forward priority 0; policy drop; }')
  nft('add table inet both; add chain inet both FORWARD { type filter hook forward priority 5; policy drop; }')
  nft('add chain inet both input { type filter hook input priority 0; policy drop; }')
  nft('add table inet fine; add chain inet fine forward { type filter hook forward priority 0; policy accept; }')
  nft('add table bridge switch; add chain bridge switch forward { type filter hook forward priority 0; policy drop; }')
  const [both, v4] = [
    { families: ['ipv4', 'ipv6'], family: 'inet', table: 'both', chain: 'FORWARD' },
    { families: ['ipv4'], family: 'ip', table: 'others', chain: 'forward' },
  ]
  expect(found().toSorted((a, b) => a.table.localeCompare(b.table))).toEqual([both, v4])
  nft('add rule inet both FORWARD ip saddr 10.0.0.0/8 accept')
  expect(found(), 'what its rules let pass is not known').toEqual([v4])
  nft('add chain ip others forward { policy accept; }')
  expect(found()).toEqual([])
})

test('the table is read anew every five seconds at most', () => {
  let now = 0
  const look = openForwarding(netfilter, () => now)
  expect(look()).toEqual([])
  nft('add table ip others; add chain ip others forward { type filter hook forward priority 0; policy drop; }')
  expect(look()).toEqual([])
  now = 5000
  expect(look()).toHaveLength(1)
})
