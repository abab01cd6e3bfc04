/** Answers of both families: each has its own rules and tables. */
import { checkConfig, SAMPLE } from '@lvsm/model'
import { expect, test } from 'vitest'
import { apply, kernel, planInput, viewOf } from './fixture.ts'
import { describeOperation, desired, diff, NOTHING_OWNED, type Observed } from './index.ts'

const { config, refusals } = checkConfig(`${SAMPLE.replace(
  'vips: [10.11.0.10/24]',
  'vips: [10.11.0.10/24, 2001:db8:12::10/64]',
)
  .replace('gateways: [10.12.0.254/24]', 'gateways: [10.12.0.254/24, 2001:db8:12::254/64]')
  .replace('gateway: 10.12.0.254, weight', 'route: policy, weight')}
  - name: dns6
    group: web
    address: 2001:db8:12::10
    port: 53
    protocol: udp
    scheduler: wrr
    realservers: [{ node: rs3, address: "2001:db8:12::13", forward: nat, route: policy }]
`)
if (!config) throw new Error(JSON.stringify(refusals))
const view = viewOf(config, 'rs3')
const base = kernel()
const host: Observed = {
  ...base,
  addresses: [
    ...base.addresses,
    { index: 2, address: '2001:db8:12::13', prefix: 64, label: 'inside' },
    { index: 2, address: 'fe80::13', prefix: 64, label: 'inside' },
    { index: 3, address: '2001:db8:11::13', prefix: 64, label: 'outside' },
  ],
  answers: { routes: [], rules: [] },
}

test('one realserver, a gateway of each family, and no default route of either', () => {
  const plan = diff(host, desired(planInput('rs3', { view }), host), NOTHING_OWNED).filter(({ kind }) =>
    kind.startsWith('answer-'),
  )
  expect(plan.map(describeOperation)).toEqual([
    '10.11.0.0/24 out of table 7601 by the main one',
    '10.12.0.0/24 out of table 7601 by the main one',
    '10.12.1.0/24 out of table 7601 by the main one',
    'default route of table 7601 through 10.12.0.254',
    '2001:db8:11::/64 out of table 7600 by the main one',
    'default route of table 7600 through 2001:db8:12::254',
    'add rule 7601: tcp from 10.12.0.13 port 8080 by table 7601',
    'add rule 7600: udp from 2001:db8:12::13 port 53 by table 7600',
  ])
  expect(view.gateways).toEqual([])
  expect(
    diff(plan.reduce(apply, host), desired(planInput('rs3', { view }), host), NOTHING_OWNED).map(({ kind }) => kind),
  ).not.toContain('answer-route-set')
})
