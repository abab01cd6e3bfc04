/** Answers of NAT realservers that their main table would lead astray: what is set up for them, kept, and taken away again. */
import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { apply, kernel, planInput, viewOf } from './fixture.ts'
import {
  type AnswerRoute,
  type AnswerRule,
  audit,
  describeOperation,
  desired,
  diff,
  NOTHING_OWNED,
  type Observed,
  type Operation,
  troublesOf,
} from './index.ts'

const checked = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const NAT = 'forward: nat, gateway: 10.12.0.254, weight: 1'
/** Two networks: 10.12.0.0/24 behind directors, clients elsewhere. */
const policy = checked(SAMPLE.replace(NAT, `${NAT}, route: policy`))
/** One network: rs1 is in that of the VIP. */
const near = (service = 'port: 80\n    protocol: tcp', more = ''): Config =>
  checked(
    SAMPLE.replace('gateways: [10.12.0.254/24]', 'gateways: [10.11.0.254/24]')
      .replace('port: 80\n    protocol: tcp', service)
      .replace(/ {6}- \{ node: rs1.*\n[^]*$/, `      - { node: rs1, address: 10.11.0.11, forward: nat${more} }\n`),
  )
const NOWHERE = { routes: [], rules: [] }
const host = (more: Partial<Observed> = {}): Observed => {
  const base = kernel()
  const filters = ['all', 'inside', 'outside'].map((name) => [`net/ipv4/conf/${name}/rp_filter`, '1'] as const)
  return { ...base, sysctls: new Map([...base.sysctls, ...filters]), answers: NOWHERE, ...more }
}

function planOf(config: Config, node: string, now: Observed): Operation[] {
  const plan = diff(now, desired(planInput(node, { view: viewOf(config, node) }), now), NOTHING_OWNED)
  expect(audit(plan, { observed: now, owned: NOTHING_OWNED, held: new Set() })).toEqual([])
  return plan
}
const isOfAnswers = ({ kind }: Operation): boolean => kind.startsWith('answer-')
/** Without settings and rules of nftables. */
const text = (config: Config, node: string, now: Observed): string[] =>
  planOf(config, node, now)
    .filter(({ kind }) => kind !== 'sysctl' && kind !== 'nat-rules')
    .map(describeOperation)
const after = (config: Config, node: string, now = host()): Observed => planOf(config, node, now).reduce(apply, now)
const troubles = (config: Config, node: string, now: Observed) =>
  troublesOf(viewOf(config, node), desired(planInput(node, { view: viewOf(config, node) }), now), now, NOTHING_OWNED)

const BEYOND = [
  '10.11.0.0/24 out of table 7601 by the main one',
  '10.12.0.0/24 out of table 7601 by the main one',
  '10.12.1.0/24 out of table 7601 by the main one',
  'default route of table 7601 through 10.12.0.254',
  'add rule 7601: tcp from 10.12.0.13 port 8080 by table 7601',
]
const EVERYBODY = [
  '10.11.0.1/32 out of table 7600 by the main one',
  '10.11.0.2/32 out of table 7600 by the main one',
  '10.12.0.0/24 out of table 7600 by the main one',
  '10.12.1.0/24 out of table 7600 by the main one',
  'default route of table 7600 through 10.11.0.254',
  'add rule 7600: tcp from 10.11.0.11 port 80 by table 7600',
]

describe('the plan of a realserver', () => {
  it.each<[string, Config, string, readonly string[]]>([
    ['a policy route: answers alone, and none to its own networks', policy, 'rs3', BEYOND],
    [
      'one network: answers to everybody but directors, beside the default route',
      near(),
      'rs1',
      ['default route through 10.11.0.254', ...EVERYBODY],
    ],
    [
      'one network with a policy route: the default route is left alone',
      near('port: 80\n    protocol: tcp', ', route: policy'),
      'rs1',
      EVERYBODY,
    ],
    [
      'datagrams: those without a source as well',
      near('port: 53\n    protocol: udp', ', route: policy'),
      'rs1',
      [
        ...EVERYBODY.slice(0, -1),
        'add rule 7600: udp from 10.11.0.11 port 53 by table 7600',
        'add rule 7600: udp from no address yet port 53 by table 7600',
      ],
    ],
    [
      'several ports: a rule for each',
      near('ports: [80, 8000-8100]\n    protocol: tcp', ', route: policy'),
      'rs1',
      [
        ...EVERYBODY.slice(0, -1),
        'add rule 7600: tcp from 10.11.0.11 port 80 by table 7600',
        'add rule 7600: tcp from 10.11.0.11 port 8000-8100 by table 7600',
      ],
    ],
    [
      'a wide range: ports of its own connections too, so what stays in the network is left alone',
      near('ports: [1024-65535]\n    protocol: tcp', ', route: policy'),
      'rs1',
      [
        '10.11.0.0/24 out of table 7601 by the main one',
        '10.12.0.0/24 out of table 7601 by the main one',
        '10.12.1.0/24 out of table 7601 by the main one',
        'default route of table 7601 through 10.11.0.254',
        'add rule 7601: tcp from 10.11.0.11 port 1024-65534 by table 7601',
      ],
    ],
    ['a default route: nothing else', checked(SAMPLE), 'rs3', ['default route through 10.12.0.254']],
  ])('%s', (_, config, node, expected) => {
    expect(text(config, node, host())).toEqual(expected)
    expect(planOf(config, node, after(config, node))).toEqual([])
  })

  it('answers to clients are told apart by more than one service, each once', () => {
    const twice = near(
      'port: 80\n    protocol: tcp',
      ', route: policy }\n  - { name: more, group: web, address: 10.11.0.10, port: 81, protocol: tcp, scheduler: rr, realservers: [{ node: rs1, address: 10.11.0.11, port: 80, forward: nat, route: policy }] ',
    )
    expect(text(twice, 'rs1', host())).toEqual(EVERYBODY)
  })

  it('nothing before somebody looked', () => {
    const { answers: _, ...unseen } = host()
    expect(planOf(policy, 'rs3', unseen).filter(isOfAnswers)).toEqual([])
  })

  it('redirects are not heeded, and a packet whose way back is another one is let in', () => {
    const settings = (config: Config, node: string, now = host()) =>
      planOf(config, node, now)
        .filter(({ kind }) => kind === 'sysctl')
        .map((one) => describeOperation(one).split(' (')[0])
    expect(settings(policy, 'rs3')).toEqual([
      'sysctl net/ipv4/conf/all/accept_redirects 1 → 0',
      'sysctl net/ipv4/conf/inside/accept_redirects 1 → 0',
      'sysctl net/ipv4/conf/inside/rp_filter 1 → 2',
    ])
    const off = host({ sysctls: new Map([...host().sysctls, ['net/ipv4/conf/all/rp_filter', '0']]) })
    const without = { ...off, sysctls: new Map([...off.sysctls, ['net/ipv4/conf/inside/rp_filter', '0']]) }
    expect([off, without].map((now) => settings(policy, 'rs3', now).length)).toEqual([3, 2])
    expect(settings(near(), 'rs1').join()).not.toContain('rp_filter')
  })
})

describe('drift', () => {
  const now = after(near(), 'rs1')
  const without = (change: (answers: NonNullable<Observed['answers']>) => Partial<Observed['answers']>): Observed => ({
    ...now,
    answers: { ...(now.answers ?? NOWHERE), ...change(now.answers ?? NOWHERE) },
  })
  it.each<[string, Observed, readonly string[]]>([
    ['a rule is gone', without(() => ({ rules: [] })), EVERYBODY.slice(-1)],
    ['the table is empty', without(() => ({ routes: [] })), EVERYBODY.slice(0, -1)],
    [
      'the gateway is another one',
      without(({ routes }) => ({
        routes: routes.map((one) => (one.prefix === 0 ? { ...one, gateway: '10.11.0.9' } : one)),
      })),
      ['default route of table 7600 through 10.11.0.254'],
    ],
    [
      'a rule and a route too many',
      without(({ routes, rules }) => ({
        routes: [...routes, ...routes.slice(0, 1).map((one) => ({ ...one, destination: '10.99.0.0' }))],
        rules: [...rules, ...rules.map((one) => ({ ...one, ports: { from: 81, to: 81 } }))],
      })),
      [
        'remove rule 7600: tcp from 10.11.0.11 port 81 by table 7600',
        'remove 10.99.0.0/32 out of table 7600 by the main one',
      ],
    ],
  ])('%s', (_, spoilt, expected) => {
    expect(text(near(), 'rs1', spoilt)).toEqual(expected)
    expect(planOf(near(), 'rs1', planOf(near(), 'rs1', spoilt).reduce(apply, spoilt))).toEqual([])
  })

  it('who leaves takes rules away first, the gateway next, and then the rest', () => {
    const gone = checked(SAMPLE.replace(/ {6}- \{ node: rs3.*\n/, ''))
    const left = after(policy, 'rs3')
    expect(text(gone, 'rs3', left)).toEqual([
      'remove rule 7601: tcp from 10.12.0.13 port 8080 by table 7601',
      'remove default route of table 7601 through 10.12.0.254',
      'remove 10.11.0.0/24 out of table 7601 by the main one',
      'remove 10.12.0.0/24 out of table 7601 by the main one',
      'remove 10.12.1.0/24 out of table 7601 by the main one',
    ])
    expect(after(gone, 'rs3', left).answers).toEqual(NOWHERE)
  })
})

describe('what is in the way', () => {
  const ours: AnswerRoute = {
    ...{ family: 'ipv4' as const, table: 7601, destination: '0.0.0.0', prefix: 0, gateway: '10.12.0.1', index: 2 },
    source: null,
  }
  const theirs = { ...ours, foreign: true as const }
  it('a route of somebody else stays, and is a trouble', () => {
    const now = host({ answers: { routes: [theirs], rules: [] } })
    expect(text(policy, 'rs3', now)).toEqual(BEYOND.filter((line) => !line.startsWith('default')))
    expect(troubles(policy, 'rs3', now)).toMatchObject([
      {
        code: 'foreign-answer-route',
        message: 'table 7601, by which answers to clients leave, has a route to 0.0.0.0/0 that is not ours',
        hint: 'find who made it, and: ip route del default table 7601; we do not replace routes of others',
      },
    ])
    expect(troubles(checked(SAMPLE), 'rs3', now)).toEqual([])
  })
  it('a gateway that no interface reaches: no rule leads there', () => {
    const now = host({ addresses: [] })
    expect(text(policy, 'rs3', now)).toEqual([])
    expect(troubles(policy, 'rs3', now)).toMatchObject([{ code: 'gateway-unreachable' }])
  })
})

describe('the audit of answers', () => {
  const place = { family: 'ipv4', table: 7600 } as const
  const rule: AnswerRule = { ...place, source: '10.11.0.11', protocol: 'tcp', ports: { from: 80, to: 80 } }
  const route: AnswerRoute = {
    ...place,
    ...{ destination: '0.0.0.0', prefix: 0, gateway: '10.11.0.254', index: 3, source: null },
  }
  const standing = host({ answers: { routes: [route], rules: [rule] } })
  const taken = host({ answers: { routes: [{ ...route, foreign: true }], rules: [] } })
  it.each<[string, Observed, Operation, RegExp]>([
    ['a table of others', host(), { kind: 'answer-route-set', route: { ...route, table: 254 } }, /254 is not ours/],
    ['a rule to nowhere', host(), { kind: 'answer-rule-add', rule }, /before it has a gateway/],
    [
      'a rule for all that a node says',
      standing,
      { kind: 'answer-rule-add', rule: { ...rule, ports: { from: 1, to: 65_535 } } },
      /itself asks in its own network/,
    ],
    ['a route of others', taken, { kind: 'answer-route-set', route }, /not ours would be replaced/],
    ['a route of others that goes', taken, { kind: 'answer-route-remove', route }, /not ours would be replaced/],
    ['the gateway before its rules', standing, { kind: 'answer-route-remove', route }, /lose its gateway with 1 rules/],
  ])('%s', (_, observed, operation, expected) =>
    expect(audit([operation], { observed, owned: NOTHING_OWNED, held: new Set() })).toEqual([
      expect.stringMatching(expected),
    ]),
  )
})
