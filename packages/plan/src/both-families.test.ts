/** A group with addresses of both families: what directors and realservers get of it, and what the audit thinks of that. */
import { checkConfig, SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { apply, kernel, kinds, planInput, viewOf } from './fixture.ts'
import {
  audit,
  claim,
  desired,
  diff,
  NOTHING_OWNED,
  type Observed,
  type Operation,
  type OwnedRecord,
  type PlanInput,
  readRecord,
  rememberSettings,
  sinceBoot,
  writeRecord,
} from './index.ts'
import { natRules } from './nat-rules.ts'

const [VIP6, RS1, RS2] = ['2001:db8:11::10', '2001:db8:11::11', '2001:db8:11::12']
const { config } = checkConfig(`${SAMPLE.replace('vips: [10.11.0.10/24]', `vips: [10.11.0.10/24, ${VIP6}/64]`)}
  - name: http6
    group: web
    address: ${VIP6}
    port: 80
    protocol: tcp
    scheduler: wrr
    realservers:
      - { node: rs1, address: "${RS1}", forward: dr, weight: 3 }
      - { node: rs2, address: "${RS2}", forward: dr, weight: 1 }
`)
if (!config) throw new Error('the file has faults')
const input = (node: string, more: Partial<PlanInput> = {}): PlanInput =>
  planInput(node, {
    view: viewOf(config, node),
    serving: new Map([['http6', new Set([`[${RS1}]:80`, `[${RS2}]:80`])]]),
    ...more,
  })
/** With addresses of both families on its outside link. */
const host = (more: Partial<Observed> = {}): Observed => {
  const base = kernel()
  const own = { index: 3, address: '2001:db8:11::1', prefix: 64, label: 'outside' }
  return { ...base, addresses: [...base.addresses, own], ...more }
}
const planned = (node: string, observed: Observed, more: Partial<PlanInput> = {}): Operation[] =>
  diff(observed, desired(input(node, more), observed), claim(NOTHING_OWNED, config.services))
const judged = (plan: readonly Operation[], observed: Observed, held: readonly string[] = []): string[] =>
  audit(plan, { observed, owned: claim(NOTHING_OWNED, config.services), held: new Set(held) })

describe('an alias of IPv6 that somebody made a source again', () => {
  const alone = (observed: Observed, record: OwnedRecord, more: Partial<PlanInput> = {}): Operation[] => {
    const plan = diff(observed, desired(input('rs1', more), observed), record)
    expect(audit(plan, { observed, owned: record, held: new Set() })).toEqual([])
    return plan.filter(({ kind }) => kind.startsWith('alias'))
  }
  const recorded = (observed: Observed, record: OwnedRecord): OwnedRecord =>
    readRecord(writeRecord(rememberSettings(record, observed, desired(input('rs1'), observed), [])))
  const done = planned('rs1', host()).reduce(apply, host())
  const record = recorded(done, NOTHING_OWNED)
  const unmarked: Observed = {
    ...done,
    addresses: done.addresses.map((one) => (one.address === VIP6 ? { ...one, label: 'lo' } : one)),
  }

  it('and whose mark went with that is known by the record: mended, or gone with the service', () => {
    const plan = alone(unmarked, record)
    expect(plan).toMatchObject([{ kind: 'alias-add', address: VIP6, prefix: 128, label: 'lo:lvsm' }])
    expect(alone(plan.reduce(apply, unmarked), record)).toEqual([])
    expect(recorded(unmarked, record)).toEqual(record)
    const { services, ...rest } = config
    const left = viewOf({ ...rest, services: services.filter(({ name }) => name !== 'http6') }, 'rs1')
    const removal = alone(unmarked, record, { view: left })
    expect(removal).toMatchObject([{ kind: 'alias-remove', address: VIP6, prefix: 128 }])
    expect(recorded(removal.reduce(apply, unmarked), record).has(`alias ${VIP6} lo:lvsm`)).toBe(false)
  })
  it('after another start of the machine is none: addresses went with it, and what stands there is somebody’s', () => {
    const first = recorded(unmarked, sinceBoot(record, 'one'))
    expect(first.has(`alias ${VIP6} lo:lvsm`), 'of a record that does not say since when').toBe(false)
    const kept = recorded(done, first)
    expect(alone(unmarked, sinceBoot(kept, 'one'))).toMatchObject([{ kind: 'alias-add', address: VIP6 }])
    const { services, ...rest } = config
    const left = viewOf({ ...rest, services: services.filter(({ name }) => name !== 'http6') }, 'rs1')
    for (const boot of ['two', '']) {
      const after = sinceBoot(kept, boot)
      for (const more of [{}, { view: left }]) expect(alone(unmarked, after, more)).toEqual([])
      expect(recorded(unmarked, after)).toEqual(after)
    }
    expect(writeRecord(sinceBoot(kept, 'two'))).toBe('boot two')
  })
  it('that somebody took away and put there anew is none: the kernel says since when it stands, and a change leaves that', () => {
    const since = (observed: Observed, createdAt: number): Observed => ({
      ...observed,
      addresses: observed.addresses.map((one) => (one.address === VIP6 ? { ...one, createdAt } : one)),
    })
    const known = recorded(since(done, 4711), sinceBoot(record, 'one'))
    expect(alone(since(unmarked, 4711), known), 'changed').toMatchObject([{ kind: 'alias-add', address: VIP6 }])
    expect(recorded(since(unmarked, 4711), known)).toEqual(known)
    expect(alone(since(unmarked, 4999), known), 'put there anew').toEqual([])
    expect(writeRecord(recorded(since(unmarked, 4999), known))).toBe('boot one')
    expect(recorded(since(done, 4999), known), 'by us').not.toEqual(known)
    for (const seen of [unmarked, since(unmarked, 4999)])
      expect(alone(seen, record), 'where a version before kept the record').toMatchObject([{ kind: 'alias-add' }])
  })
  it('of somebody else’s making it is none, and stays', () => {
    expect(recorded(unmarked, NOTHING_OWNED)).toEqual(NOTHING_OWNED)
    expect(alone(unmarked, NOTHING_OWNED)).toEqual([])
  })
  it('whose route the kernel has no more goes, and is put there anew', () => {
    const lost = {
      ...done,
      addresses: done.addresses.map((one) => (one.address === VIP6 ? { ...one, undelivered: true as const } : one)),
    }
    const plan = alone(lost, record)
    expect(plan).toMatchObject([
      { kind: 'alias-remove', address: VIP6, label: 'lo:lvsm' },
      { kind: 'alias-add', address: VIP6, label: 'lo:lvsm' },
    ])
    expect(alone(plan.reduce(apply, lost), record)).toEqual([])
    const { services, ...rest } = config
    const left = viewOf({ ...rest, services: services.filter(({ name }) => name !== 'http6') }, 'rs1')
    expect(alone(lost, record, { view: left })).toMatchObject([{ kind: 'alias-remove', address: VIP6 }])
  })
  it('is mended where it stands', () => {
    const planOf = (observed: Observed) => planned('rs1', observed).filter(({ kind }) => kind.startsWith('alias'))
    const done = planned('rs1', host()).reduce(apply, host())
    expect(planOf(done)).toEqual([])
    const spoilt = {
      ...done,
      addresses: done.addresses.map((one) => (one.address === VIP6 ? { ...one, preferred: true as const } : one)),
    }
    const plan = planOf(spoilt)
    expect(plan).toMatchObject([{ kind: 'alias-add', address: VIP6, prefix: 128 }])
    expect(judged(plan, spoilt)).toEqual([])
    expect(planOf(plan.reduce(apply, spoilt))).toEqual([])
  })
})

describe('a director', () => {
  it('has the service of IPv6 beside that of IPv4, each destination in its family, and nothing more to do then', () => {
    const plan = planned('dir1', host())
    expect(judged(plan, host())).toEqual([])
    expect(plan).toContainEqual({
      kind: 'dest-add',
      service: { protocol: 'tcp', address: VIP6, port: 80 },
      dest: { address: RS1, port: 80, forward: 'dr', weight: 3 },
    })
    const after = plan.reduce(apply, host())
    expect(planned('dir1', after)).toEqual([])
  })
  it('needs no setting for it: there are no primary addresses in IPv6, and nobody forwards', () => {
    const only6 = desired(
      input('dir1', {
        view: {
          ...viewOf(config, 'dir1'),
          directs: config.groups.map((group) => ({
            ...group,
            addresses: group.addresses.filter(({ address }) => address === VIP6),
          })),
          services: config.services.filter(({ name }) => name === 'http6'),
        },
      }),
      host(),
    )
    expect(only6.sysctls.filter(({ path }) => /promote|ip_forward|ipv6/.test(path))).toEqual([])
  })
  it('hands packets on within their family, where it knows an address of the former owner in it', () => {
    const { view } = input('dir2')
    const to = (...addresses: string[]) =>
      natRules(view, new Map([['web', addresses]]))?.handover.map((one) => `${one.address} to ${one.to}`)
    expect(to('10.11.0.1', '10.12.0.1')).toEqual(['10.11.0.10 to 10.11.0.1'])
    expect(to('10.11.0.1', '2001:db8:11::1')).toEqual(['10.11.0.10 to 10.11.0.1', `${VIP6} to 2001:db8:11::1`])
    expect(to('2001:db8:11::1')).toEqual([`${VIP6} to 2001:db8:11::1`])
    expect(to()).toEqual([])
  })
})

describe('a realserver', () => {
  const alias = { address: VIP6, prefix: 128, index: 1, label: 'lo:lvsm' }

  it('has an alias of each, and keeps back refusals in both families', () => {
    const plan = planned('rs1', host())
    expect(judged(plan, host())).toEqual([])
    expect(plan).toContainEqual({ kind: 'alias-add', ...alias })
    expect(desired(input('rs1'), host()).natRules?.suppressRst.map(({ address }) => address)).toEqual([
      '10.11.0.10',
      VIP6,
    ])
    const after = plan.reduce(apply, host())
    expect(planned('rs1', after)).toEqual([])
    // Taken off by hand, it comes back; what bears no mark of ours stays.
    const bare = { ...after, addresses: after.addresses.filter(({ address }) => address !== VIP6) }
    expect(planned('rs1', bare)).toEqual([{ kind: 'alias-add', ...alias }])
    const stranger = { index: 1, address: '2001:db8::5', prefix: 128, label: 'lo' }
    expect(planned('rs1', { ...after, addresses: [...after.addresses, stranger] })).toEqual([])
  })
  it('needs no setting of ARP for an alias of IPv6', () => {
    const view = viewOf(config, 'rs1')
    const only6 = { ...view, answersFor: view.answersFor.filter(({ address }) => address === VIP6), serves: [] }
    const plan = planned('rs1', host(), { view: only6 })
    expect(kinds(plan)).toEqual(['alias-add'])
    expect(judged(plan, host())).toEqual([])
  })
  it('the audit refuses it with the prefix of a network, on its owner, or before ARP is silent for IPv4', () => {
    expect(judged([{ kind: 'alias-add', ...alias, prefix: 64 }], host())).toEqual([
      `alias ${VIP6} with prefix 64: the node would claim a network`,
    ])
    expect(judged([{ kind: 'alias-add', ...alias }], host(), [VIP6])).toEqual([`alias ${VIP6} on its owner`])
    expect(judged([{ kind: 'alias-add', ...alias, address: '10.11.0.10', prefix: 32 }], host())).toHaveLength(1)
  })
  it('leaves the address alone that it holds as the owner', () =>
    expect(kinds(planned('rs1', host(), { owned: new Set(['web']) }))).not.toContain('alias-add'))
})
