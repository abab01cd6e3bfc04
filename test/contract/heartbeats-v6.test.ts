/**
 * Heartbeats over IPv6 on the host's kernel, between two machines with a cable: who is a peer is heard, who is none is dropped by the
 * rules in front of the port. Needs root, and fails without it.
 */
import { type LeaseView, type Outgoing } from '@lvsm/protocol'
import { bindUdp, inNamespace, NETLINK, openNetlink } from '@lvsm/kernel'
import { nftables as nft } from '@lvsm/netlink'
import { createSocket } from 'node:dgram'
import { afterAll, expect, test } from 'vitest'
import { KernelPeerFilter } from '../../agent/lease/adapters/kernel/peer-filter.ts'
import { TABLE } from '../../agent/lease/adapters/kernel/peer-filter-tables.ts'
import { openLinks, type UdpEvents } from '../../agent/lease/adapters/network/udp.ts'
import { heartbeatPorts, honestRate } from '../../agent/lease/heartbeat-ports.ts'
import { all, run, wait } from './space.ts'

const PORT = 6940
const [HERE, THERE] = ['here', 'there'].map((name) => `lvsm-${name}6-${process.pid}`) as [string, string]
const addressOf = (last: number): string => `2001:db8:77::${last}`
const STRANGER = 9
for (const name of [HERE, THERE]) run('ip', 'netns', 'add', name)
run('ip', 'link', 'add', 'cable', 'netns', HERE, 'type', 'veth', 'peer', 'name', 'cable', 'netns', THERE)
for (const [name, ...lasts] of [
  [HERE, 1],
  [THERE, 2, STRANGER],
] as const) {
  for (const last of lasts) run('ip', '-n', name, 'address', 'add', `${addressOf(last)}/64`, 'dev', 'cable', 'nodad')
  run('ip', '-n', name, 'link', 'set', 'cable', 'up')
}
const netfilter = inNamespace(HERE, () => openNetlink(NETLINK.netfilter))
const ends: (() => void)[] = []
afterAll(() => {
  for (const end of ends) end()
  netfilter.close()
  for (const name of [HERE, THERE]) run('ip', 'netns', 'del', name)
})

const viewOf = (node: string): LeaseView => ({
  cluster: 'lab',
  node,
  epoch: 1,
  revision: 1,
  timing: { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 },
  nodes: ['dir1', 'dir2'].map((name, at) => ({
    name,
    voter: true,
    links: [{ name: 'cable', address: addressOf(at + 1), port: PORT }],
  })),
  groups: [],
  keys: [{ id: 1, algorithm: 'sha256', secret: 'cd'.repeat(32) }],
  signWith: 1,
})
const beat = (sequence: number): Outgoing => ({
  ...{ from: 'dir2', incarnation: 'ab'.repeat(16), sequence, spread: 'one', piggybacked: null },
  message: { kind: 'heartbeat', revision: 1, standby: false, voters: '0123456789abcdef', groups: [] },
})
const dropped = (): number[] =>
  all(netfilter.dump(nft.dumpRules(TABLE)), nft.decodeRule)
    .filter(({ chain }) => chain === 'link-cable')
    .flatMap(({ expressions }) => expressions.flatMap((one) => (one.kind === 'counter' ? [one.packets] : [])))

test('peers hear each other over IPv6, and strangers are nobody', async () => {
  const view = viewOf('dir1')
  const filter = new KernelPeerFilter(netfilter)
  expect(filter.build(heartbeatPorts(view, null), honestRate(view))).toMatchObject({ error: '' })
  expect(filter.damage()).toBe('')
  const text = run('ip', 'netns', 'exec', HERE, 'nft', 'list', 'table', 'inet', 'lvsm-peers').replaceAll(/\s+/g, ' ')
  expect(text).toContain(`ip6 daddr ${addressOf(1)} udp dport ${PORT} jump link-cable`)
  expect(text).toContain('ip6 saddr != @peers-cable counter packets 0 bytes 0 drop')

  const heard: number[] = []
  const faults: string[] = []
  const events = (who: string): UdpEvents => ({
    received: ({ from, sequence }) => void (from === 'dir2' && heard.push(sequence)),
    count: (name) => faults.push(`${who} ${name}`),
    linkFailed: (link, error) => faults.push(`${who} ${link.address} ${error.message}`),
    linkBack: () => undefined,
  })
  const here = inNamespace(HERE, () => openLinks(view, events('dir1')))
  const there = inNamespace(THERE, () => openLinks(viewOf('dir2'), events('dir2')))
  ends.push(
    () => here.close(),
    () => there.close(),
  )
  let sequence = 0
  const route = { spread: 'all', heardOn: null, heartbeat: false, turn: 0 } as const
  // The link has just come up: the first may find nobody there.
  await wait(() => {
    there.send(beat(++sequence), [{ node: 'dir1', incarnation: null, route }])
    return heard.length >= 3
  })
  expect(faults.filter((fault) => !fault.includes('send-'))).toEqual([])

  const stranger = createSocket('udp6')
  ends.push(() => stranger.close())
  await new Promise<void>((bound) =>
    stranger.bind({ fd: inNamespace(THERE, () => bindUdp(addressOf(STRANGER), PORT, 1 << 16)) }, bound),
  )
  const before = dropped()[0] ?? 0
  stranger.send('nobody', PORT, addressOf(1))
  await wait(() => (dropped()[0] ?? 0) > before)
  expect(faults.filter((fault) => !fault.includes('send-'))).toEqual([])
})
