import type { NodeView, ServiceId } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { apply, kernel, links, planInput, viewOf, wide } from './fixture.ts'
import { claim, desired, diff, type Observed, type OwnedRecord, troublesOf } from './index.ts'

const RECORD = claim(new Map(), wide.services)
/** With its own address on the heartbeat link, in no network that others would look for. */
function troubles(view: NodeView, seenNow: Observed, record: OwnedRecord = RECORD) {
  const own = view.node.links.map(({ name, address }) => ({ index: 2, address, prefix: 32, label: name }))
  const now = { ...seenNow, addresses: [...own, ...seenNow.addresses] }
  return troublesOf(view, desired(planInput('dir1', { view }), now), now, record)
}
/** Severity and code of each, then what its message and its hint name. */
const seen = (node: string, more: Partial<Observed> = {}, change = (view: NodeView): NodeView => view) =>
  troubles(change(viewOf(wide, node)), kernel(more)).map(({ severity, code, message, hint }) => ({
    code: `${severity} ${code}`,
    says: `${message}\n${hint}`,
  }))
const route = (gateway: string | null, index: number, protocol: number) => ({ gateway, index, protocol, metric: 0 })
const on =
  (name: string | null) =>
  (view: NodeView): NodeView => ({
    ...view,
    directs: view.directs.map((group) => ({
      ...group,
      addresses: group.addresses.slice(0, 1).map((entry) => ({ ...entry, interface: name })),
    })),
  })
const foreign = { address: '10.11.0.50', port: 81, forward: 'dr' as const, weight: 1, active: 0, inactive: 0 }
const table = (...dests: NonNullable<Observed['services']>[number]['dests']): Partial<Observed> => ({
  services: [{ protocol: 'tcp', address: '10.11.0.10', port: 80, spec: { scheduler: 'wrr', flags: [] }, dests }],
})

const strange = (id: ServiceId): Partial<Observed> => ({
  services: [{ ...id, spec: { scheduler: 'rr', flags: [] }, dests: [] }],
})

type Case = [cause: string, found: ReturnType<typeof seen>, code: string, names: readonly string[]]
const NAMED: readonly Case[] = [
  [
    'a service by mark of somebody else',
    seen('dir1', strange({ fwmark: 7, family: 'ipv4' })),
    'critical foreign-service',
    ['fwmark 7', 'ipvsadm -D -f 7', 'before any other service'],
  ],
  [
    'a service of somebody else on one of our VIPs',
    seen('dir1', strange({ protocol: 'tcp', address: '10.11.0.10', port: 22 })),
    'critical foreign-service',
    ['10.11.0.10:22', 'of this VIP'],
  ],
  [
    'a service of somebody else at a VIP of another group, for which this director is a realserver',
    seen('dir1', strange({ protocol: 'tcp', address: '10.11.0.90', port: 80 }), (view) => ({
      ...view,
      answersFor: [{ address: '10.11.0.90', group: 'other', placement: 'lo' }],
    })).filter(({ code }) => code.endsWith('foreign-service')),
    'critical foreign-service',
    ['10.11.0.90:80', 'of this VIP'],
  ],
  [
    'a route of others before the right one',
    seen('rs3', {
      defaults: [{ ...route('10.12.0.254', 2, 3), metric: 100 }, route('10.12.0.1', 2, 3)],
    }),
    'critical foreign-default-route',
    ['10.12.0.1', '10.12.0.254'],
  ],
  [
    'a route of others',
    seen('rs3', { defaults: [route('10.12.0.1', 2, 3)] }),
    'critical foreign-default-route',
    ['10.12.0.1', '10.12.0.254'],
  ],
  [
    'another interface',
    seen('rs3', { defaults: [route('10.12.0.254', 3, 3)] }),
    'critical foreign-default-route',
    ['10.12.0.254'],
  ],
  [
    'a route to the wire',
    seen('rs3', { defaults: [route(null, 2, 3)] }),
    'critical foreign-default-route',
    ['the wire'],
  ],
  ['no way to the gateway', seen('rs3', { addresses: [] }), 'critical gateway-unreachable', ['10.12.0.254']],
  [
    'no such interface',
    seen('dir1', {}, on('eth7')).slice(0, 1),
    'critical no-interface',
    ['there is no interface eth7', 'vip 10.11.0.10 of group web'],
  ],
  [
    'no network',
    seen('dir1', { addresses: [] }, on(null)).slice(0, 1),
    'critical no-interface',
    ['no interface is in the network of 10.11.0.10'],
  ],
  [
    'an interface down',
    seen('dir1', { links: links.map((link) => ({ ...link, up: link.name !== 'outside' })) }, on(null)).slice(0, 1),
    'critical interface-down',
    ['outside is down', 'vip 10.11.0.10 of group web', 'ip link set outside up'],
  ],
  [
    'a named interface down',
    seen('dir1', { links: links.map((link) => ({ ...link, up: link.name !== 'inside' })) }, on('inside')).slice(0, 1),
    'critical interface-down',
    ['inside is down'],
  ],
  [
    'an interface down over which heartbeats alone go',
    seen('rs3', { links: links.map((link) => ({ ...link, up: link.name !== 'inside' })) }),
    'warning link-down',
    ['interface inside is down, needed for heartbeat link inside', 'ip link set inside up'],
  ],
  ['no IPVS', seen('dir1', { services: null }), 'critical no-ipvs', ['modprobe ip_vs']],
  [
    'a foreign destination',
    seen('dir1', table(foreign)),
    'warning foreign-destination',
    [
      '10.11.0.50:81 in service tcp 10.11.0.10:80 is not of our making and stays, with ',
      '-t 10.11.0.10:80 -r 10.11.0.50:81',
    ],
  ],
  [
    'no such setting',
    seen('rs3', { sysctls: new Map([['net/ipv4/conf/all/accept_redirects', null]]) }),
    'warning no-sysctl',
    ['net/ipv4/conf/all/accept_redirects'],
  ],
]

describe('a trouble', () => {
  it.each(NAMED)('is named, with what stands in the way and what to do: %s', (_, found, code, names) => {
    expect(found.map((one) => one.code)).toEqual([code])
    for (const name of names) expect(found[0]?.says).toContain(name)
  })

  it('what somebody else has elsewhere is none of our business', () => {
    expect(seen('dir1', strange({ protocol: 'udp', address: '192.0.2.1', port: 53 }))).toEqual([])
  })
  it('is named for each place that it is in', () => {
    const all = seen('dir1', { links: links.map((link) => ({ ...link, up: false })) })
    expect(all.map(({ code, says }) => [code, says.slice(0, says.indexOf(' is down'))])).toEqual([
      ['critical interface-down', 'interface outside'],
      ['critical interface-down', 'interface inside'],
    ])
    const two = { defaults: [route('10.12.0.1', 2, 3), route('10.12.0.2', 2, 4), route('10.12.0.254', 2, 76)] }
    expect(seen('rs3', two).map(({ code }) => code)).toEqual(
      Array.from({ length: 2 }, () => 'critical foreign-default-route'),
    )
    expect(seen('dir1', table(foreign, { ...foreign, port: 82 }))).toHaveLength(2)
    const unset = {
      sysctls: new Map([
        ['net/ipv4/conf/all/accept_redirects', null],
        ['net/ipv4/conf/inside/accept_redirects', null],
      ]),
    }
    expect(seen('rs3', unset)).toHaveLength(2)
  })
})

const calm: readonly [why: string, found: ReturnType<typeof seen>][] = [
  ['a director', seen('dir1')],
  ['a realserver by direct routing', seen('rs1')],
  ['a NAT realserver', seen('rs3')],
  ['our own route, whichever', seen('rs3', { defaults: [route('10.12.0.9', 2, 76)] })],
  ['the right route, set by others', seen('rs3', { defaults: [route('10.12.0.254', 2, 3)] })],
  [
    'a route of others behind ours: the kernel takes the lesser metric',
    seen('rs3', { defaults: [route('10.12.0.254', 2, 76), { ...route('10.12.0.1', 2, 3), metric: 100 }] }),
  ],
  ['a route of others where no gateway is wanted', seen('dir1', { defaults: [route('10.12.0.1', 2, 3)] })],
  ['a named interface', seen('dir1', {}, on('inside'))],
  ['no IPVS where none is needed', seen('rs3', { services: null })],
  ['a foreign service where nothing is to be served', seen('rs3', table(foreign))],
  ['our destinations', seen('dir1', table({ ...foreign, address: '10.11.0.11', port: 80 }))],
  [
    'a setting of a module that is not loaded',
    seen('dir1', { sysctls: new Map([['net/ipv4/vs/expire_nodest_conn', null]]) }),
  ],
  ['a setting that is not wanted', seen('rs3', { sysctls: new Map([['net/ipv4/ip_forward', null]]) })],
  ['a setting that was not read', seen('rs3', { sysctls: new Map() })],
  [
    'a link down that nobody needs',
    seen('rs1', { links: [...links, { index: 9, name: 'spare', loopback: false, up: false }] }),
  ],
]

describe('no trouble', () => {
  it.each(calm)('is %s', (_, found) => expect(found).toEqual([]))

  it('is what the first plan mends', () => {
    const view = viewOf(wide, 'dir2')
    const wanted = desired(planInput('dir1', { view }), kernel())
    const after = diff(kernel(), wanted, RECORD).reduce(apply, kernel())
    expect(troubles(view, after)).toEqual([])
  })
})
