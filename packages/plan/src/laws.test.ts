/** The laws of this room, over random situations: each plan is played, step by step, on a kernel that refuses nonsense. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ARP, apply, kernel, links, viewOf, wide } from './fixture.ts'
import { destKey, serviceKey, parseDestKey, parseServiceKey, type ServiceId } from '@lvsm/model'
import {
  audit,
  claim,
  type Desired,
  desired,
  diff,
  Refusals,
  natRulesText,
  type Observed,
  type ObservedDest,
  type ObservedService,
  type Operation,
  type OwnedRecord,
  type PlanInput,
} from './index.ts'

/** Of others, of ours, of the configuration of yesterday; some differ in one letter or in the protocol only. */
const SERVICES = [
  ...wide.services.map(serviceKey),
  'udp 10.11.0.10:80',
  'tcp 10.11.0.1:80',
  'tcp 10.11.0.10:8080',
  'tcp 10.11.0.99:80',
]
const DESTS = [
  ...new Set(wide.services.flatMap((service) => service.realservers.map(destKey))),
  '10.11.0.1:80',
  '10.11.0.50:80',
]
const known = <T>(value: T | null): T => {
  if (value === null) throw new Error('a key that nobody understands')
  return value
}
const anyKeys = fc.oneof(fc.constant(DESTS), fc.subarray(DESTS)).map((keys) => new Set(keys))
const anyDests = fc.subarray(DESTS, { maxLength: 5 }).chain((keys) =>
  fc.tuple(
    ...keys.map((key) =>
      fc
        .record({
          forward: fc.constantFrom('dr', 'nat', 'tun', 'local', 'bypass'),
          weight: fc.nat(2),
          active: fc.nat(1),
          inactive: fc.nat(1),
        })
        .map((dest): ObservedDest => ({ ...known(parseDestKey(key)), ...dest })),
    ),
  ),
)
const anySpec = fc.record(
  {
    scheduler: fc.constantFrom('rr', 'wrr', 'wlc'),
    flags: fc.subarray(['flag-1']),
    onePacket: fc.constant(true),
    persistence: fc.constant({ seconds: 300, prefix: null, engine: null }),
  },
  { requiredKeys: ['scheduler', 'flags'] },
)
const anyServices = fc.subarray(SERVICES).chain((keys) =>
  fc.tuple(
    ...keys.map((key) =>
      fc.tuple(anySpec, anyDests).map(([spec, dests]): ObservedService => {
        return { ...known(parseServiceKey(key)), spec, dests }
      }),
    ),
  ),
)
const anyRecord = fc
  .subarray(SERVICES)
  .chain((keys) => fc.tuple(...keys.map((key) => anyKeys.map((dests) => [key, dests] as const))))
  .map((entries): OwnedRecord => new Map(entries))

const anyAddresses = fc
  .uniqueArray(
    fc.record({
      index: fc.constant(1),
      address: fc.constantFrom('10.11.0.10', '10.11.0.20', '10.11.0.77'),
      prefix: fc.constantFrom(32, 32, 24),
      label: fc.constantFrom('lo:lvsm', 'lo:lvsm', 'lo'),
    }),
    { selector: ({ address, prefix }) => `${address}/${prefix}`, maxLength: 3 },
  )
  .map((addresses) => [{ index: 1, address: '127.0.0.1', prefix: 8, label: 'lo' }, ...addresses])
const anyDefaults = fc.subarray([
  { gateway: '10.12.0.9', index: 2, protocol: 3, metric: 0 },
  { gateway: '10.12.0.254', index: 2, protocol: 76, metric: 0 },
  { gateway: '10.12.0.254', index: 3, protocol: 76, metric: 1 },
  { gateway: null, index: 2, protocol: 76, metric: 5 },
  { gateway: '10.12.0.253', index: 2, protocol: 4, metric: 100 },
])
const LATE = ['lo/arp_ignore', 'outside/arp_announce', 'all/send_redirects', 'inside/accept_redirects']
const anySysctls = fc.tuple(
  fc.array(fc.constantFrom('0', '1', '2'), { minLength: ARP.length, maxLength: ARP.length }),
  fc.subarray(LATE),
  fc.constantFrom(null, undefined),
)

interface World {
  readonly now: Observed
  readonly planInput: PlanInput
  readonly record: OwnedRecord
  readonly held: ReadonlySet<string>
}
const anyWorld: fc.Arbitrary<World> = fc
  .record({
    services: fc.oneof({ weight: 9, arbitrary: anyServices }, { weight: 1, arbitrary: fc.constant(null) }),
    known: anyRecord,
    configured: fc.subarray([...wide.services]),
    node: fc.constantFrom(...wide.nodes.map(({ name }) => name)),
    owned: fc.subarray(['web', 'mail']),
    alive: fc.tuple(anyKeys, anyKeys, anyKeys, anyKeys),
    draining: fc.tuple(anyKeys, anyKeys, anyKeys, anyKeys),
    quiescing: fc.subarray(['web', 'mail']),
    flushing: fc.subarray(['web', 'mail']),
    handover: fc.subarray([['web', ['10.12.0.1']] as const, ['mail', ['10.12.0.2']] as const]),
    addresses: anyAddresses,
    defaults: anyDefaults,
    sysctls: anySysctls,
    natRules: fc.constantFrom(null, 'something else', 'right'),
    lo: fc.constantFrom(true, true, true, false),
  })
  .map((any) => {
    const view = viewOf({ ...wide, services: any.configured }, any.node)
    const byName = (sets: readonly ReadonlySet<string>[]) =>
      new Map(wide.services.map((service, at) => [service.name, sets[at] ?? new Set<string>()]))
    const planInput: PlanInput = {
      view,
      owned: new Set(any.owned),
      serving: byName(any.alive),
      draining: byName(any.draining),
      quiescing: new Set(any.quiescing),
      handover: new Map<string, readonly string[]>(any.handover),
      flushing: new Set(any.flushing),
    }
    const floating = wide.groups.filter(({ name }) => planInput.owned.has(name)).flatMap((group) => group.addresses)
    const values = new Map<string, string | null>(kernel().sysctls)
    for (const [at, path] of ARP.entries()) values.set(path, any.sysctls[0][at] ?? '0')
    for (const path of any.sysctls[1]) {
      if (any.sysctls[2] === null) values.set(`net/ipv4/conf/${path}`, null)
      else values.delete(`net/ipv4/conf/${path}`)
    }
    const now = kernel({
      links: any.lo ? links : links.filter((link) => !link.loopback),
      addresses: [
        ...view.node.links.map(({ name, address }) => ({
          index: name === 'inside' ? 2 : 3,
          address,
          prefix: 24,
          label: name,
        })),
        ...floating.map(({ address, prefix, kind }) => ({
          index: kind === 'vip' ? 3 : 2,
          address,
          prefix,
          label: kind === 'vip' ? 'outside:lvsm' : 'inside:lvsm',
        })),
        ...(any.lo ? any.addresses : []),
      ],
      defaults: any.defaults,
      services: any.services,
      sysctls: values,
    })
    const right = natRulesText(desired(planInput, now).natRules)
    return {
      now: { ...now, natRules: any.natRules === 'right' ? right : any.natRules },
      planInput,
      record: claim(any.known, view.services),
      held: new Set(floating.map(({ address }) => address)),
    }
  })

const ALIAS = 'lo:lvsm'
const isOurAlias = (entry: Observed['addresses'][number]): boolean => entry.index === 1 && entry.label === ALIAS
const alive = (service: { readonly dests: readonly { readonly weight: number }[] } | undefined): boolean =>
  service?.dests.some((dest) => dest.weight > 0) === true
const find = (services: Observed['services'], key: string): ObservedService | undefined =>
  services?.find((service) => serviceKey(service) === key)

/** Everything that is not ours: no plan may make a difference to it. */
const foreign = (now: Observed, { record }: World, wanted: Desired): string => {
  const written = new Set(wanted.sysctls.map(({ path }) => path))
  return JSON.stringify([
    now.links,
    now.addresses.filter((entry) => !isOurAlias(entry)),
    now.defaults.filter((entry) => entry.protocol !== 76),
    [...now.sysctls].filter(([path]) => !written.has(path)).sort(([a], [b]) => a.localeCompare(b)),
    (now.services ?? []).flatMap((service): object[] => {
      const ours = record.get(serviceKey(service))
      if (!ours) return [service]
      const dests = service.dests.filter((dest) => !ours.has(destKey(dest)))
      return dests.length === 0 ? [] : [{ key: serviceKey(service), dests }]
    }),
  ])
}

/** Is it what was wanted, as far as it is ours to make? */
function expectReached(now: Observed, wanted: Desired, world: World): void {
  for (const { path, accept } of wanted.sysctls) {
    const value = now.sysctls.get(path)
    if (typeof value === 'string') expect(accept, path).toContain(value)
  }
  expect(now.natRules).toBe(natRulesText(wanted.natRules))
  if (now.services) expectTable(now.services, wanted, world)
  const lo = now.addresses.filter((entry) => entry.index === 1 && entry.prefix === 32).map((entry) => entry.address)
  if (now.links.some((link) => link.loopback))
    expect(lo).toEqual(expect.arrayContaining(wanted.aliases.map(({ address }) => address)))
  for (const entry of now.addresses.filter(isOurAlias))
    expect([wanted.aliases.some(({ address }) => address === entry.address), entry.prefix]).toEqual([true, 32])
  const ours = now.defaults.filter((entry) => entry.protocol === 76)
  const others = now.defaults.some((entry) => entry.protocol !== 76 && entry.metric === 0)
  const { address, index } = wanted.gateways[0] ?? {}
  expect(ours.filter((entry) => entry.gateway !== address || entry.index !== index)).toEqual([])
  if (index !== undefined && !others && index > 0)
    expect(now.defaults).toContainEqual(expect.objectContaining({ gateway: address, index }))
}

function expectTable(services: readonly ObservedService[], wanted: Desired, { record }: World): void {
  for (const service of wanted.services) {
    const key = serviceKey(service)
    const found = find(services, key)
    expect(found?.spec, key).toEqual(service.spec)
    const dests = found?.dests.filter((dest) => record.get(key)?.has(destKey(dest))) ?? []
    const shape = (dest: Pick<ObservedDest, 'address' | 'port' | 'forward' | 'weight'>): string =>
      `${destKey(dest)} ${dest.forward} ${dest.weight}`
    expect(dests.map(shape).sort()).toEqual(service.dests.map(shape).sort())
  }
  const keys = new Set(wanted.services.map(serviceKey))
  for (const service of services.filter((entry) => !keys.has(serviceKey(entry)))) {
    const ours = record.get(serviceKey(service))
    if (!ours) continue
    expect(service.dests.length, 'only what others use stays').toBeGreaterThan(0)
    for (const dest of service.dests) expect(ours.has(destKey(dest))).toBe(false)
  }
}

/** Laws of one step, told by what stood before it and after it. */
function expectStep(before: Observed, operation: Operation, after: Observed, wanted: Desired): void {
  expect(after, 'no step is for nothing').not.toEqual(before)
  if (operation.kind === 'alias-add') {
    const value = (key: string) => before.sysctls.get(`net/ipv4/conf/all/${key}`)
    expect([value('arp_ignore') === '0', value('arp_announce')], 'silent in ARP first').toEqual([false, '2'])
  }
  const destOf = (service: ServiceId, key: string) =>
    find(before.services, serviceKey(service))?.dests.find((entry) => destKey(entry) === key)
  if (operation.kind === 'dest-remove')
    expect(destOf(operation.service, destKey(operation))?.weight, 'no connection begins while it goes').toBe(0)
  if (operation.kind !== 'dest-edit') return
  const [key, place] = [serviceKey(operation.service), destKey(operation.dest)]
  const target = wanted.services
    .find((entry) => serviceKey(entry) === key)
    ?.dests.find((entry) => destKey(entry) === place)
  const { forward } = target ?? destOf(operation.service, place) ?? {}
  expect(operation.dest.forward, 'who goes is reached as before until then').toBe(forward)
}

/** Laws of a whole plan, told by all that stood in its course. */
function expectCourse(course: readonly Observed[], wanted: Desired): void {
  const [first, last] = [course[0] as Observed, course.at(-1) as Observed]
  const lasting = (now: Observed, address: string): boolean =>
    now.addresses.some((entry) => entry.index === 1 && entry.address === address)
  for (const { address } of wanted.aliases.filter((one) => lasting(first, one.address)))
    for (const now of course) expect(lasting(now, address), 'an alias that stays is never away').toBe(true)
  for (const service of first.services ?? []) {
    const key = serviceKey(service)
    const target = wanted.services.find((entry) => serviceKey(entry) === key)
    if (alive(service) && alive(find(last.services, key)))
      for (const now of course) expect(alive(find(now.services, key)), `${key} serves all the time`).toBe(true)
    for (const dest of target?.flushConnections === false ? service.dests : []) {
      if (!target?.dests.some((entry) => destKey(entry) === destKey(dest))) continue
      for (const now of course) {
        const held = find(now.services, key)?.dests.find((entry) => destKey(entry) === destKey(dest))
        expect([held?.active, held?.inactive], 'who stays keeps its connections').toEqual([dest.active, dest.inactive])
      }
    }
  }
}

const RANKS = ['sysctl', 'nat', 'table', 'route', 'alias']
const rankOf = (operation: Operation): number =>
  RANKS.indexOf('service' in operation ? 'table' : (operation.kind.split('-')[0] as string))

function expectOrder(plan: readonly Operation[], wanted: Desired): void {
  const ranks = plan.map(rankOf)
  expect(ranks, 'settings, NAT rules, table, route, aliases').toEqual(ranks.toSorted((a, b) => a - b))
  const keys = new Set(wanted.services.map(serviceKey))
  const table = plan.flatMap((operation) => ('service' in operation ? [operation] : []))
  const leaving = table.map(({ service }) => !keys.has(serviceKey(service)))
  expect(leaving.lastIndexOf(false) < 0 || !leaving.slice(0, leaving.lastIndexOf(false)).includes(true)).toBe(true)
  for (const key of keys) {
    const steps = table.filter(({ service }) => serviceKey(service) === key)
    const rises = steps.map((step) => 'dest' in step && step.dest.weight > 0)
    const falls = steps.map((step) => ('dest' in step ? step.dest.weight === 0 : step.kind.startsWith('dest')))
    if (falls.includes(true))
      expect(falls.indexOf(true), 'who serves comes first').toBeGreaterThan(rises.lastIndexOf(true))
  }
}

/** Plays one plan and gives what the kernel is then. */
function play(now: Observed, wanted: Desired, world: World): Observed {
  const plan = diff(now, wanted, world.record)
  expect(audit(plan, { observed: now, owned: world.record, held: world.held })).toEqual([])
  expectOrder(plan, wanted)
  const course = [now]
  const others = foreign(now, world, wanted)
  for (const operation of plan) {
    const before = course.at(-1) as Observed
    const after = apply(before, operation)
    expectStep(before, operation, after, wanted)
    expect(foreign(after, world, wanted)).toBe(others)
    course.push(after)
  }
  expectCourse(course, wanted)
  return course.at(-1) as Observed
}

/** The kernel with so many connections at its destinations, which it gives in any order. */
const remembering = (now: Observed, counts: readonly number[]): Observed => ({
  ...now,
  services:
    now.services?.map((service, at) => ({
      ...service,
      dests: (counts[at] === 0 ? service.dests : service.dests.toReversed()).map((dest, of) => ({
        ...dest,
        active: (counts[(7 * at + of) % 30] ?? 0) >> 1,
        inactive: (counts[(7 * at + of) % 30] ?? 0) & 1,
      })),
    })) ?? null,
})

/** By its checks, not because it leaves. */
const falls = (plan: readonly Operation[], service: ServiceId, key: string): boolean => {
  const of = plan.filter((one) => 'service' in one && serviceKey(one.service) === serviceKey(service))
  const isRemoved = of.some((one) => one.kind === 'dest-remove' && destKey(one) === key)
  return !isRemoved && of.some((one) => one.kind === 'dest-edit' && destKey(one.dest) === key && one.dest.weight === 0)
}

describe('any plan', () => {
  it('obeys the laws at every step, reaches what is wanted, and is empty the second time', () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        const wanted = desired({ ...world.planInput, flushing: new Set() }, world.now)
        const after = play(world.now, wanted, world)
        expectReached(after, wanted, world)
        expect(diff(after, wanted, world.record)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('of which the kernel refuses some goes on with what is safe, and leaves no service empty for it', () => {
    fc.assert(
      fc.property(anyWorld, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (world, refuses) => {
        const wanted = desired({ ...world.planInput, flushing: new Set() }, world.now)
        const plan = diff(world.now, wanted, world.record)
        const refusals = new Refusals(plan)
        let now = world.now
        for (const [at, operation] of plan.entries()) {
          if (refusals.holdsBack(operation)) continue
          const after = refuses[at % 40] ? null : apply(now, operation)
          if (after) expectStep(now, operation, after, wanted)
          else refusals.add(operation)
          now = after ?? now
          for (const service of world.now.services ?? [])
            if (service.dests.some((dest) => dest.weight > 0 && !falls(plan, service, destKey(dest))))
              if (alive(wanted.services.find((one) => serviceKey(one) === serviceKey(service))))
                expect(alive(find(now.services, serviceKey(service))), 'served all the time').toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('that forgets ends after a few, with no connection of an earlier reign, and with a table all the time', () => {
    fc.assert(
      fc.property(anyWorld, fc.array(fc.nat(2), { minLength: 30, maxLength: 30 }), (world, counts) => {
        const ready = play(world.now, desired({ ...world.planInput, flushing: new Set() }, world.now), world)
        const wanted = desired(world.planInput, ready)
        let now = remembering(ready, counts)
        for (let turn = 0; turn < 4; turn++) {
          now = play(now, wanted, world)
          for (const { dests, ...service } of ready.services ? wanted.services : [])
            if (dests.filter(({ weight }) => weight > 0).length > 1)
              expect(alive(find(now.services, serviceKey(service)))).toBe(true)
        }
        expectReached(now, wanted, world)
        expect(diff(now, wanted, world.record)).toEqual([])
        for (const service of wanted.services.filter(({ flushConnections }) => flushConnections))
          for (const dest of find(now.services, serviceKey(service))?.dests ?? [])
            if (world.record.get(serviceKey(service))?.has(destKey(dest))) expect(dest.active + dest.inactive).toBe(0)
      }),
      { numRuns: 300 },
    )
  })
})
