/** Who answers for an address of others has a name where this node's neighbour table and the configuration know it. */
import type { Trouble } from '@lvsm/base'
import { withoutEchoes } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf } from '../fixture.ts'

const [MAC, OTHER] = ['02:00:00:00:00:13', '02:00:00:00:00:14']
const CONFLICT: Trouble = {
  ...{ code: 'address-conflict', severity: 'critical', object: 'group web', hint: 'find that MAC address' },
  message: `${MAC} answers for an address of web, which dir1 owns (10.11.0.10 on outside)`,
  evidence: 'a frame named it',
}
const DUPLICATE: Trouble = {
  ...{ code: 'duplicate-address', severity: 'critical', object: 'address 10.11.0.1', hint: 'find that MAC' },
  message: `${MAC} and ${OTHER} answer for 10.11.0.1 too, which is this node's own address on outside`,
}
function said(trouble: Trouble, holders: readonly { readonly mac: string; readonly address: string }[]) {
  const dir1 = node('dir1')
  dir1.kern.macHolders = [...holders]
  dir1.feed({ kind: 'lease-up' })
  goesOn(dir1, 3000, { ...statusOf('dir1', 'dir1'), troubles: [trouble] })
  return dir1.core.status(dir1.now()).troubles.find(({ code }) => code === trouble.code)
}
const { config } = node('dir1')
const link = config.nodes.find(({ name }) => name === 'rs1')!.links.find(({ name }) => name === 'outside')!

test('a node by its link, with the entry that says so, and where to look', () => {
  expect(said(CONFLICT, [{ mac: MAC, address: link.address }])).toMatchObject({
    message: `${MAC} (rs1's outside) answers for an address of web, which dir1 owns (10.11.0.10 on outside)`,
    evidence: `a frame named it; ip neigh: ${link.address} lladdr ${MAC}`,
    hint: 'look first on rs1 (ip addr show), and take the address off there; else find that MAC address',
  })
})
test('a stranger by what else it has; a floating address says nothing of whose it is, and nor does another MAC', () => {
  expect(said(CONFLICT, [{ mac: MAC, address: '10.11.0.77' }])?.message).toMatch(
    `${MAC} (which has 10.11.0.77 too) answers for `,
  )
  expect(said(CONFLICT, [{ mac: MAC, address: '10.11.0.77' }])?.hint).toMatch(
    /^look first on the machine at 10\.11\.0\.77 \(ip addr show\), and take the address off there; else find /,
  )
  for (const holder of [
    { mac: MAC, address: '10.11.0.10' },
    { mac: OTHER, address: link.address },
  ])
    expect(said(CONFLICT, [holder])).toMatchObject({ message: CONFLICT.message, hint: 'find that MAC address' })
})
test('of several each by itself', () => {
  const holders = [
    { mac: OTHER, address: link.address },
    { mac: MAC, address: '10.11.0.1' },
  ]
  expect(said(DUPLICATE, holders)?.message).toBe(
    `${MAC} and ${OTHER} (rs1's outside) answer for 10.11.0.1 too, which is this node's own address on outside`,
  )
})
test('and the realserver that says it itself is the same cause', () => {
  const cause = {
    ...{ code: 'vip-answers', severity: 'critical' as const, node: 'rs1', object: 'address 10.11.0.10' },
    message: 'VIP 10.11.0.10 stands on outside too',
    evidence: `who asks for 10.11.0.10 is answered by ${MAC}`,
  }
  const named = { ...said(CONFLICT, [{ mac: MAC, address: link.address }])!, node: 'dir1' }
  expect(withoutEchoes([cause, named])).toEqual([cause])
})
