import { type NodeView, serviceKey } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { apply, config, kernel, kinds, record, planInput, view } from './fixture.ts'
import {
  audit,
  desired,
  diff,
  forget,
  NOTHING_OWNED,
  type Observed,
  type ObservedService,
  type OwnedRecord,
  type PlanInput,
  troublesOf,
} from './index.ts'

const settle = (now: Observed, wanted: PlanInput, record: OwnedRecord) => {
  const plan = diff(now, desired(wanted, now), record)
  expect(audit(plan, { observed: now, owned: record, held: new Set() })).toEqual([])
  return plan.reduce(apply, now)
}

describe('a director', () => {
  it('sets the kernel up, table before nothing else is there to attract traffic', () => {
    const plan = diff(kernel(), desired(planInput('dir1'), kernel()), record)
    expect(new Set(kinds(plan))).toEqual(new Set(['sysctl', 'nat-rules', 'service-add', 'dest-add']))
    const after = settle(kernel(), planInput('dir1'), record)
    expect(after.sysctls.get('net/ipv4/ip_forward')).toBe('1')
    expect(desired(planInput('dir1'), after).natRules).toEqual({
      untranslated: [{ address: '10.12.0.13', port: 8080, protocol: 'tcp' }],
      masquerade: [{ network: { address: '10.12.0.0', prefix: 24 }, vip: '10.11.0.10', vips: ['10.11.0.10'] }],
      here: ['10.12.0.1', '10.11.0.1', '10.11.0.10', '10.12.0.254', '10.12.0.13'],
      handover: [],
      suppressRst: [{ address: '10.12.0.13', port: 8080, protocol: 'tcp', at: 'forward' }],
    })
    expect(diff(after, desired(planInput('dir1'), after), record)).toEqual([])
  })

  it('lets secondary addresses outlive the primary one, on the interfaces of its groups only', () => {
    const now = kernel({ links: [...kernel().links, { index: 4, name: 'storage', loopback: false, up: true }] })
    const promoted = (view: NodeView): string[] =>
      desired({ ...planInput('dir1'), view }, now)
        .sysctls.filter(({ path, value }) => path.endsWith('promote_secondaries') && value === '1')
        .map(({ path }) => path.split('/')[3] as string)
    const { view: own } = planInput('dir1')
    expect(promoted(own)).toEqual(['inside', 'outside'])
    const on = (name: string) =>
      own.directs.map((group) => ({
        ...group,
        addresses: group.addresses.map((entry) => ({ ...entry, interface: name })),
      }))
    expect(promoted({ ...own, directs: on('storage') })).toEqual(['storage'])
    expect(promoted({ ...own, directs: on('elsewhere') })).toEqual([])
  })

  it('takes a failed realserver to weight 0, and out later', () => {
    const before = settle(kernel(), planInput('dir1'), record)
    const alive = new Map([['http', new Set(['10.11.0.12:80', '10.12.0.13:8080'])]])
    const failed = planInput('dir1', { serving: alive, draining: new Map([['http', new Set(['10.11.0.11:80'])]]) })
    const drained = settle(before, failed, record)
    expect(drained.services?.[0]?.dests.find((dest) => dest.address === '10.11.0.11')?.weight).toBe(0)
    const gone = settle(drained, planInput('dir1', { serving: alive }), record)
    expect(gone.services?.[0]?.dests).toHaveLength(2)
  })

  it('quiets NAT destinations before a move, unless nobody else serves', () => {
    const quiet = desired(planInput('dir1', { quiescing: new Set(['web']) }), kernel())
    expect(quiet.services[0]?.dests.map((dest) => dest.weight)).toEqual([1, 1, 0])
    const alone = desired(
      planInput('dir1', { quiescing: new Set(['web']), serving: new Map([['http', new Set(['10.12.0.13:8080'])]]) }),
      kernel(),
    )
    expect(alone.services[0]?.dests.map((dest) => dest.weight)).toEqual([1])
  })

  it('leaves foreign services and destinations alone, and says so', () => {
    const foreign: ObservedService = {
      protocol: 'tcp',
      address: '10.11.0.99',
      port: 81,
      spec: { scheduler: 'lc', flags: [] },
      dests: [],
    }
    const stranger = { address: '10.11.0.50', port: 80, forward: 'dr' as const, weight: 1, active: 0, inactive: 0 }
    const ours: ObservedService = {
      protocol: 'tcp',
      address: '10.11.0.10',
      port: 80,
      spec: { scheduler: 'rr', flags: [] },
      dests: [stranger],
    }
    const after = settle(kernel({ services: [foreign, ours] }), planInput('dir1'), record)
    expect(after.services).toContainEqual(foreign)
    expect(after.services?.find((service) => serviceKey(service) === 'tcp 10.11.0.10:80')).toMatchObject({
      spec: { scheduler: 'wrr', flags: [] },
    })
    expect(after.services?.find((service) => serviceKey(service) === 'tcp 10.11.0.10:80')?.dests).toContainEqual(
      stranger,
    )
    expect(
      troublesOf(view('dir1'), desired(planInput('dir1'), after), after, record).map((trouble) => trouble.code),
    ).toContain('foreign-destination')
  })

  it('removes what left the configuration, when the record says that it was ours', () => {
    const old: ObservedService = {
      protocol: 'tcp',
      address: '10.11.0.10',
      port: 443,
      spec: { scheduler: 'rr', flags: [] },
      dests: [{ address: '10.11.0.11', port: 443, forward: 'dr', weight: 1, active: 0, inactive: 0 }],
    }
    const known = new Map([...record, ['tcp 10.11.0.10:443', new Set(['10.11.0.11:443'])]])
    expect(settle(kernel({ services: [old] }), planInput('dir1'), known).services).toHaveLength(1)
    expect(settle(kernel({ services: [old] }), planInput('dir1'), record).services).toHaveLength(2)
    expect([...forget(known, config.services, []).keys()]).toEqual(['tcp 10.11.0.10:80'])
  })

  it('hands packets of moving connections on to the former owner', () => {
    expect(
      desired(planInput('dir2', { handover: new Map([['web', ['10.12.0.1']]]) }), kernel()).natRules?.handover,
    ).toEqual([{ address: '10.11.0.10', port: 80, protocol: 'tcp', to: '10.12.0.1' }])
  })
})

describe('a director that a group comes to', () => {
  const coming = planInput('dir2', { flushing: new Set(['web']) })
  const dest = (octet: number, more: object) => ({
    address: `10.11.0.${octet}`,
    port: 80,
    forward: 'dr' as const,
    weight: 1,
    active: 0,
    inactive: 0,
    ...more,
  })
  const nat = { address: '10.12.0.13', port: 8080, forward: 'nat' as const, weight: 1, active: 0, inactive: 0 }
  const remembering = (...dests: ObservedService['dests']) => {
    const ready = settle(kernel(), coming, record)
    return {
      ...ready,
      services: ready.services?.map((service) => ({ ...service, dests })) ?? [],
    }
  }
  const plan = (now: Observed, wanted: PlanInput = coming) => diff(now, desired(wanted, now), record)
  const forgotten = (now: Observed) =>
    plan(now).map((operation) => operation.kind === 'dest-flush' && operation.address)

  it('forgets the connections of an earlier reign, also those that ended, and adds the destination again', () => {
    const before = remembering(dest(11, { inactive: 3 }), dest(12, {}), { ...nat, active: 1 })
    expect(forgotten(before)).toEqual(['10.11.0.11', '10.12.0.13'])
    const without = settle(before, coming, record)
    expect(kinds(plan(without))).toEqual(['dest-add', 'dest-add'])
    expect(plan(settle(without, coming, record))).toEqual([])
  })

  it('never empties the table while another destination is there', () => {
    const all = remembering(dest(11, { inactive: 3 }), dest(12, { active: 1 }), { ...nat, inactive: 1 })
    expect(forgotten(all)).toEqual(['10.11.0.12', '10.12.0.13'])
    let now: Observed = all
    let least = 3
    for (let turn = 0; turn < 4; turn++) {
      now = settle(now, coming, record)
      least = Math.min(least, now.services?.[0]?.dests.length ?? 0)
    }
    expect(least).toBe(1)
    expect(now.services?.[0]?.dests).toEqual(expect.arrayContaining([dest(11, {}), dest(12, {}), nat]))
    expect(forgotten(remembering(dest(11, { inactive: 1 })))).not.toContain('10.11.0.11')
  })

  it('does not leave one that is drained alone in the table', () => {
    const drained = planInput('dir2', { flushing: new Set(['web']), quiescing: new Set(['web']) })
    const all = remembering({ ...nat, weight: 0, active: 1 }, dest(11, { active: 3 }), dest(12, { active: 1 }))
    const gone = plan(all, drained).map((operation) => operation.kind === 'dest-flush' && operation.address)
    expect(gone).toEqual(['10.12.0.13', '10.11.0.12'])
  })

  it('keeps every connection where no group comes, and where it owns the group', () => {
    const living = remembering(dest(11, { active: 3 }), dest(12, { inactive: 1 }), nat)
    expect(plan(living, planInput('dir2'))).toEqual([])
    expect(plan(living, { ...coming, owned: new Set(['web']) })).toEqual([])
  })

  it('is stopped by the audit where the address is on an interface', () => {
    const living = remembering(dest(11, { active: 3 }), dest(12, {}), nat)
    const vip = { index: 3, address: '10.11.0.10', prefix: 24, label: 'outside:lvsm' }
    const auditInput = { observed: living, owned: record, held: new Set<string>() }
    expect(audit(plan(living), auditInput)).toEqual([])
    expect(audit(plan(living), { ...auditInput, held: new Set(['10.11.0.10']) })).toHaveLength(1)
    expect(audit(plan(living), { ...auditInput, owned: NOTHING_OWNED })).toHaveLength(1)
    const answers = { ...living, addresses: [...living.addresses, vip] }
    expect(audit(plan(living), { ...auditInput, observed: answers })).toHaveLength(1)
    const alias = { ...vip, index: 1, prefix: 32, label: 'lo:lvsm' }
    const silent = { ...living, addresses: [...living.addresses, alias] }
    expect(audit(plan(living), { ...auditInput, observed: silent })).toEqual([])
  })
})

describe('a realserver', () => {
  it('falls silent in ARP before it has the alias', () => {
    const plan = diff(kernel(), desired(planInput('rs1'), kernel()), record)
    expect(kinds(plan).lastIndexOf('sysctl')).toBeLessThan(kinds(plan).indexOf('alias-add'))
    expect(
      audit(
        plan.filter((operation) => operation.kind !== 'sysctl'),
        { observed: kernel(), owned: record, held: new Set() },
      ),
    ).not.toEqual([])
    expect(settle(kernel(), planInput('rs1'), record).addresses).toContainEqual(
      expect.objectContaining({ address: '10.11.0.10', prefix: 32, label: 'lo:lvsm', index: 1 }),
    )
  })

  it('has no alias while it owns the address', () => {
    expect(desired(planInput('rs1', { owned: new Set(['web']) }), kernel()).aliases).toEqual([])
  })

  it('sets no route to a gateway that no interface reaches, and no alias without lo', () => {
    const lost = kernel({ addresses: [] })
    expect(kinds(diff(lost, desired(planInput('rs3'), lost), record))).not.toContain('route-set')
    const bare = kernel({ links: kernel().links.filter((link) => !link.loopback) })
    expect(kinds(diff(bare, desired(planInput('rs1'), bare), record))).not.toContain('alias-add')
  })

  it('answers for what stands on lo, and touches nothing on another interface', () => {
    const vip = { index: 3, address: '10.11.0.10', prefix: 32, label: 'lo:lvsm' }
    const old = { ...vip, address: '10.11.0.77' }
    const after = settle(kernel({ addresses: [...kernel().addresses, vip, old] }), planInput('rs1'), record)
    expect(after.addresses).toEqual(expect.arrayContaining([vip, old, { ...vip, index: 1 }]))
  })

  it('behind NAT has its default route through the gateway, but replaces no foreign one', () => {
    expect(settle(kernel(), planInput('rs3'), record).defaults).toMatchObject([
      { gateway: '10.12.0.254', index: 2, protocol: 76 },
    ])
    const foreign = kernel({ defaults: [{ gateway: '10.12.0.1', index: 2, protocol: 3, metric: 0 }] })
    expect(kinds(diff(foreign, desired(planInput('rs3'), foreign), record))).not.toContain('route-set')
    expect(
      troublesOf(view('rs3'), desired(planInput('rs3'), foreign), foreign, record).map((trouble) => trouble.code),
    ).toEqual(['foreign-default-route'])
  })
})
