/**
 * The rules in front of a heartbeat port on the kernel's own nf_tables, and a flood against them: two machines with a cable
 * between them, as network namespaces. Needs root, and fails without it.
 */
import { type LeaseView, type Outgoing, sealer } from '@lvsm/protocol'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { inNamespace, NETLINK, openNetlink } from '@lvsm/kernel'
import { nftables as nft, rtnetlink as rt } from '@lvsm/netlink'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { KernelPeerFilter } from '../../agent/lease/adapters/kernel/peer-filter.ts'
import { TABLE } from '../../agent/lease/adapters/kernel/peer-filter-tables.ts'
import { keyring } from '../../agent/lease/adapters/network/keyring.ts'
import { openLinks, type UdpEvents } from '../../agent/lease/adapters/network/udp.ts'
import { heartbeatPorts, honestRate } from '../../agent/lease/heartbeat-ports.ts'
import { asFrame, udpPacket } from '../kit/packets.ts'
import { all, run, wait } from './space.ts'

const PORT = 6940
const [HERE, THERE] = ['here', 'there'].map((name) => `lvsm-${name}-${process.pid}`) as [string, string]
const addressOf = (last: number): string => `10.77.0.${last}`
for (const name of [HERE, THERE]) run('ip', 'netns', 'add', name)
run('ip', 'link', 'add', 'cable', 'netns', HERE, 'type', 'veth', 'peer', 'name', 'cable', 'netns', THERE)
for (const [at, name] of [HERE, THERE].entries()) {
  run('ip', '-n', name, 'address', 'add', `${addressOf(at + 1)}/24`, 'dev', 'cable')
  run('ip', '-n', name, 'link', 'set', 'cable', 'up')
}
const netfilter = inNamespace(HERE, () => openNetlink(NETLINK.netfilter))
const linkIn = (name: string): rt.Link => {
  const route = inNamespace(name, () => openNetlink(NETLINK.route))
  const found = all(route.dump(rt.dumpLinks()), rt.decodeLink).find((link) => link.name === 'cable')
  route.close()
  if (!found) throw new Error(`no cable in ${name}`)
  return found
}
const [hereMac, there] = [linkIn(HERE).mac ?? '', linkIn(THERE)]
afterAll(() => {
  netfilter.close()
  for (const name of [HERE, THERE]) run('ip', 'netns', 'del', name)
})

const viewOf = (node: string): LeaseView => ({
  cluster: 'lab',
  node,
  epoch: 1,
  revision: 1,
  timing: { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 },
  nodes: ['dir1', 'dir2', 'rs1'].map((name, at) => ({
    name,
    voter: true,
    links: [{ name: 'cable', address: addressOf(at + 1), port: PORT }],
  })),
  groups: [],
  keys: [{ id: 1, algorithm: 'sha256', secret: 'cd'.repeat(32) }],
  signWith: 1,
})
const VIEW = viewOf('dir1')
const beat = (from: string, sequence: number): Outgoing => ({
  from,
  incarnation: 'ab'.repeat(16),
  sequence,
  spread: 'one',
  piggybacked: null,
  message: { kind: 'heartbeat', revision: 1, standby: false, voters: '0123456789abcdef', groups: [] },
})
/** As it would come from a machine that says it is there. */
function frame(source: string, bytes: Uint8Array, from = PORT): Uint8Array {
  const { protocol, network } = udpPacket(source, addressOf(1), [from, PORT])
  const whole = Buffer.concat([network, bytes])
  whole.writeUInt16BE(whole.length, 2)
  whole.writeUInt16BE(8 + bytes.length, 24)
  whole.writeUInt16BE(0, 10)
  let sum = 0
  for (let at = 0; at < 20; at += 2) sum += whole.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  whole.writeUInt16BE(~sum & 0xffff, 10)
  return asFrame({ protocol, network: whole }, hereMac, there.mac ?? '')
}
const seal = (from: string, sequence: number, view = VIEW): Uint8Array =>
  sealer(beat(from, sequence), 'lab', view.signWith, keyring(view.keys))(null)

/** By two processes: one alone is held up by the kernel's own work. */
async function flood(frames: readonly Uint8Array[], ms: number): Promise<{ sent: number; ms: number }> {
  const begin = performance.now()
  const sent = await Promise.all([0, 1].map(() => flooder(frames, ms)))
  return { sent: sent.reduce((sum, one) => sum + one, 0), ms: performance.now() - begin }
}
async function flooder(frames: readonly Uint8Array[], ms: number): Promise<number> {
  const hex = frames.map((bytes) => Buffer.from(bytes).toString('hex')).join(',')
  const program = new URL('flooder.ts', import.meta.url).pathname
  const child = spawn('ip', [
    'netns',
    'exec',
    THERE,
    process.execPath,
    program,
    `${there.index}`,
    hex,
    `${ms}`,
    `${LEAST / 2}`,
  ])
  let out = ''
  child.stdout.on('data', (chunk) => (out += String(chunk)))
  await once(child, 'close')
  return Number(out)
}
/** Not from a peer, not from its port, beyond its share. */
const dropped = (): number[] =>
  all(netfilter.dump(nft.dumpRules(TABLE)), nft.decodeRule)
    .filter(({ chain }) => chain === 'link-cable')
    .flatMap(({ expressions }) => expressions.flatMap((one) => (one.kind === 'counter' ? [one.packets] : [])))

let filter: KernelPeerFilter
beforeEach(() => {
  filter = new KernelPeerFilter(netfilter)
  expect(filter.build(heartbeatPorts(VIEW, null), honestRate(VIEW))).toMatchObject({ error: '' })
})

describe('the rules', () => {
  test('read as they are meant', () => {
    const text = run('ip', 'netns', 'exec', HERE, 'nft', 'list', 'table', 'inet', 'lvsm-peers')
    for (const line of [
      'type filter hook input priority raw; policy accept;',
      'ip daddr 10.77.0.1 udp dport 6940 jump link-cable',
      'ip saddr != @peers-cable counter packets 0 bytes 0 drop comment "cable: not from a peer"',
      'udp sport != @ports-cable limit rate over 50/second burst 50 packets counter packets 0 bytes 0 drop',
      'add @rate-cable { ip saddr limit rate over 240/second burst 240 packets } counter packets 0 bytes 0 drop',
      'ip saddr != @pillars-cable add @bystanders-cable { ip saddr limit rate over 250/second burst 250 packets } counter',
      'elements = { 10.77.0.2, 10.77.0.3 }',
    ])
      expect(text.replaceAll(/\s+/g, ' ')).toContain(line)
  })
  test('are whole by the word of the kernel, put back when somebody flushed the rule set, and gone at the end', () => {
    expect(filter.damage()).toBe('')
    run('ip', 'netns', 'exec', HERE, 'nft', 'flush', 'ruleset')
    expect(filter.damage()).toBe('table inet lvsm-peers is gone')
    expect(filter.restore().result).toBe('done')
    expect(filter.damage()).toBe('')
    expect(filter.clear().result).toBe('done')
    expect(all(netfilter.dump(nft.dumpTables('inet')), nft.decodeTable)).toEqual([])
  })
  test('are replaced by those of another view, peers and shares too', () => {
    const [port] = heartbeatPorts(VIEW, null)
    if (!port) throw new Error('dir1 has a link')
    expect(filter.build([{ ...port, peers: [addressOf(9)] }], 500).result).toBe('done')
    expect(filter.damage()).toBe('')
  })
})

const MS = 3000
/** Tens of thousands: fewer are no flood. */
const LEAST = 30_000
describe('a flood', () => {
  const wrong: LeaseView = { ...VIEW, keys: [{ id: 1, algorithm: 'sha256', secret: '00'.repeat(32) }] }
  const unknown: LeaseView = { ...VIEW, keys: [{ id: 9, algorithm: 'sha256', secret: '00'.repeat(32) }], signWith: 9 }
  test.each([
    [
      'of strangers',
      Array.from({ length: 100 }, (_, at) => frame(addressOf(100 + at), seal('dir2', 1))),
      { rule: 0, most: () => 0 },
    ],
    [
      "with a peer's address: wrong signatures and unknown keys",
      [frame(addressOf(3), seal('rs1', 1, wrong)), frame(addressOf(3), seal('rs1', 1, unknown))],
      { rule: 2, most: (ms: number) => honestRate(VIEW) * (1 + ms / 1000) + 1 },
    ],
    [
      'of an ordinary process on a peer',
      [frame(addressOf(3), seal('rs1', 1, wrong), 40_000)],
      { rule: 1, most: (ms: number) => 50 * (1 + ms / 1000) + 1 },
    ],
  ])(
    '%s keeps no heartbeat out, and nearly all of it is dropped by the rules',
    async (what, frames, { rule, most }) => {
      const heard = new Set<number>()
      const counters: Record<string, number> = {}
      const silent: UdpEvents = { received: () => {}, count: () => {}, linkFailed: () => {}, linkBack: () => {} }
      const receiver = inNamespace(HERE, () =>
        openLinks(VIEW, {
          ...silent,
          received: ({ from, sequence }) => void (from === 'dir2' && heard.add(sequence)),
          count: (name) => void (counters[name] = (counters[name] ?? 0) + 1),
        }),
      )
      const honest = inNamespace(THERE, () => openLinks(viewOf('dir2'), silent))
      let sequence = 0
      const route = { spread: 'one', heardOn: null, heartbeat: true, turn: 0 } as const
      // Half of what the rules promise to let through, for as long as the flood lasts.
      const beating = setInterval(
        () => honest.send(beat('dir2', ++sequence), [{ node: 'dir1', incarnation: null, route }]),
        2000 / honestRate(VIEW),
      )
      try {
        const { sent, ms } = await flood(frames, MS)
        clearInterval(beating)
        await wait(() => heard.size === sequence)
        judge(what, { sent, ms, sequence, counters }, { rule, most: most(ms), frames: frames.length })
      } finally {
        clearInterval(beating)
        receiver.close()
        honest.close()
      }
    },
  )
})

interface Flooded {
  readonly sent: number
  readonly ms: number
  /** Heartbeats that were heard beside it. */
  readonly sequence: number
  readonly counters: Readonly<Record<string, number>>
}
function judge(
  what: string,
  { sent, ms, sequence, counters }: Flooded,
  { rule, most, frames }: { rule: number; most: number; frames: number },
): void {
  const reached = Object.values(counters).reduce((sum, count) => sum + count, 0)
  process.stderr.write(
    `${what}: ${Math.round((1000 * sent) / ms)} a second; ${reached} of ${sent} got past the rules; ${sequence} heartbeats heard\n`,
  )
  expect(reached).toBeLessThanOrEqual(most)
  expect(dropped()[rule]).toBeGreaterThanOrEqual(sent - reached - frames)
  expect(sent).toBeGreaterThanOrEqual(LEAST)
  expect(filter.damage()).toBe('')
}
