import { checkConfig, type Config, nodeView, SAMPLE } from '@lvsm/model'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  audit,
  claim,
  desired,
  diff,
  forget,
  guardPrint,
  NOTHING_OWNED,
  type Observed,
  type ObservedService,
  type Operation,
  type OwnedRecord,
  readRecord,
  type Situation,
  serviceKey,
  troublesOf,
  writeRecord,
} from './index.ts'

const sample = (): Config => {
  const { config } = checkConfig(SAMPLE)
  if (!config) throw new Error('sample')
  return config
}
const config = sample()
const view = (node: string) =>
  nodeView(config, node) ??
  (() => {
    throw new Error(node)
  })()

const situation = (node: string, more: Partial<Situation> = {}): Situation => ({
  view: view(node),
  owned: new Set(),
  serving: new Map([['http', new Set(['10.11.0.11:80', '10.11.0.12:80', '10.12.0.13:8080'])]]),
  lingering: new Map(),
  quiescing: new Set(),
  handover: new Map(),
  ...more,
})

const links = [
  { index: 1, name: 'lo', loopback: true, up: true },
  { index: 2, name: 'inside', loopback: false, up: true },
  { index: 3, name: 'outside', loopback: false, up: true },
]
const ARP = ['all', 'lo', 'outside', 'inside'].flatMap((name) =>
  ['arp_ignore', 'arp_announce', 'send_redirects', 'accept_redirects'].map((key) => `net/ipv4/conf/${name}/${key}`),
)
const kernel = (more: Partial<Observed> = {}): Observed => ({
  links,
  addresses: [
    { index: 2, address: '10.12.0.13', prefix: 24, label: 'inside' },
    { index: 3, address: '10.11.0.11', prefix: 24, label: 'outside' },
  ],
  defaults: [],
  sysctls: new Map(
    [...ARP, 'net/ipv4/conf/default/send_redirects', 'net/ipv4/ip_forward', 'net/ipv4/vs/expire_nodest_conn'].map(
      (path) => [path, path.includes('redirects') ? '1' : '0'],
    ),
  ),
  services: [],
  guard: null,
  ...more,
})

type Service = { -readonly [K in keyof ObservedService]: ObservedService[K] }

/** The kernel after an operation; what it refuses, it throws. */
function apply(now: Observed, operation: Operation): Observed {
  const services = (now.services ?? []) as readonly Service[]
  const within = (change: (service: Service) => Service | null): Observed => {
    if (!('service' in operation)) throw new Error('no service')
    if (!services.some((service) => serviceKey(service) === serviceKey(operation.service))) throw new Error('ESRCH')
    return {
      ...now,
      services: services.flatMap((service) =>
        serviceKey(service) === serviceKey(operation.service) ? (change(service) ?? []) : service,
      ),
    }
  }
  switch (operation.kind) {
    case 'sysctl':
      return { ...now, sysctls: new Map([...now.sysctls, [operation.path, operation.value]]) }
    case 'guard':
      return { ...now, guard: guardPrint(operation.needs) }
    case 'service-add':
      return { ...now, services: [...services, { ...operation.service, scheduler: operation.scheduler, dests: [] }] }
    case 'service-edit':
      return within((service) => ({ ...service, scheduler: operation.scheduler }))
    case 'service-remove':
      return within(() => null)
    case 'dest-add':
    case 'dest-edit':
      return within((service) => {
        const others = service.dests.filter(
          (dest) => dest.address !== operation.dest.address || dest.port !== operation.dest.port,
        )
        if ((operation.kind === 'dest-add') !== (others.length === service.dests.length))
          throw new Error('EEXIST or ENOENT')
        return { ...service, dests: [...others, { active: 0, inactive: 0, ...operation.dest }] }
      })
    case 'dest-remove':
      return within((service) => ({
        ...service,
        dests: service.dests.filter((dest) => dest.address !== operation.address || dest.port !== operation.port),
      }))
    case 'route-set':
      return { ...now, defaults: [{ gateway: operation.gateway, index: operation.index, protocol: 76, metric: 0 }] }
    case 'route-remove':
      return { ...now, defaults: now.defaults.filter((entry) => entry.protocol !== 76) }
    case 'alias-add':
      return { ...now, addresses: [...now.addresses, operation] }
    case 'alias-remove':
      return {
        ...now,
        addresses: now.addresses.filter(
          (entry) => entry.address !== operation.address || entry.index !== operation.index,
        ),
      }
  }
}
const settle = (now: Observed, wanted: Situation, record: OwnedRecord) => {
  const plan = diff(now, desired(wanted, now), record)
  expect(audit(plan, { observed: now, owned: record, held: new Set() })).toEqual([])
  return plan.reduce(apply, now)
}
const kinds = (plan: readonly Operation[]) => plan.map((operation) => operation.kind)
const record = claim(NOTHING_OWNED, config.services)

describe('a director', () => {
  it('sets the kernel up, table before nothing else is there to attract traffic', () => {
    const plan = diff(kernel(), desired(situation('dir1'), kernel()), record)
    expect(new Set(kinds(plan))).toEqual(new Set(['sysctl', 'guard', 'service-add', 'dest-add']))
    const after = settle(kernel(), situation('dir1'), record)
    expect(after.sysctls.get('net/ipv4/ip_forward')).toBe('1')
    expect(desired(situation('dir1'), after).guard).toEqual({
      answers: [{ address: '10.12.0.13', port: 8080, protocol: 'tcp' }],
      masquerade: [{ address: '10.12.0.13', network: { address: '10.12.0.0', prefix: 24 }, vip: '10.11.0.10' }],
      handover: [],
      silent: [{ address: '10.12.0.13', port: 8080, protocol: 'tcp', at: 'forward' }],
    })
    expect(diff(after, desired(situation('dir1'), after), record)).toEqual([])
  })

  it('takes a failed realserver to weight 0, and out later', () => {
    const before = settle(kernel(), situation('dir1'), record)
    const alive = new Map([['http', new Set(['10.11.0.12:80', '10.12.0.13:8080'])]])
    const failed = situation('dir1', { serving: alive, lingering: new Map([['http', new Set(['10.11.0.11:80'])]]) })
    const drained = settle(before, failed, record)
    expect(drained.services?.[0]?.dests.find((dest) => dest.address === '10.11.0.11')?.weight).toBe(0)
    const gone = settle(drained, situation('dir1', { serving: alive }), record)
    expect(gone.services?.[0]?.dests).toHaveLength(2)
  })

  it('quiets NAT destinations before a move, unless nobody else serves', () => {
    const quiet = desired(situation('dir1', { quiescing: new Set(['web']) }), kernel())
    expect(quiet.services[0]?.dests.map((dest) => dest.weight)).toEqual([1, 1, 0])
    const alone = desired(
      situation('dir1', { quiescing: new Set(['web']), serving: new Map([['http', new Set(['10.12.0.13:8080'])]]) }),
      kernel(),
    )
    expect(alone.services[0]?.dests.map((dest) => dest.weight)).toEqual([1])
  })

  it('leaves foreign services and destinations alone, and says so', () => {
    const foreign: ObservedService = { protocol: 'tcp', address: '10.11.0.99', port: 81, scheduler: 'lc', dests: [] }
    const stranger = { address: '10.11.0.50', port: 80, forward: 'dr', weight: 1, active: 0, inactive: 0 }
    const ours: ObservedService = {
      protocol: 'tcp',
      address: '10.11.0.10',
      port: 80,
      scheduler: 'rr',
      dests: [stranger],
    }
    const after = settle(kernel({ services: [foreign, ours] }), situation('dir1'), record)
    expect(after.services).toContainEqual(foreign)
    expect(after.services?.find((service) => service.port === 80)).toMatchObject({ scheduler: 'wrr' })
    expect(after.services?.find((service) => service.port === 80)?.dests).toContainEqual(stranger)
    expect(
      troublesOf(view('dir1'), desired(situation('dir1'), after), after, record).map((trouble) => trouble.code),
    ).toContain('foreign-destination')
  })

  it('removes what left the configuration, when the record says that it was ours', () => {
    const old: ObservedService = {
      protocol: 'tcp',
      address: '10.11.0.10',
      port: 443,
      scheduler: 'rr',
      dests: [{ address: '10.11.0.11', port: 443, forward: 'dr', weight: 1, active: 0, inactive: 0 }],
    }
    const known = new Map([...record, ['tcp 10.11.0.10:443', new Set(['10.11.0.11:443'])]])
    expect(settle(kernel({ services: [old] }), situation('dir1'), known).services).toHaveLength(1)
    expect(settle(kernel({ services: [old] }), situation('dir1'), record).services).toHaveLength(2)
    expect([...forget(known, config.services, []).keys()]).toEqual(['tcp 10.11.0.10:80'])
  })

  it('hands packets of moving connections on to the former owner', () => {
    expect(desired(situation('dir2', { handover: new Map([['web', '10.12.0.1']]) }), kernel()).guard?.handover).toEqual(
      [{ address: '10.11.0.10', port: 80, protocol: 'tcp', to: '10.12.0.1' }],
    )
  })
})

describe('a realserver', () => {
  it('falls silent in ARP before it has the alias', () => {
    const plan = diff(kernel(), desired(situation('rs1'), kernel()), record)
    expect(kinds(plan).lastIndexOf('sysctl')).toBeLessThan(kinds(plan).indexOf('alias-add'))
    expect(
      audit(
        plan.filter((operation) => operation.kind !== 'sysctl'),
        { observed: kernel(), owned: record, held: new Set() },
      ),
    ).not.toEqual([])
    expect(settle(kernel(), situation('rs1'), record).addresses).toContainEqual(
      expect.objectContaining({ address: '10.11.0.10', prefix: 32, label: 'lo:lvsm', index: 1 }),
    )
  })

  it('has no alias while it owns the address', () => {
    expect(desired(situation('rs1', { owned: new Set(['web']) }), kernel()).aliases).toEqual([])
  })

  it('behind NAT has its default route through the gateway, but replaces no foreign one', () => {
    expect(settle(kernel(), situation('rs3'), record).defaults).toMatchObject([
      { gateway: '10.12.0.254', index: 2, protocol: 76 },
    ])
    const foreign = kernel({ defaults: [{ gateway: '10.12.0.1', index: 2, protocol: 3, metric: 0 }] })
    expect(kinds(diff(foreign, desired(situation('rs3'), foreign), record))).not.toContain('route-set')
    expect(
      troublesOf(view('rs3'), desired(situation('rs3'), foreign), foreign, record).map((trouble) => trouble.code),
    ).toEqual(['foreign-default-route'])
  })
})

const dests = ['10.11.0.11:80', '10.11.0.12:80', '10.12.0.13:8080', '10.11.0.50:80']
const anyDest = fc.record({
  at: fc.nat(3),
  weight: fc.nat(2),
  forward: fc.constantFrom('dr', 'nat'),
  active: fc.nat(1),
})
const anyService = fc.record({
  port: fc.constantFrom(80, 81, 443),
  scheduler: fc.constantFrom('rr', 'wrr'),
  dests: fc.uniqueArray(anyDest, { selector: (dest) => dest.at }),
})
const anyKernel = fc
  .record({
    services: fc.uniqueArray(anyService, { selector: (service) => service.port }),
    sysctls: fc.array(fc.constantFrom('0', '1', '2'), { minLength: ARP.length, maxLength: ARP.length }),
    alias: fc.constantFrom('', '10.11.0.10', '10.11.0.77'),
    route: fc.constantFrom(0, 3, 76),
    guard: fc.constantFrom(null, 'something else'),
  })
  .map(
    ({ services, sysctls, alias, route, guard }): Observed =>
      kernel({
        services: services.map((service) => ({
          protocol: 'tcp',
          address: '10.11.0.10',
          port: service.port,
          scheduler: service.scheduler,
          dests: service.dests.map(({ at, ...rest }) => ({
            ...rest,
            inactive: 0,
            address: dests[at]?.split(':')[0] ?? '',
            port: Number(dests[at]?.split(':')[1]),
          })),
        })),
        sysctls: new Map([...kernel().sysctls, ...ARP.map((path, at): [string, string] => [path, sysctls[at] ?? '0'])]),
        addresses: [
          ...kernel().addresses,
          ...(alias ? [{ index: 1, address: alias, prefix: 32, label: 'lo:lvsm' }] : []),
        ],
        defaults: route ? [{ gateway: '10.12.0.9', index: 2, protocol: route, metric: 0 }] : [],
        guard,
      }),
  )

describe('any plan', () => {
  const nodes = fc.constantFrom('dir1', 'rs1', 'rs2', 'rs3')
  const anySet = fc.subarray(dests.slice(0, 3)).map((keys) => new Map([['http', new Set(keys)]]))
  const records = fc.constantFrom(NOTHING_OWNED, record, new Map([...record, ['tcp 10.11.0.10:443', new Set(dests)]]))

  it('obeys the laws, reaches the desired state, and is empty the second time', () => {
    fc.assert(
      fc.property(
        anyKernel,
        nodes,
        anySet,
        anySet,
        records,
        fc.boolean(),
        (now, node, serving, lingering, known, quiet) => {
          const wanted = situation(node, { serving, lingering, quiescing: new Set(quiet ? ['web'] : []) })
          const owned = claim(known, view(node).services)
          const after = settle(now, wanted, owned)
          expect(diff(after, desired(wanted, after), owned)).toEqual([])
          for (const service of now.services ?? []) {
            for (const dest of service.dests) {
              const kept = after.services
                ?.find((entry) => entry.port === service.port)
                ?.dests.some((entry) => entry.address === dest.address)
              if (!owned.get(serviceKey(service))?.has(`${dest.address}:${dest.port}`)) expect(kept).toBe(true)
            }
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('the audit', () => {
  const sight = {
    observed: kernel({
      services: [
        {
          protocol: 'tcp',
          address: '10.11.0.10',
          port: 80,
          scheduler: 'rr',
          dests: [{ address: '10.11.0.11', port: 80, forward: 'dr', weight: 1, active: 0, inactive: 0 }],
        },
      ],
      addresses: [{ index: 3, address: '10.11.0.11', prefix: 24, label: 'outside' }],
    }),
    owned: record,
    held: new Set(['10.11.0.10']),
  }
  const service = { protocol: 'tcp', address: '10.11.0.10', port: 80 }
  const dest = { address: '10.11.0.11', port: 80, forward: 'dr' as const, weight: 1 }
  it.each<[string, Operation[]]>([
    ['a destination removed before weight 0', [{ kind: 'dest-remove', service, address: '10.11.0.11', port: 80 }]],
    [
      'a service deleted and added',
      [
        { kind: 'service-remove', service },
        { kind: 'service-add', service, scheduler: 'rr' },
      ],
    ],
    ['a service added that is there', [{ kind: 'service-add', service, scheduler: 'rr' }]],
    ['a foreign service removed', [{ kind: 'service-remove', service: { ...service, port: 81 } }]],
    ['a destination without service', [{ kind: 'dest-add', service: { ...service, port: 81 }, dest }]],
    [
      'a foreign address removed',
      [{ kind: 'alias-remove', address: '10.11.0.11', prefix: 24, index: 3, label: 'outside' }],
    ],
    [
      'an alias with a wide mask',
      [{ kind: 'alias-add', address: '10.11.0.10', prefix: 24, index: 1, label: 'lo:lvsm' }],
    ],
    ['a sysctl of others', [{ kind: 'sysctl', path: 'net/ipv4/vs/conntrack', value: '1', was: '0', why: '' }]],
    [
      'a guard against its own address',
      [
        {
          kind: 'guard',
          needs: {
            answers: [{ address: '10.11.0.10', port: 80, protocol: 'tcp' }],
            masquerade: [],
            handover: [],
            silent: [],
          },
        },
      ],
    ],
    ['a foreign route removed', [{ kind: 'route-remove', gateway: '10.12.0.1', index: 2, protocol: 3 }]],
    [
      'a service emptied for a moment',
      [
        { kind: 'dest-edit', service, dest: { ...dest, weight: 0 } },
        { kind: 'dest-add', service, dest: { ...dest, address: '10.11.0.12' } },
      ],
    ],
  ])('refuses %s', (_, plan) => expect(audit(plan, sight)).not.toEqual([]))
})

describe('the record', () => {
  it('survives a write and a read, and garbage is nothing', () => {
    expect(readRecord(writeRecord(record))).toEqual(record)
    expect(readRecord('\u0000\u0001garbage\n\ttcp')).toEqual(NOTHING_OWNED)
  })
})
