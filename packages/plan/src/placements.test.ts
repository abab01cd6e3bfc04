/** Where a realserver has its VIP, as text: what it does when it begins, when somebody changes it, when it goes elsewhere, and when it leaves. */
import { checkConfig, SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { apply, kernel, links, planInput, viewOf } from './fixture.ts'
import {
  audit,
  describeOperation,
  desired,
  diff,
  NOTHING_OWNED,
  type Observed,
  type Operation,
  type OwnedRecord,
  rememberSettings,
  troublesOf,
} from './index.ts'

const viewWith = (rs1: string, text = SAMPLE) => {
  const { config, refusals } = checkConfig(text.replace('10.11.0.11, forward: dr', `10.11.0.11, ${rs1}`))
  if (!config) throw new Error(JSON.stringify(refusals))
  return viewOf(config, 'rs1')
}
const VIP6 = '2001:db8:11::10'
const SIX = SAMPLE.replaceAll('10.11.0.', '2001:db8:11::')
  .replaceAll('10.12.0.', '2001:db8:12::')
  .replaceAll('/24', '/64')
  .replace(/ {4}ping: .*\n/, '')
const six = (rs1: string) => {
  const { config, refusals } = checkConfig(SIX.replace('2001:db8:11::11, forward: dr', `2001:db8:11::11, ${rs1}`))
  if (!config) throw new Error(JSON.stringify(refusals))
  return viewOf(config, 'rs1')
}
const none = viewOf(checkConfig(SAMPLE.replace(/ {6}- \{ node: rs1.*\n/, '')).config ?? (undefined as never), 'rs1')
type View = typeof none

/** A look that knows the settings of every device that is there. */
const look = (now: Observed): Observed => ({
  ...now,
  sysctls: new Map([
    ...now.links.map(({ name }) => [`net/ipv4/conf/${name}/rp_filter`, '1'] as const),
    ...now.links.map(({ name }) => [`net/ipv6/conf/${name}/disable_ipv6`, '1'] as const),
    ...now.sysctls,
  ]),
})
const plan = (now: Observed, view: View, owned: OwnedRecord = NOTHING_OWNED): Operation[] => {
  const operations = diff(now, desired(planInput('rs1', { view }), now), owned)
  expect(audit(operations, { observed: now, owned, held: new Set() })).toEqual([])
  return operations
}
/** Without why a setting is set. */
const text = (operations: readonly Operation[]): string[] =>
  operations.map((one) => describeOperation(one).replace(/ \(.*: .*| \(the realserver.*/, ''))
const play = (now: Observed, operations: readonly Operation[]): Observed => look(operations.reduce(apply, now))
/** The steps until nothing is left to do, and the kernel and the record after them. */
function settle(now: Observed, view: View, owned: OwnedRecord = NOTHING_OWNED) {
  const steps: string[][] = []
  let [seen, record] = [look(now), owned]
  for (;;) {
    const operations = plan(seen, view, record)
    record = rememberSettings(record, seen, desired(planInput('rs1', { view }), seen), operations)
    if (operations.length === 0 || steps.length > 4) return { steps, seen, record }
    steps.push(text(operations))
    seen = play(seen, operations)
  }
}

const ARP = [
  ...['all', 'outside', 'lo'].flatMap((name) => [
    `sysctl net/ipv4/conf/${name}/arp_ignore 0 → 1`,
    `sysctl net/ipv4/conf/${name}/arp_announce 0 → 2`,
  ]),
  'load our NAT rules',
]
const BACK = ['all', 'outside', 'lo'].flatMap((name) => [
  `sysctl net/ipv4/conf/${name}/arp_ignore 1 → 0 (as it was before lvsm needed it otherwise)`,
  `sysctl net/ipv4/conf/${name}/arp_announce 2 → 0 (as it was before lvsm needed it otherwise)`,
])
const remoteOf = (name: string): string =>
  [6, 8, 10, 12].map((at) => Number.parseInt(name.slice(at, at + 2), 16)).join('.')
const TUNNELS = ['lvsm-i0a0b0001', 'lvsm-i0a0b0002', 'lvsm-i0a0c0001', 'lvsm-i0a0c0002']
const DUMMY = viewWith('forward: dr, placement: dummy')
const ROUTE = viewWith('forward: dr, placement: route')
const TUNNEL = viewWith('forward: tun, placement: tunnel')
const LO = viewWith('forward: dr')
const LO_TUN = viewWith('forward: tun')

describe('a realserver begins: ARP is silent first, the address comes last', () => {
  it.each<[where: string, view: View, steps: string[][]]>([
    ['on lo', LO, [[...ARP, 'add 10.11.0.10/32 on lo:lvsm']]],
    ['on a dummy device', DUMMY, [[...ARP, 'add device lvsm-vips'], ['add 10.11.0.10/32 on lvsm-vips:lvsm']]],
    ['as a local route', ROUTE, [[...ARP, 'add local route to 10.11.0.10']]],
    [
      'on its tunnel devices',
      TUNNEL,
      [
        [...ARP, ...TUNNELS.map((name) => `add tunnel ${name} (ipip from ${remoteOf(name)})`)],
        [
          ...TUNNELS.map((name) => `sysctl net/ipv4/conf/${name}/rp_filter 1 → 2`),
          ...TUNNELS.map((name) => `add 10.11.0.10/32 on ${name.slice(0, 10)}:lvsm`),
        ],
      ],
    ],
  ])('%s', (_, view, steps) => expect(settle(kernel(), view).steps).toEqual(steps))

  it.each<[where: string, view: View, steps: string[][]]>([
    [
      'on a dummy device, which has to take IPv6',
      six('forward: dr, placement: dummy'),
      [
        ['load our NAT rules', 'add device lvsm-vips'],
        ['sysctl net/ipv6/conf/lvsm-vips/disable_ipv6 1 → 0', `add ${VIP6}/128 on lvsm-vips:lvsm`],
      ],
    ],
    ['as a local route', six('forward: dr, placement: route'), [['load our NAT rules', `add local route to ${VIP6}`]]],
  ])('in IPv6 nobody asks by ARP: %s', (_, view, steps) =>
    expect(
      settle(kernel(), view).steps.map((step) => step.map((line) => line.replace(/ \(the kernel gives.*/, ''))),
    ).toEqual(steps),
  )
})

describe('a realserver leaves: the address first, what it stood on, ARP last, and all is as it was', () => {
  it.each<[where: string, view: View, step: string[]]>([
    [
      'from a dummy device',
      DUMMY,
      ['remove our NAT rules', 'remove 10.11.0.10/32 on lvsm-vips:lvsm', 'remove device lvsm-vips', ...BACK],
    ],
    ['as a local route', ROUTE, ['remove our NAT rules', 'remove local route to 10.11.0.10', ...BACK]],
    [
      'from its tunnel devices',
      TUNNEL,
      [
        ...TUNNELS.map((name) => `remove 10.11.0.10/32 on ${name.slice(0, 10)}:lvsm`),
        ...TUNNELS.map((name) => `remove tunnel ${name}`),
        'remove our NAT rules',
        ...BACK,
      ],
    ],
  ])('%s', (_, view, step) => {
    const { seen, record } = settle(kernel(), view)
    const left = settle(seen, none, record)
    expect(left.steps.map((lines) => lines.map((line) => line))).toEqual([step])
    const { links: devices, addresses, localRoutes = [], natRules, sysctls } = left.seen
    expect({ devices, addresses, localRoutes, natRules }).toEqual({
      ...{ devices: links, addresses: kernel().addresses, localRoutes: [], natRules: null },
    })
    for (const [path, value] of kernel().sysctls) expect([path, sysctls.get(path)]).toEqual([path, value])
  })
})

describe('a VIP that goes elsewhere is there before it leaves here', () => {
  it.each<[way: string, from: View, to: View, steps: string[][]]>([
    [
      'lo → dummy',
      LO,
      DUMMY,
      [['add device lvsm-vips'], ['add 10.11.0.10/32 on lvsm-vips:lvsm', 'remove 10.11.0.10/32 on lo:lvsm']],
    ],
    ['lo → route', LO, ROUTE, [['add local route to 10.11.0.10', 'remove 10.11.0.10/32 on lo:lvsm']]],
    [
      'dummy → route',
      DUMMY,
      ROUTE,
      [['add local route to 10.11.0.10', 'remove 10.11.0.10/32 on lvsm-vips:lvsm', 'remove device lvsm-vips']],
    ],
    [
      'dummy → tunnel devices, which are not there yet',
      DUMMY,
      TUNNEL,
      [
        ['load our NAT rules', ...TUNNELS.map((name) => `add tunnel ${name} (ipip from ${remoteOf(name)})`)],
        [
          ...TUNNELS.map((name) => `sysctl net/ipv4/conf/${name}/rp_filter 1 → 2`),
          ...TUNNELS.map((name) => `add 10.11.0.10/32 on ${name.slice(0, 10)}:lvsm`),
          'remove 10.11.0.10/32 on lvsm-vips:lvsm',
          'remove device lvsm-vips',
        ],
      ],
    ],
    ['route → lo', ROUTE, LO, [['add 10.11.0.10/32 on lo:lvsm', 'remove local route to 10.11.0.10']]],
    [
      'lo → its tunnel devices',
      LO_TUN,
      TUNNEL,
      [[...TUNNELS.map((name) => `add 10.11.0.10/32 on ${name.slice(0, 10)}:lvsm`), 'remove 10.11.0.10/32 on lo:lvsm']],
    ],
  ])('%s', (_, from, to, steps) => expect(settle(settle(kernel(), from).seen, to).steps).toEqual(steps))
})

describe('what somebody changes is put back', () => {
  const onDummy = settle(kernel(), DUMMY).seen
  const onTunnels = settle(kernel(), TUNNEL).seen
  const index = onDummy.links.find(({ name }) => name === 'lvsm-vips')?.index
  const without = ({ addresses, links: all, ...more }: Observed, device: string): Observed => {
    const gone = all.find(({ name }) => name === device)?.index
    const rest = addresses.filter((one) => one.index !== gone)
    return { ...more, addresses: rest, links: all.filter(({ name }) => name !== device) }
  }
  it.each<[what: string, now: Observed, view: View, steps: string[][]]>([
    [
      'the address is taken off',
      { ...onDummy, addresses: kernel().addresses },
      DUMMY,
      [['add 10.11.0.10/32 on lvsm-vips:lvsm']],
    ],
    [
      'the device is deleted',
      without(onDummy, 'lvsm-vips'),
      DUMMY,
      [['add device lvsm-vips'], ['add 10.11.0.10/32 on lvsm-vips:lvsm']],
    ],
    [
      'the device is set down',
      { ...onDummy, links: onDummy.links.map((link) => (link.index === index ? { ...link, up: false } : link)) },
      DUMMY,
      [['set up device lvsm-vips']],
    ],
    [
      'the mask is that of a network',
      {
        ...onDummy,
        addresses: onDummy.addresses.map((one) => (one.index === index ? { ...one, prefix: 24 } : one)),
      },
      DUMMY,
      [['add 10.11.0.10/32 on lvsm-vips:lvsm', 'remove 10.11.0.10/24 on lvsm-vips:lvsm']],
    ],
    [
      'the local route is deleted',
      { ...settle(kernel(), ROUTE).seen, localRoutes: [] },
      ROUTE,
      [['add local route to 10.11.0.10']],
    ],
    [
      'a local route of ours that nobody wants',
      {
        ...settle(kernel(), ROUTE).seen,
        localRoutes: [
          { address: '10.11.0.10', index: 1 },
          { address: '10.11.0.99', index: 1 },
        ],
      },
      ROUTE,
      [['remove local route to 10.11.0.99']],
    ],
    [
      'one of the tunnels is deleted: the others have it all the time',
      without(onTunnels, TUNNELS[1] ?? ''),
      TUNNEL,
      [[`add tunnel ${TUNNELS[1]} (ipip from 10.11.0.2)`], ['add 10.11.0.10/32 on lvsm-i0a0b:lvsm']],
    ],
  ])('%s', (_, now, view, steps) => expect(settle(now, view).steps).toEqual(steps))
})

describe('what is somebody else’s stays', () => {
  const troubles = (now: Observed, view: View) =>
    troublesOf(view, desired(planInput('rs1', { view }), now), now, NOTHING_OWNED).map(({ code, severity, object }) => [
      ...[code, severity, object],
    ])
  const stranger = { index: 9, name: 'lvsm-vips', loopback: false, up: true, noArp: true } as const
  it('a device of that name: one trouble, and the VIP waits, or stays where it is', () => {
    const now = look(kernel({ links: [...links, stranger] }))
    expect(text(plan(now, DUMMY))).toEqual(ARP)
    expect(troubles(now, DUMMY)).toEqual([['foreign-device', 'critical', 'device lvsm-vips']])
    expect(troubles(now, ROUTE), 'of whom does not need it').toEqual([])
    const before = settle(kernel({ links: [...links, stranger] }), LO).seen
    expect(plan(before, DUMMY)).toEqual([])
    expect(before.addresses.map(({ address }) => address)).toContain('10.11.0.10')
  })

  it('an address on our device: it keeps the device, and is named', () => {
    const { seen, record } = settle(kernel(), DUMMY)
    const { index = 0 } = seen.links.find(({ name }) => name === 'lvsm-vips') ?? {}
    const guest = { index, address: '10.99.0.1', prefix: 32, label: 'lvsm-vips' }
    const now = { ...seen, addresses: [...seen.addresses, guest] }
    expect(text(plan(now, none, record))).toEqual([
      'remove our NAT rules',
      'remove 10.11.0.10/32 on lvsm-vips:lvsm',
      ...BACK,
    ])
    expect(troubles(now, none)).toEqual([['device-kept', 'warning', 'device lvsm-vips']])
    expect(troubles(now, DUMMY)).toEqual([])
    expect(
      audit([{ kind: 'dummy-remove', name: 'lvsm-vips', index }], { observed: now, owned: new Map(), held: new Set() }),
    ).toEqual(['lvsm-vips would leave with 10.11.0.10 on it', 'lvsm-vips would leave with 10.99.0.1 on it'])
  })

  it('a loopback device that is down: it is named where a VIP stands on it', () => {
    const down = ({ seen }: ReturnType<typeof settle>) => ({
      ...seen,
      links: seen.links.map((link) => (link.loopback ? { ...link, up: false } : link)),
    })
    expect(troubles(down(settle(kernel(), LO)), LO)).toEqual([['loopback-down', 'critical', 'interface lo']])
    expect(troubles(down(settle(kernel(), DUMMY)), DUMMY)).toEqual([])
  })
  it('the VIP on an interface by which others ask: it is named, and not removed; not so where nobody asks', () => {
    const vip = (index: number) => ({ index, address: '10.11.0.10', prefix: 24, label: 'outside' })
    const { seen } = settle(kernel(), LO)
    const now = { ...seen, addresses: [...seen.addresses, vip(3)] }
    expect(troubles(now, LO)).toEqual([['vip-answers', 'critical', 'address 10.11.0.10']])
    expect(plan(now, LO)).toEqual([])
    const mac = '02:00:00:00:00:12'
    const known = { ...now, links: now.links.map((link) => (link.index === 3 ? { ...link, mac } : link)) }
    const [said] = troublesOf(LO, desired(planInput('rs1', { view: LO }), known), known, NOTHING_OWNED)
    expect(said?.evidence).toBe(`who asks for 10.11.0.10 is answered by ${mac}`)
    const quiet = {
      ...now,
      links: seen.links.map((link) => (link.index === 3 ? { ...link, noArp: true as const } : link)),
    }
    expect(troubles(quiet, LO)).toEqual([])
    expect(
      troubles({ ...seen, addresses: [...seen.addresses, { ...vip(3), label: 'outside:lvsm' }] }, LO),
      'of the lease process',
    ).toEqual([])
  })
})

describe('the laws of places', () => {
  const settled = settle(kernel(), DUMMY).seen
  const { index = 0 } = settled.links.find(({ name }) => name === 'lvsm-vips') ?? {}
  const alias = { kind: 'alias-add', address: '10.11.0.20', prefix: 32, index, label: 'lvsm-vips:lvsm' } as const
  const route = { kind: 'local-route-add', address: '10.11.0.20', index: 1 } as const
  const judged = (now: Observed, operation: Operation, held: readonly string[] = []): string[] =>
    audit([operation], { observed: now, owned: new Map(), held: new Set(held) })
  it.each<[law: string, broken: string[], expected: string[]]>([
    ['on our device', judged(settled, alias), []],
    [
      'silent first',
      judged(kernel({ links: settled.links }), alias),
      ['alias 10.11.0.20 before arp_ignore and arp_announce are set'],
    ],
    [
      'silent first, a route too',
      judged(kernel(), route),
      ['alias 10.11.0.20 before arp_ignore and arp_announce are set'],
    ],
    ['not on its owner', judged(settled, route, ['10.11.0.20']), ['alias 10.11.0.20 on its owner']],
    [
      'on no device of others',
      judged(settled, { ...alias, index: 3 }),
      ['alias 10.11.0.20 on an interface that is not lo, and not ours'],
    ],
    [
      'by lo alone',
      judged(settled, { ...route, index: 3 }),
      ['local route to 10.11.0.20 by an interface that is not lo'],
    ],
    [
      'no foreign route',
      judged(settled, { ...route, kind: 'local-route-remove' }),
      ['the local route to 10.11.0.20 is not ours'],
    ],
    [
      'silent as long as one stands, wherever it does',
      judged(settled, { kind: 'sysctl', path: 'net/ipv4/conf/all/arp_ignore', value: '0', was: '1', why: '' }),
      ['net/ipv4/conf/all/arp_ignore 0 while 10.11.0.10 stands here'],
    ],
    [
      'no foreign device',
      judged(kernel(), { kind: 'dummy-remove', name: 'lvsm-vips', index: 9 }),
      ['lvsm-vips is not our device'],
    ],
    [
      'no other name',
      judged(kernel(), { kind: 'dummy-add', name: 'dummy0' }),
      ['dummy0 is no name of a dummy device of ours'],
    ],
    ['not twice', judged(settled, { kind: 'dummy-add', name: 'lvsm-vips' }), ['lvsm-vips is there already']],
  ])('%s', (_, broken, expected) => expect(broken).toEqual(expected))
})
