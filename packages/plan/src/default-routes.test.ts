/** Default routes of realservers by NAT beside those that others have set. */
import { expect, it, test } from 'vitest'
import { defaultRoutes, type DesiredGateway, foreignDefaults } from './default-routes.ts'
import { apply } from './fixture.ts'
import { audit, describeOperation, desired, diff, NOTHING_OWNED, troublesOf } from './index.ts'
import { kernel, planInput, record, view } from './fixture.ts'
import type { Observed, ObservedDefault } from './observed.ts'

const FOUR: DesiredGateway = { address: '10.12.0.254', index: 2 }
const SIX: DesiredGateway = { address: '2001:db8:12::254', index: 2 }
const through = (gateway: string, metric: number, protocol = 16): ObservedDefault => ({
  ...{ gateway, index: 2, protocol, metric },
  family: gateway.includes(':') ? 'ipv6' : 'ipv4',
})
const ours = (gateway: string, metric = gateway.includes(':') ? 1024 : 0): ObservedDefault =>
  through(gateway, metric, 76)

/** What is done, as text; the kernel after it, which needs nothing more; and who still stands in the way there. */
function course(defaults: readonly ObservedDefault[], ...gateways: readonly DesiredGateway[]) {
  const now: Observed = { ...kernel(), defaults: [...defaults] }
  const plan = defaultRoutes(now, gateways)
  expect(audit(plan, { observed: now, owned: NOTHING_OWNED, held: new Set() })).toEqual([])
  const after = plan.reduce(apply, now)
  expect(defaultRoutes(after, gateways)).toEqual([])
  const blocked = (seen: Observed) =>
    gateways.flatMap((one) => foreignDefaults(seen, one).map(({ gateway, metric }) => `${gateway} ${metric}`))
  // Nobody is told of what the same plan puts right.
  expect(blocked(now)).toEqual(blocked(after))
  return { done: plan.map(describeOperation), blocked: blocked(after) }
}

const SET = 'default route through 10.12.0.254'
const SET6 = 'default route through 2001:db8:12::254'
test.each<[string, readonly ObservedDefault[], readonly string[], readonly string[]]>([
  ['none: ours is set', [], [SET], []],
  ['one of DHCP behind ours does not keep it away', [through('10.12.0.1', 100)], [SET], []],
  ['one of the same metric would be replaced: it stays', [through('10.12.0.1', 0)], [], ['10.12.0.1 0']],
  [
    'the others of such a machine are not in the way',
    [through('10.12.0.1', 0), through('10.12.0.9', 100)],
    [],
    ['10.12.0.1 0'],
  ],
  [
    'the right one by somebody else, before all others',
    [through('10.12.0.254', 50), through('10.12.0.1', 100)],
    [],
    [],
  ],
  [
    'the right one by somebody else, behind another',
    [through('10.12.0.254', 100), through('10.12.0.1', 50)],
    [SET],
    [],
  ],
  ['ours, and one behind it', [ours('10.12.0.254'), through('10.12.0.1', 100)], [], []],
  ['a former one of ours is replaced', [ours('10.12.0.253'), through('10.12.0.1', 100)], [SET], []],
  ['one of the other family', [through('fe80::1', 0)], [SET], []],
])('%s', (_, defaults, done, blocked) => expect(course(defaults, FOUR)).toEqual({ done, blocked }))

test.each<[string, readonly ObservedDefault[], readonly string[], readonly string[]]>([
  ['what a router advertises has the metric of ours', [through('fe80::1', 1024, 9)], [], ['fe80::1 1024']],
  ['one of DHCP before ours would have come', [through('fe80::1', 100)], [], ['fe80::1 100']],
  ['one behind it', [through('fe80::1', 2048)], [SET6], []],
])('IPv6: %s', (_, defaults, done, blocked) => expect(course(defaults, SIX)).toEqual({ done, blocked }))

it('each family has its own, and one that leaves takes none but its own along', () => {
  expect(course([], FOUR, SIX)).toEqual({ done: [SET, SET6], blocked: [] })
  expect(course([ours('10.12.0.254'), ours('2001:db8:12::254')], SIX)).toEqual({
    done: ['remove default route through 10.12.0.254'],
    blocked: [],
  })
  expect(course([through('10.12.0.1', 0)], FOUR, SIX)).toEqual({ done: [SET6], blocked: ['10.12.0.1 0'] })
})

it('no interface reaches the gateway: nothing is set, and what stands of ours elsewhere goes', () =>
  expect(course([ours('10.12.0.253')], { ...FOUR, index: 0 }).done).toEqual([
    'remove default route through 10.12.0.253',
  ]))

test.each([
  ['10.12.0.254', '10.12.0.1', '(ip route del default)'],
  ['2001:db8:12::254', 'fe80::1', '(ip -6 route del default)'],
])('the hint is of the family of %s', (gateway, other, hint) => {
  const now: Observed = { ...kernel(), defaults: [through(other, 0)] }
  const wanted = { ...desired(planInput('rs3'), now), gateways: [{ address: gateway, index: 2 }] }
  expect(troublesOf(view('rs3'), wanted, now, record)).toMatchObject([
    { code: 'foreign-default-route', hint: expect.stringContaining(hint) },
  ])
  expect(diff(now, wanted, record).map(({ kind }) => kind)).not.toContain('route-set')
})

it('the audit lets nobody replace what is not ours', () => {
  const judged = (...defaults: ObservedDefault[]) =>
    audit([{ kind: 'route-set', gateway: '10.12.0.254', index: 2 }], {
      ...{ observed: { ...kernel(), defaults }, owned: NOTHING_OWNED, held: new Set<string>() },
    })
  expect(judged(through('10.12.0.1', 0))).toEqual([expect.stringContaining('not ours would be replaced')])
  expect(judged(through('10.12.0.1', 100))).toEqual([])
})
