/**
 * What leaves an inside network, through the agent's rules on the kernel's own nf_tables: a director between two switches, as network
 * namespaces. Nobody outside knows a way to the inside network, so only who was translated is answered. Needs root, and fails without it.
 */
import { inNamespace } from '@lvsm/kernel'
import type { NatRules } from '@lvsm/plan'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { openNatRules } from '../../agent/node/adapters/kernel/nat-rules.ts'
import { run } from './space.ts'

const spaceOf = (name: string): string => `lvsm-${name}-${process.pid}`
const [DIRECTOR, HOST, NEIGHBOUR, OUTSIDE] = ['director', 'host', 'neighbour', 'outside'].map(spaceOf) as [
  string,
  string,
  string,
  string,
]
const within = (name: string, line: string): string => run('ip', 'netns', 'exec', name, ...line.split(' '))
const ip = (name: string, line: string): string => run('ip', '-n', name, ...line.split(' '))
const set = (name: string, path: string, value: string): string =>
  run('ip', 'netns', 'exec', name, 'sh', '-c', `echo ${value} > /proc/sys/${path}`)

for (const name of [DIRECTOR, HOST, NEIGHBOUR, OUTSIDE]) run('ip', 'netns', 'add', name)
ip(DIRECTOR, 'link add inside type bridge')
for (const [port, name] of [
  ['host', HOST],
  ['neighbour', NEIGHBOUR],
] as const) {
  ip(DIRECTOR, `link add ${port} type veth peer name inside netns ${name}`)
  ip(DIRECTOR, `link set ${port} master inside up`)
}
ip(DIRECTOR, `link add outside type veth peer name outside netns ${OUTSIDE}`)
const LINES: readonly (readonly [name: string, device: string, addresses: readonly string[]])[] = [
  [DIRECTOR, 'inside', ['10.12.0.1/24', '10.12.0.254/24', 'fd00:12::fe/64']],
  [DIRECTOR, 'outside', ['10.11.0.10/24', 'fd00:11::10/64']],
  [HOST, 'inside', ['10.12.0.50/24', '10.12.0.99/24', 'fd00:12::50/64']],
  [NEIGHBOUR, 'inside', ['10.12.0.60/24']],
  [OUTSIDE, 'outside', ['10.11.0.100/24', 'fd00:11::100/64']],
]
for (const [name, device, addresses] of LINES) {
  ip(name, `link set ${device} up`)
  ip(name, 'link set lo up')
  for (const conf of ['all', device]) set(name, `net/ipv4/conf/${conf}/rp_filter`, '0')
  for (const address of addresses)
    ip(name, `address add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`)
}
for (const path of ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding']) set(DIRECTOR, path, '1')
for (const device of ['all', 'inside']) set(DIRECTOR, `net/ipv4/conf/${device}/send_redirects`, '0')
ip(HOST, 'route add default via 10.12.0.254')
ip(HOST, '-6 route add default via fd00:12::fe')
ip(HOST, 'route add 10.12.0.60/32 via 10.12.0.254')

const rules = inNamespace(DIRECTOR, () => openNatRules())
afterAll(() => {
  rules.close()
  for (const name of [DIRECTOR, HOST, NEIGHBOUR, OUTSIDE]) run('ip', 'netns', 'del', name)
})

const NEEDS: NatRules = {
  untranslated: [],
  masquerade: [
    { network: { address: '10.12.0.0', prefix: 24 }, vip: '10.11.0.10', vips: ['10.11.0.10'] },
    { network: { address: 'fd00:12::', prefix: 64 }, vip: 'fd00:11::10', vips: ['fd00:11::10'] },
  ],
  // 10.12.0.99: as if it were a VIP in the inside network, and a packet from it an answer that IPVS has translated.
  here: ['10.12.0.1', '10.12.0.254', '10.12.0.99', '10.11.0.10', 'fd00:11::10', 'fd00:12::fe'],
  handover: [],
  suppressRst: [],
}

/** Who sent what arrived: `source packets`. */
function seen(name: string): string[] {
  const text = within(name, 'nft list table inet seen')
  return [...text.matchAll(/saddr (\S+) .*counter packets ([1-9]\d*)/g)].map(
    ([, source, packets]) => `${source} ${packets}`,
  )
}
const SOURCES = ['10.11.0.10', '10.12.0.1', '10.12.0.50', '10.12.0.99', 'fd00:11::10', 'fd00:12::50']
/** One echo request, and whether it was answered. */
function asks(from: string, to: string, name = HOST): boolean {
  try {
    within(name, `ping -n -c 1 -W 1 -I ${from} ${to}`)
    return true
  } catch {
    return false
  }
}
/** From now on echo requests leave the host as answers to nothing. */
const makeInvalid = (): string =>
  within(
    HOST,
    'nft add table ip spoilt; add chain ip spoilt out { type filter hook output priority 0 ; }; add rule ip spoilt out icmp type echo-request icmp type set echo-reply',
  )

beforeEach(() => {
  for (const name of [OUTSIDE, NEIGHBOUR]) {
    within(name, 'nft add table inet seen; delete table inet seen; add table inet seen')
    within(name, 'nft add chain inet seen in { type filter hook input priority 0 ; }')
    for (const source of SOURCES) {
      const [family, protocol] = source.includes(':') ? ['ip6', 'icmpv6'] : ['ip', 'icmp']
      const types = '{ echo-request, echo-reply }'
      within(name, `nft add rule inet seen in ${family} saddr ${source} ${protocol} type ${types} counter`)
    }
  }
  within(HOST, 'nft add table ip spoilt; delete table ip spoilt')
  expect(rules.load(NEEDS)).toBeNull()
})

it('a host that nobody configured leaves with the VIP of its family, and is answered', () => {
  expect(asks('10.12.0.50', '10.11.0.100')).toBe(true)
  expect(asks('fd00:12::50', 'fd00:11::100')).toBe(true)
  expect(seen(OUTSIDE)).toEqual(['10.11.0.10 1', 'fd00:11::10 1'])
})

it('what connection tracking finds invalid does not leave with its private source', () => {
  makeInvalid()
  expect(asks('10.12.0.50', '10.11.0.100')).toBe(false)
  expect(seen(OUTSIDE)).toEqual([])
  expect(within(DIRECTOR, 'nft list chain inet lvsm-nat untranslated')).toMatch(
    /ip saddr 10\.12\.0\.0\/24 ip daddr != 10\.12\.0\.0\/24 ip saddr != @here-ipv4 ct state invalid counter packets 1 /,
  )
})

it('nor does an answer of IPVS end, whatever connection tracking knows of it: it bears a floating address', () => {
  makeInvalid()
  asks('10.12.0.99', '10.11.0.100')
  expect(seen(OUTSIDE)).toEqual(['10.12.0.99 1'])
})

it('what stays in the network is left alone, invalid or not', () => {
  expect(asks('10.12.0.50', '10.12.0.60')).toBe(true)
  makeInvalid()
  asks('10.12.0.50', '10.12.0.60')
  expect(seen(NEIGHBOUR)).toEqual(['10.12.0.50 2'])
})

it('what the director itself sends from its inside address keeps that', () => {
  asks('10.12.0.1', '10.11.0.100', DIRECTOR)
  expect(seen(OUTSIDE)).toEqual(['10.12.0.1 1'])
})

it('what is for a VIP beside the gateway is left to IPVS', () => {
  const elsewhere = NEEDS.masquerade.map((one) => ({ ...one, vips: [...one.vips, '10.11.0.100', 'fd00:11::100'] }))
  const ofFamily = elsewhere.map((one) => ({
    ...one,
    vips: one.vips.filter((vip) => vip.includes(':') === one.vip.includes(':')),
  }))
  expect(rules.load({ ...NEEDS, masquerade: ofFamily })).toBeNull()
  asks('10.12.0.50', '10.11.0.100')
  expect(seen(OUTSIDE)).toEqual(['10.12.0.50 1'])
})
