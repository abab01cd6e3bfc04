/** The rules beside IPVS on the real nf_tables, with `nft` as judge. */
import { inNamespace } from '@lvsm/kernel'
import { type NatRules, natRulesText } from '@lvsm/plan'
import { afterAll, expect, it } from 'vitest'
import { openNatRules } from '../../agent/node/adapters/kernel/nat-rules.ts'
import { nftables } from '@lvsm/netlink'
import { filter, ip, run, space, value } from './space.ts'

const rules = inNamespace(space, () => openNatRules())
afterAll(() => rules.close())
const nft = (...words: string[]): string => run('ip', 'netns', 'exec', space, 'nft', ...words)
const range = (from: number, to = from) => ({ from, to })
const [address, protocol] = ['10.11.0.10', 'tcp'] as const
const needs: NatRules = {
  untranslated: [{ address: '10.12.0.13', port: 8000, upTo: 8100, protocol }],
  masquerade: [],
  handover: [],
  suppressRst: [{ address, port: 80, protocol, at: 'output' }],
  marks: [
    { address, protocol, ports: range(80), mark: 0x4c00_0001 },
    { address, protocol, ports: range(8000, 8100), mark: 0x4c00_0001 },
    { address, protocol: 'udp', ports: range(53), mark: null },
    { address, protocol: 'udp', ports: range(1, 65_535), mark: 0x4c00_0002 },
  ],
}

it('what inside networks begin leaves with the VIP of their family, also of IPv6, and what is invalid does not', () => {
  const both: NatRules = {
    untranslated: [
      { address: '10.12.0.13', port: 80, protocol },
      { address: 'fd00:12::13', port: 80, protocol },
    ],
    masquerade: [
      { network: { address: '10.12.0.0', prefix: 24 }, vip: address, vips: [address, '10.11.0.11'] },
      { network: { address: 'fd00:12::', prefix: 64 }, vip: 'fd00:11::10', vips: ['fd00:11::10'] },
    ],
    here: ['10.12.0.1', address, 'fd00:12::1', 'fd00:11::10'],
    handover: [],
    suppressRst: [],
  }
  expect(rules.load(both)).toBeNull()
  const text = nft('list', 'table', 'inet', 'lvsm-nat')
  for (const line of [
    'ip saddr @here-ipv4 accept',
    'ct original ip daddr @here-ipv4 ip daddr != @here-ipv4 accept',
    'ip saddr 10.12.0.0/24 ip daddr != 10.12.0.0/24 ip daddr @vips-0 accept',
    'ip saddr 10.12.0.0/24 ip daddr != 10.12.0.0/24 counter packets 0 bytes 0 snat ip to 10.11.0.10',
    'ip saddr 10.12.0.0/24 ip daddr != 10.12.0.0/24 ip saddr != @here-ipv4 ct state invalid counter packets 0 bytes 0 drop',
    'ct original ip6 daddr @here-ipv6 ip6 daddr != @here-ipv6 accept',
    'ip6 saddr fd00:12::/64 ip6 daddr != fd00:12::/64 counter packets 0 bytes 0 snat ip6 to fd00:11::10',
    'ip6 saddr fd00:12::13 tcp sport 80',
  ])
    expect(text).toContain(line)
  expect(text.replaceAll(/\s+/g, ' ')).toContain('elements = { 10.11.0.10, 10.11.0.11 }')
  expect(rules.observe()).toBe(natRulesText(both))
  expect(rules.load(null)).toBeNull()
})

it("packets of a VIP to realservers by full NAT leave with the director's own address, those of others as they are", () => {
  const full: NatRules = {
    ...{ untranslated: [], masquerade: [], handover: [], suppressRst: [] },
    sources: [
      { vip: address, address: '10.12.0.13', protocol, ports: range(8080), source: '10.12.0.1' },
      { vip: 'fd00:11::10', address: 'fd00:12::13', protocol: 'udp', ports: range(53, 54), source: 'fd00:12::1' },
    ],
  }
  expect(rules.load(full)).toBeNull()
  const text = nft('list', 'table', 'inet', 'lvsm-nat').replaceAll(/\s+/g, ' ')
  for (const line of [
    'type nat hook postrouting priority srcnat; policy accept;',
    'ip daddr 10.12.0.13 ct original ip daddr 10.11.0.10 tcp dport 8080 counter packets 0 bytes 0 snat ip to 10.12.0.1',
    'ip6 daddr fd00:12::13 ct original ip6 daddr fd00:11::10 udp dport 53-54 counter packets 0 bytes 0 snat ip6 to fd00:12::1',
  ])
    expect(text).toContain(line)
  expect(rules.observe()).toBe(natRulesText(full))
  const read = filter
    .dump(nftables.dumpRules({ family: 'inet', table: 'lvsm-nat', chain: 'masquerade' }))
    .map((message) => value(nftables.decodeRule(message)).expressions.find(({ kind }) => kind === 'ct-original'))
  expect(read).toEqual([
    { kind: 'ct-original', key: 'destinationIpv4' },
    { kind: 'ct-original', key: 'destinationIpv6' },
  ])
  expect(rules.load(null)).toBeNull()
})

it('what is asked of the VIP from an own address gets the mark of checks on its way out, and nothing else does', () => {
  ip('address add 10.11.0.1/24 dev left')
  ip('address add 10.11.0.10/24 dev left')
  const through: NatRules = {
    ...{ untranslated: [], masquerade: [], handover: [], suppressRst: [] },
    through: [
      { protocol: 'tcp', source: '10.11.0.1', address, port: 80, mark: 0x4d00_0001 },
      { protocol: 'udp', source: '10.11.0.1', address, port: 53, mark: 0x4d00_0002 },
      { protocol: 'tcp', source: 'fd00:11::1', address: 'fd00:11::10', port: 443, mark: 0x4dff_ffff },
    ],
  }
  expect(rules.load(through)).toBeNull()
  const listed = (): string => nft('list', 'chain', 'inet', 'lvsm-nat', 'through').replaceAll(/\s+/g, ' ')
  for (const line of [
    'type filter hook output priority mangle; policy accept;',
    'ip saddr 10.11.0.1 ip daddr 10.11.0.10 tcp dport 80 counter packets 0 bytes 0 meta mark set 0x4d000001 accept',
    'ip saddr 10.11.0.1 ip daddr 10.11.0.10 udp dport 53 counter packets 0 bytes 0 meta mark set 0x4d000002 accept',
    'ip6 saddr fd00:11::1 ip6 daddr fd00:11::10 tcp dport 443 counter packets 0 bytes 0 meta mark set 0x4dffffff accept',
  ])
    expect(listed()).toContain(line)
  expect(rules.observe()).toBe(natRulesText(through))
  // Later than the mark, as IPVS is.
  nft('add table inet later; add chain inet later out { type filter hook output priority -99; }')
  nft('add rule inet later out meta mark 0x4d000001 counter')
  const ask = (source: string, port: number): string =>
    run(
      ...(['ip', 'netns', 'exec', space, 'bash', '-c'] as const),
      `python3 -c "import socket; s = socket.socket(); s.bind(('${source}', 0)); s.connect_ex(('${address}', ${port}))"`,
    )
  const counted = (): string => /packets (\d+)/.exec(nft('list chain inet later out'))?.[1] ?? ''
  for (const [source, port, packets] of [
    ['10.11.0.1', 81, '0'],
    [address, 80, '0'],
    ['10.11.0.1', 80, '1'],
  ] as const) {
    ask(source, port)
    expect([source, port, counted()]).toEqual([source, port, packets])
  }
  nft('delete table inet later')
  expect(rules.load(null)).toBeNull()
})

it('marks, before what keeps refusals back, as nft reads them; removed with the rest', () => {
  expect(rules.load(needs)).toBeNull()
  const text = nft('list', 'table', 'inet', 'lvsm-nat')
  for (const line of [
    'type filter hook prerouting priority mangle; policy accept;',
    'ip daddr 10.11.0.10 tcp dport 80 counter packets 0 bytes 0 meta mark set 0x4c000001 accept',
    'ip daddr 10.11.0.10 tcp dport 8000-8100 counter packets 0 bytes 0 meta mark set 0x4c000001 accept',
    'ip daddr 10.11.0.10 udp dport 53 counter packets 0 bytes 0 accept',
    'ip daddr 10.11.0.10 meta l4proto udp counter packets 0 bytes 0 meta mark set 0x4c000002 accept',
    'ip saddr 10.12.0.13 tcp sport 8000-8100',
  ])
    expect(text).toContain(line)
  expect(text.indexOf('chain marks')).toBeLessThan(text.indexOf('chain suppress-rst-output'))
  expect(rules.observe()).toBe(natRulesText(needs))
  nft('flush', 'chain', 'inet', 'lvsm-nat', 'marks')
  expect(rules.observe()).toBe('changed by somebody else')
  expect(rules.load(needs)).toBeNull()
  expect(rules.observe()).toBe(natRulesText(needs))
  nft('delete', 'table', 'inet', 'lvsm-nat')
  expect(rules.observe()).toBeNull()
  expect(rules.load(null)).toBeNull()
  expect(rules.observe()).toBeNull()
})

it('sees that a table was put to sleep, a policy changed, a set emptied, and not what rules remember', () => {
  const masked: NatRules = {
    ...needs,
    masquerade: [{ network: { address: '10.12.0.0', prefix: 24 }, vip: address, vips: [address] }],
    here: ['10.12.0.1', address],
    handover: [{ address, port: 80, protocol, to: '10.11.0.2', known: true }],
  }
  for (const harm of [
    'add table inet lvsm-nat { flags dormant ; }',
    'add chain inet lvsm-nat untranslated { policy drop ; }',
    'flush set inet lvsm-nat here-ipv4',
    'delete element inet lvsm-nat vips-0 { 10.11.0.10 }',
    'add set inet lvsm-nat more { type ipv4_addr ; }',
  ]) {
    expect(rules.load(masked)).toBeNull()
    expect(rules.observe()).toBe(natRulesText(masked))
    nft(harm)
    expect([harm, rules.observe()]).toEqual([harm, 'changed by somebody else'])
  }
  expect(rules.load(masked)).toBeNull()
  const begun = nftables.newElements({ family: 'ip', table: 'lvsm-nat', set: 'begun' }, [
    { key: new Uint8Array(12), timeoutMs: 60_000 },
  ])
  expect(filter.apply(nftables.batch([begun]))).toBeUndefined()
  expect(rules.observe()).toBe(natRulesText(masked))
  expect(rules.load(null)).toBeNull()
})
