import { describe, expect, it } from 'vitest'
import { checkConfig, nodeView } from './index.ts'
import { type Edit, edited, refusalsOf, warningsOf } from './fixture.ts'

const POLICY: Edit = ['forward: nat, gateway: 10.12.0.254, weight: 1', 'forward: nat, route: policy']
/** VIP, gateway and realserver in one network. */
const NEAR: readonly Edit[] = [
  ['gateways: [10.12.0.254/24]', 'gateways: [10.11.0.254/24]'],
  ['node: rs2, address: 10.11.0.12, forward: dr', 'node: rs2, address: 10.11.0.12, port: 8080, forward: nat'],
  [/ {6}- \{ node: rs3.*\n/, ''],
]
const ledOf = (node: string, ...edits: readonly Edit[]) => {
  const { config, refusals } = checkConfig(edited(...edits))
  if (!config) throw new Error(JSON.stringify(refusals))
  const view = nodeView(config, node)
  return { gateways: view?.gateways, led: view?.led }
}
const DIRECTORS = (second: string): string[] => ['10.12.0.1', '10.11.0.1', '10.12.0.2', second]
const codes = (...edits: readonly Edit[]): string[] =>
  warningsOf(edited(...edits)).flatMap(({ code, message }) =>
    code === 'known-key' || code === 'idle-node' ? [] : [`${code} ${message}`],
  )

describe('answers of a NAT realserver', () => {
  it('go by its default route where nothing is said', () =>
    expect(ledOf('rs3')).toEqual({ gateways: ['10.12.0.254'], led: [] }))
  it('go by a policy route where it has one, and its default route is its own', () =>
    expect(ledOf('rs3', POLICY)).toEqual({
      gateways: [],
      led: [
        {
          gateway: { address: '10.12.0.254', prefix: 24 },
          reach: 'beyond',
          answers: [{ address: '10.12.0.13', protocol: 'tcp', ports: { from: 8080, to: 8080 } }],
          straight: DIRECTORS('10.11.0.2'),
        },
      ],
    }))
  it('are led on one network whatever the route is', () =>
    expect(ledOf('rs2', ...NEAR)).toEqual({
      gateways: ['10.11.0.254'],
      led: [
        {
          gateway: { address: '10.11.0.254', prefix: 24 },
          reach: 'everybody',
          answers: [{ address: '10.11.0.12', protocol: 'tcp', ports: { from: 8080, to: 8080 } }],
          straight: DIRECTORS('10.11.0.2'),
        },
      ],
    }))
  it('of a range in which it has ports of its own are not, there', () => {
    const wide: Edit = ['port: 80\n    protocol: tcp', 'ports: [1024-65535]\n    protocol: tcp']
    const own: Edit = ['port: 8080, forward: nat', 'forward: nat']
    expect(ledOf('rs2', ...NEAR, wide, own)).toEqual({ gateways: ['10.11.0.254'], led: [] })
    expect(codes(...NEAR, wide, own)).toEqual([
      expect.stringMatching(
        /^nat-on-one-network the VIP of service "http" is in the network of its NAT realserver "rs2", and ports 1024-65535 are those of its own connections, too: clients in that network are answered past the director/,
      ),
    ])
  })
  it('nothing is warned of where they are led', () => expect(codes(...NEAR)).toEqual([]))
  it('a director that has no address there, and so no answers to its checks, is', () =>
    expect(
      codes(...NEAR, [
        '{ name: inside, address: 10.12.0.2 }, { name: outside, address: 10.11.0.2 }',
        '{ name: inside, address: 10.12.0.2 }',
      ]),
    ).toContainEqual(
      expect.stringMatching(
        /^checks-on-one-network director "dir2" has no link in 10\.11\.0\.0\/24, the network of the VIP and of NAT realserver "rs2" of service "http": as a standby it gets no answers to its checks/,
      ),
    ))
  it('direct answers beside a policy route meet no gateway', () => {
    const direct: Edit = ['node: rs2, address: 10.11.0.12, forward: dr', 'node: rs3, address: 10.11.0.13, forward: dr']
    expect(codes(direct).join('\n')).toContain('direct-behind-gateway')
    expect(codes(direct, POLICY).join('\n')).not.toContain('direct-behind-gateway')
  })
})

describe('what a route cannot be', () => {
  const V6: readonly Edit[] = [
    ['vips: [10.11.0.10/24]', 'vips: [10.11.0.10/24, 2001:db8:11::10/64]'],
    ['gateways: [10.12.0.254/24]', 'gateways: [10.12.0.254/24, 2001:db8:12::254/64]'],
  ]
  const six = (server: string): string =>
    `  - { name: http6, group: web, address: "2001:db8:11::10", port: 80, protocol: tcp, scheduler: rr, realservers: [{ node: rs3, address: "2001:db8:12::13", forward: nat${server} }] }\n`
  it.each<[string, readonly Edit[], RegExp]>([
    [
      'of one that answers by itself',
      [['address: 10.11.0.11, forward: dr', 'address: 10.11.0.11, forward: dr, route: policy']],
      /route-under-dr answers of a realserver under direct routing pass no gateway, so there is no route to it to choose → remove it, or use forward: nat/,
    ],
    [
      'of the last port',
      [POLICY, ['port: 8080', 'port: 65535']],
      /no-rule-for-port no rule of the kernel tells answers from port 65535 → let the realserver listen on another port, or take route: default/,
    ],
    ['a word that nobody knows', [[POLICY[0], 'forward: nat, route: polcy']], /did you mean "policy"\?/],
    [
      'one by two gateways',
      [
        POLICY,
        ['gateways: [10.12.0.254/24]', 'gateways: [10.12.0.254/24, 10.12.0.253/24]'],
        [
          'forward: nat, route: policy }',
          'forward: nat, route: policy, gateway: 10.12.0.254 }\n  - { name: more, group: web, address: 10.11.0.10, port: 81, protocol: tcp, scheduler: rr, realservers: [{ node: rs3, address: 10.12.0.13, forward: nat, route: policy, gateway: 10.12.0.253 }] }',
        ],
      ],
      /two-gateways answers of "rs3" already go through 10\.12\.0\.254 → use one gateway of each family for each NAT realserver$/,
    ],
  ])('%s', (_, edits, expected) => expect(refusalsOf(edited(...edits))).toEqual([expect.stringMatching(expected)]))
  it('two families have a gateway each, whichever way answers are led there', () => {
    expect(refusalsOf(`${edited(...V6)}${six('')}`)).toEqual([])
    expect(refusalsOf(`${edited(...V6)}${six(', route: policy')}`)).toEqual([])
  })
  it('another forwarding method leaves that of the pool behind', () => {
    const pooled = edited([
      /( {4}realservers:\n)[^]*$/,
      '    pool: back\n    overrides: [{ node: rs1, forward: dr }]\npools:\n  - name: back\n    realservers:\n      - { node: rs1, address: 10.11.0.11, forward: nat, route: policy }\n',
    ])
    expect(refusalsOf(pooled)).toEqual([])
  })
})
