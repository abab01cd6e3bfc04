/** NAT of IPv6: what director and realserver set up, and whose default routes are none of its business. */
import { checkConfig, SAMPLE } from '@lvsm/model'
import { expect, test } from 'vitest'
import { apply, kernel, planInput, viewOf } from './fixture.ts'
import {
  audit,
  claim,
  describeOperation,
  desired,
  diff,
  NOTHING_OWNED,
  type Observed,
  type PlanInput,
  troublesOf,
} from './index.ts'

const { config, refusals } = checkConfig(`${SAMPLE.replace(
  'vips: [10.11.0.10/24]',
  'vips: [10.11.0.10/24, 2001:db8:11::10/64]',
).replace('gateways: [10.12.0.254/24]', 'gateways: [10.12.0.254/24, 2001:db8:12::254/64]')}
  - name: http6
    group: web
    address: 2001:db8:11::10
    port: 80
    protocol: tcp
    scheduler: wrr
    realservers: [{ node: rs2, address: "2001:db8:12::12", port: 8080, forward: nat }]
`)
if (!config) throw new Error(JSON.stringify(refusals))
const SIX = [
  'all/forwarding',
  'inside/accept_ra',
  'outside/accept_ra',
  'all/accept_redirects',
  'inside/accept_redirects',
]
const host = (more: Partial<Observed> = {}): Observed => {
  const base = kernel()
  return {
    ...base,
    addresses: [...base.addresses, { index: 2, address: '2001:db8:12::12', prefix: 64, label: 'inside' }],
    sysctls: new Map([
      ...base.sysctls,
      ...SIX.map((key) => [`net/ipv6/conf/${key}`, key.includes('forwarding') ? '0' : '1'] as const),
    ]),
    ...more,
  }
}
const input = (node: string): PlanInput =>
  planInput(node, { view: viewOf(config, node), serving: new Map([['http6', new Set(['[2001:db8:12::12]:8080'])]]) })
const planOf = (node: string, now: Observed) => {
  const owned = claim(NOTHING_OWNED, config.services)
  const plan = diff(now, desired(input(node), now), owned)
  expect(audit(plan, { observed: now, owned, held: new Set() })).toEqual([])
  return plan
}
const text = (node: string, now: Observed): string[] =>
  planOf(node, now)
    .map(describeOperation)
    .filter((line) => line.includes('ipv6') || line.includes('route') || line.includes('2001:'))

test('an interface without settings of IPv6 needs none: no trouble, and no step', () => {
  const now = host()
  const without = (key: string): string[] => {
    const observed = { ...now, sysctls: new Map([...now.sysctls, [`net/ipv6/conf/${key}`, null] as const]) }
    expect(text('dir1', observed).join()).not.toContain(key)
    return troublesOf(viewOf(config, 'dir1'), desired(input('dir1'), observed), observed, NOTHING_OWNED).flatMap(
      ({ code, message }) => (code === 'no-sysctl' ? [message] : []),
    )
  }
  expect(without('outside/accept_ra')).toEqual([])
  expect(without('all/forwarding')).toEqual([
    expect.stringMatching(/^the kernel has no net\/ipv6\/conf\/all\/forwarding/),
  ])
})

test('a director forwards, after its own default route by advertisements is kept', () => {
  expect(text('dir1', host())).toEqual([
    expect.stringMatching(/^sysctl net\/ipv6\/conf\/inside\/accept_ra 1 → 2/),
    expect.stringMatching(/^sysctl net\/ipv6\/conf\/outside\/accept_ra 1 → 2/),
    expect.stringMatching(/^sysctl net\/ipv6\/conf\/all\/forwarding 0 → 1/),
    expect.stringMatching(/^add service tcp \[2001:db8:11::10\]:80/),
    'add [2001:db8:12::12]:8080 nat weight 1 in tcp [2001:db8:11::10]:80',
  ])
  const rules = desired(input('dir1'), host()).natRules
  expect(rules?.masquerade.map(({ network, vip }) => `${network.address} as ${vip}`)).toEqual([
    '10.12.0.0 as 10.11.0.10',
    '2001:db8:12:: as 2001:db8:11::10',
  ])
  const after = planOf('dir1', host()).reduce(apply, host())
  expect(planOf('dir1', after)).toEqual([])
})

test('a realserver has its default route of IPv6 through the gateway; one of IPv4 stays as it is, and is no trouble', () => {
  const v4 = { gateway: '10.12.0.1', index: 2, protocol: 4, metric: 0, family: 'ipv4' } as const
  const now = host({ defaults: [v4] })
  expect(text('rs2', now)).toEqual([
    expect.stringMatching(/^sysctl net\/ipv6\/conf\/all\/accept_redirects 1 → 0/),
    expect.stringMatching(/^sysctl net\/ipv6\/conf\/inside\/accept_redirects 1 → 0/),
    'default route through 2001:db8:12::254',
  ])
  const wanted = desired(input('rs2'), now)
  const codes = (observed: Observed) =>
    troublesOf(viewOf(config, 'rs2'), wanted, observed, NOTHING_OWNED).map(({ code }) => code)
  expect(codes(now)).not.toContain('foreign-default-route')
  const advertised = { gateway: 'fe80::1', index: 2, protocol: 9, metric: 1024, family: 'ipv6' } as const
  const other = host({ defaults: [v4, advertised] })
  expect(text('rs2', other).at(-1)).not.toContain('default route')
  expect(codes(other)).toContain('foreign-default-route')
})

test('one of IPv4 has its own, whatever routers advertise of IPv6', () => {
  const advertised = { gateway: 'fe80::1', index: 2, protocol: 9, metric: 1024, family: 'ipv6' } as const
  const now = host({ defaults: [advertised] })
  expect(text('rs3', now).at(-1)).toBe('default route through 10.12.0.254')
  const codes = troublesOf(viewOf(config, 'rs3'), desired(input('rs3'), now), now, NOTHING_OWNED).map(
    ({ code }) => code,
  )
  expect(codes).not.toContain('foreign-default-route')
})
