import { describe, expect, it } from 'vitest'
import { type AddressService, serviceKey } from '@lvsm/model'
import { kernel } from './fixture.ts'
import { audit, type Observed, type ObservedDest, type Operation, type AuditInput } from './index.ts'

const SERVICE: AddressService = { protocol: 'tcp', address: '10.11.0.10', port: 80 }
const at = (octet: number, weight = 1): ObservedDest => ({
  address: `10.11.0.${octet}`,
  port: 80,
  forward: 'dr',
  weight,
  active: 0,
  inactive: 0,
})
const table = (...dests: ObservedDest[]) => [{ ...SERVICE, spec: { scheduler: 'rr', flags: [] }, dests }]
const QUIET = new Map([
  ['net/ipv4/conf/all/arp_ignore', '1'],
  ['net/ipv4/conf/all/arp_announce', '2'],
])
/** Two of ours, which serve; a third may come. */
const auditInput = (observed: Partial<Observed> = {}, more: Partial<AuditInput> = {}): AuditInput => ({
  observed: kernel({ services: table(at(11), at(12)), sysctls: QUIET, ...observed }),
  owned: new Map([['tcp 10.11.0.10:80', new Set(['10.11.0.11:80', '10.11.0.12:80', '10.11.0.13:80'])]]),
  held: new Set(),
  ...more,
})

const add = (octet: number, weight = 1, service = SERVICE): Operation => ({
  kind: 'dest-add',
  service,
  dest: { ...at(octet), forward: 'dr', weight },
})
const edit = (octet: number, weight: number, service = SERVICE): Operation => ({
  kind: 'dest-edit',
  service,
  dest: { ...at(octet), forward: 'dr', weight },
})
const remove = (octet: number, service = SERVICE): Operation => ({
  kind: 'dest-remove',
  service,
  address: `10.11.0.${octet}`,
  port: 80,
})
const forgotten = (octet: number, service = SERVICE): Operation => ({
  kind: 'dest-flush',
  service,
  address: `10.11.0.${octet}`,
  port: 80,
})
const serviceAdd = (service = SERVICE): Operation => ({
  kind: 'service-add',
  service,
  spec: { scheduler: 'rr', flags: [] },
})
const serviceEdit: Operation = { kind: 'service-edit', service: SERVICE, spec: { scheduler: 'wrr', flags: [] } }
const serviceRemove = (service = SERVICE): Operation => ({ kind: 'service-remove', service })
const sysctl = (path: string, value = '1'): Operation => ({ kind: 'sysctl', path, value, was: '0', why: '' })
const OUR_ALIAS = { address: '10.11.0.10', prefix: 32, index: 1, label: 'lo:lvsm' }
const alias = (more: Partial<typeof OUR_ALIAS> = {}): Operation => ({ kind: 'alias-add', ...OUR_ALIAS, ...more })
const aliasRemove = (more: Partial<typeof OUR_ALIAS> = {}): Operation => ({
  kind: 'alias-remove',
  ...OUR_ALIAS,
  ...more,
})
const natRules = (address: string): Operation => ({
  kind: 'nat-rules',
  needs: { untranslated: [{ address, port: 80, protocol: 'tcp' }], masquerade: [], handover: [], suppressRst: [] },
})
const route = { kind: 'route-set', gateway: '10.12.0.254', index: 2 } as const
const routeRemove = (protocol: number): Operation => ({
  kind: 'route-remove',
  gateway: '10.12.0.1',
  index: 2,
  protocol,
})
const standing = (...protocols: number[]): Partial<Observed> => ({
  defaults: protocols.map((protocol) => ({ gateway: '10.12.0.1', index: 2, protocol, metric: 0 })),
})
const held = { held: new Set(['10.11.0.10']) }
const MARKED = { fwmark: 7, family: 'ipv4' } as const
const OTHER = { ...SERVICE, port: 8 }
const lone = (...dests: ObservedDest[]) => ({ services: table(...dests) })

/** Each breaks one law and no other: without that law it would be accepted. */
const REFUSED: readonly [law: string, plan: readonly Operation[], seen: AuditInput, says: RegExp][] = [
  ['weight 0 before removal', [remove(11)], auditInput(), /11:80 removed before weight 0/],
  ['only what is there is removed', [remove(13)], auditInput(), /13:80 removed before weight 0/],
  ['weight 0 while it goes', [edit(11, 0), edit(11, 2), remove(11)], auditInput(), /removed before weight 0/],
  ['weight 0 of the same one', [edit(12, 0), remove(11)], auditInput(), /11:80 removed before weight 0/],
  ['a service goes empty', [edit(11, 0), remove(11), serviceRemove()], auditInput(), /with 1 destinations in it/],
  ['a service is not deleted and added', [serviceRemove(), serviceAdd()], auditInput(lone()), /deleted and added/],
  [
    'a service is not added and deleted',
    [serviceAdd(), serviceRemove()],
    auditInput({ services: [] }),
    /deleted and added/,
  ],
  [
    'a destination is not deleted and added',
    [edit(11, 0), remove(11), add(11)],
    auditInput(),
    /11:80 deleted and added/,
  ],
  ['a destination is not added and deleted', [add(13, 0), remove(13)], auditInput(), /13:80 deleted and added/],
  ['not even by way of an edit', [add(13), edit(13, 0), remove(13)], auditInput(), /13:80 deleted and added/],
  ['who is forgotten comes back in the next plan', [forgotten(11), add(11)], auditInput(), /11:80 deleted and added/],
  ['a service that is there is edited', [serviceAdd()], auditInput(), /tcp 10.11.0.10:80 is there already/],
  ['a destination that is there is edited', [add(11)], auditInput(), /11:80 is there already/],
  ['a service is added once', [serviceAdd(OTHER), serviceAdd(OTHER)], auditInput(), /10.11.0.10:8 is there already/],
  ['a destination is added once', [add(13), add(13)], auditInput(), /13:80 is there already/],
  ['a destination has a service', [add(11, 1, OTHER)], auditInput(), /10.11.0.10:8\|10.11.0.11:80 without its service/],
  ['an edited one too', [edit(11, 1, OTHER)], auditInput(), /without its service/],
  ['a service that is gone has none', [serviceRemove(), add(13)], auditInput(lone()), /13:80 without its service/],
  [
    'an edit makes no service',
    [{ kind: 'service-edit', service: OTHER, spec: { scheduler: 'rr', flags: [] } }, add(11, 1, OTHER)],
    auditInput(),
    /without its service/,
  ],
  ['foreign services stay', [serviceRemove()], auditInput(lone(), { owned: new Map() }), /80 is foreign/],
  [
    'foreign destinations stay',
    [remove(11)],
    auditInput(lone(at(11, 0)), { owned: new Map([['tcp 10.11.0.10:80', new Set(['10.11.0.12:80'])]]) }),
    /11:80 is foreign/,
  ],
  [
    'and those of a foreign service',
    [remove(11)],
    auditInput(lone(at(11, 0)), { owned: new Map() }),
    /11:80 is foreign/,
  ],
  ['foreign connections are remembered', [forgotten(50)], auditInput(lone(at(11), at(50))), /50:80 is foreign/],
  ['an owner forgets nothing', [forgotten(11)], auditInput({}, held), /forgotten where it is answered/],
  [
    'nor whoever has the address on an interface',
    [forgotten(11)],
    auditInput({ addresses: [{ index: 3, address: '10.11.0.10', prefix: 24, label: 'outside:lvsm' }] }),
    /forgotten where it is answered/,
  ],
  [
    'nor whoever cannot know whose addresses they are',
    [{ ...forgotten(11), service: MARKED } as Operation],
    {
      ...auditInput({ services: [{ ...MARKED, spec: { scheduler: 'rr', flags: [] }, dests: [at(11)] }] }),
      owned: new Map([['fwmark 7', new Set(['10.11.0.11:80'])]]),
    },
    /connections of fwmark 7 forgotten/,
  ],
  ['somebody serves: edits', [edit(11, 0), edit(12, 0), add(13)], auditInput(), /nobody to serve it/],
  ['somebody serves: removals', [edit(11, 0), remove(11), add(13)], auditInput(lone(at(11))), /nobody to serve it/],
  ['somebody serves: memory', [forgotten(11), forgotten(12), add(13)], auditInput(), /nobody to serve it/],
  ['a late edit mends nothing', [edit(11, 0), edit(11, 1)], auditInput(lone(at(11))), /nobody to serve it/],
  ['no alias before silence', [alias()], auditInput({ sysctls: new Map() }), /before arp_ignore and arp_announce/],
  [
    'arp_ignore',
    [alias()],
    auditInput({ sysctls: new Map([...QUIET, ['net/ipv4/conf/all/arp_ignore', '0']]) }),
    /before arp_ignore/,
  ],
  [
    'arp_announce',
    [alias()],
    auditInput({ sysctls: new Map([...QUIET, ['net/ipv4/conf/all/arp_announce', '1']]) }),
    /before arp_ignore/,
  ],
  ['silence that ends', [sysctl('net/ipv4/conf/all/arp_ignore', '0'), alias()], auditInput(), /before arp_ignore/],
  ['an alias is /32', [alias({ prefix: 31 })], auditInput(), /prefix 31: the node would claim a network/],
  ['an alias has our label', [alias({ label: 'lo' })], auditInput(), /without our label/],
  ['an alias stands on lo', [alias({ index: 3 })], auditInput(), /not lo/],
  ['an alias stands somewhere', [alias({ index: 9 })], auditInput(), /not lo/],
  ['no alias on the owner', [alias()], auditInput({}, held), /on its owner/],
  ...(['address', 'prefix', 'index', 'label'] as const).map((key): (typeof REFUSED)[number] => [
    `an address with another ${key} stays`,
    [aliasRemove()],
    auditInput({
      addresses: [{ ...OUR_ALIAS, [key]: { address: '10.11.0.11', prefix: 24, index: 3, label: 'lo' }[key] }],
    }),
    /10.11.0.10\/32 is not our alias/,
  ]),
  ['foreign routes stay', [routeRemove(3)], auditInput(), /a route that is not ours would be removed/],
  ['foreign routes are not replaced', [route], auditInput(standing(3)), /a default route that is not ours/],
  ['not even beside ours', [route], auditInput(standing(76, 3)), /a default route that is not ours/],
  [
    'an owner is not silenced',
    [natRules('10.11.0.10')],
    auditInput({}, held),
    /the NAT rules would stop what 10.11.0.10 says/,
  ],
  ...[
    'net/ipv4/vs/conn_reuse_mode',
    'net/ipv4/conf/all/rp_filter',
    'net/ipv4/conf/all/arp_ignored',
    'net/ipv4/conf/all/inner/arp_ignore',
    'net/ipv6/conf/all/disable_ipv6',
    'net/ipv4/ip_forward_use_pmtu',
    'kernel/net/ipv4/ip_forward',
  ].map((path): (typeof REFUSED)[number] => [
    `${path} is of others`,
    [sysctl(path)],
    auditInput(),
    /is not ours to write/,
  ]),
]

const elsewhere = (more: Partial<typeof SERVICE>) => ({ ...SERVICE, ...more })
const FREE = [
  elsewhere({ protocol: 'udp' }),
  elsewhere({ address: '10.11.0.20' }),
  elsewhere({ port: 443 }),
  elsewhere({ address: '2001:db8::10' }),
]

/** Each is a plan that somebody needs, a hair's breadth beside one that is refused. */
const ACCEPTED: readonly [why: string, plan: readonly Operation[], seen: AuditInput][] = [
  ['nothing', [], auditInput()],
  ['drained, then removed', [edit(11, 0), remove(11)], auditInput()],
  ['removed where weight 0 was from before', [remove(11)], auditInput(lone(at(11, 0), at(12)))],
  ['everybody drained', [edit(11, 0), edit(12, 0)], auditInput()],
  ['a service retired whole', [edit(11, 0), remove(11), edit(12, 0), remove(12), serviceRemove()], auditInput()],
  ['a service beside one with a longer port', [serviceAdd(OTHER), add(13, 1, OTHER), edit(13, 2, OTHER)], auditInput()],
  [
    'an empty service beside one with a longer port',
    [serviceRemove({ ...SERVICE, port: 8 })],
    {
      ...auditInput({ services: [...table(at(11)), { ...OTHER, spec: { scheduler: 'rr', flags: [] }, dests: [] }] }),
      owned: new Map([['tcp 10.11.0.10:8', new Set<string>()]]),
    },
  ],
  ['another scheduler', [serviceEdit, edit(11, 0), serviceEdit, remove(11)], auditInput()],
  ['one for another', [add(13), edit(11, 0), edit(12, 0), remove(11), remove(12)], auditInput()],
  ['a service that nobody serves filled', [add(13), edit(13, 0), edit(13, 1)], auditInput(lone(at(11, 0)))],
  ['memory of an earlier reign', [forgotten(11)], auditInput()],
  ['memory of the only one', [forgotten(11)], auditInput(lone(at(11)))],
  ['memory where the address is silent on lo', [forgotten(11)], auditInput({ addresses: [OUR_ALIAS] })],
  ['memory where another address is held', [forgotten(11)], auditInput({}, { held: new Set(['10.11.0.20']) })],
  ...FREE.map((service): (typeof ACCEPTED)[number] => [
    `another service drained: ${serviceKey(service)}`,
    [edit(12, 1), edit(11, 0, service), add(12, 0, service), forgotten(11, service)],
    {
      observed: kernel({
        services: [...table(at(11)), { ...service, spec: { scheduler: 'rr', flags: [] }, dests: [at(11)] }],
      }),
      owned: new Map([[serviceKey(service), new Set(['10.11.0.11:80'])]]),
      held: new Set(),
    },
  ]),
  ['an alias in silence', [alias()], auditInput()],
  [
    'an alias in deeper silence',
    [alias()],
    auditInput({ sysctls: new Map([...QUIET, ['net/ipv4/conf/all/arp_ignore', '2']]) }),
  ],
  [
    'an alias after silence',
    [sysctl('net/ipv4/conf/all/arp_ignore'), sysctl('net/ipv4/conf/all/arp_announce', '2'), alias()],
    auditInput({ sysctls: new Map() }),
  ],
  ['our alias removed', [aliasRemove()], auditInput({ addresses: [OUR_ALIAS] })],
  ['our wide alias removed', [aliasRemove({ prefix: 24 })], auditInput({ addresses: [{ ...OUR_ALIAS, prefix: 24 }] })],
  ['a route where none stands', [route], auditInput()],
  ['a route instead of ours', [route], auditInput(standing(76))],
  ['our route removed', [routeRemove(76)], auditInput(standing(76))],
  ['rules against realservers', [natRules('10.12.0.13')], auditInput({}, held)],
  ['no rules', [{ kind: 'nat-rules', needs: null }], auditInput({}, held)],
  ...[
    'net/ipv4/ip_forward',
    'net/ipv4/vs/expire_nodest_conn',
    'net/ipv4/conf/all/arp_ignore',
    'net/ipv4/conf/lo/arp_announce',
    'net/ipv4/conf/eth0.7/send_redirects',
    'net/ipv4/conf/bond-1/accept_redirects',
    'net/ipv4/conf/eth0/promote_secondaries',
  ].map((path): (typeof ACCEPTED)[number] => [`our setting ${path}`, [sysctl(path)], auditInput()]),
  ['a kernel without IPVS', [], auditInput({ services: null })],
]

describe('the audit', () => {
  it.each(REFUSED)('refuses what breaks one law: %s', (_, plan, seen, says) =>
    expect(audit(plan, seen)).toEqual([expect.stringMatching(says)]),
  )

  it.each(ACCEPTED)('accepts %s', (_, plan, seen) => expect(audit(plan, seen)).toEqual([]))

  it.each<[why: string, plan: readonly Operation[], says: readonly RegExp[]]>([
    ['an alias', [alias({ prefix: 24, label: 'eth0', index: 3 })], [/prefix 24/, /label/, /not lo/]],
    ['a removal', [remove(11), add(13)], [/before weight 0/, /nobody to serve it/]],
    ['the memory of strangers', [forgotten(50, OTHER)], [/without its service/, /foreign/]],
    ['several operations', [routeRemove(3), sysctl('kernel/panic')], [/a route that is not ours/, /not ours to write/]],
  ])('names every law that is broken: %s', (_, plan, says) => {
    const found = audit(plan, auditInput(lone(at(11))))
    expect(found).toHaveLength(says.length)
    for (const law of says) expect(found).toContainEqual(expect.stringMatching(law))
  })
})
