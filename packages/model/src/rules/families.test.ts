import { describe, expect, it } from 'vitest'
import { checkConfig } from '../check.ts'
import { type Edit, edited, refusalsOf, warningsOf } from '../fixture.ts'
import { SAMPLE } from '../sample.ts'
import { nodeView, ownershipView } from '../view.ts'

const V6: Edit = ['vips: [10.11.0.10/24]', 'vips: [10.11.0.10/24, 2001:db8:11::10/64]']
const service = (servers: string): string => `  - name: http6
    group: web
    address: 2001:db8:11::10
    port: 80
    protocol: tcp
    scheduler: wrr
    ${servers}
`
const dual = (servers: string, ...edits: Edit[]): string => `${edited(V6, ...edits)}${service(servers)}`
const DR =
  'realservers: [{ node: rs1, address: 2001:db8:11::11, forward: dr }, { node: rs2, address: 2001:db8:11::12, forward: dr }]'

describe('a group with addresses of both families', () => {
  it('has services of each, and its realservers an alias of each', () => {
    const { config } = checkConfig(dual(DR))
    if (!config) return expect.unreachable()
    expect(config.groups[0]?.addresses.map(({ address, prefix }) => `${address}/${prefix}`)).toEqual([
      '10.11.0.10/24',
      '2001:db8:11::10/64',
      '10.12.0.254/24',
    ])
    expect(nodeView(config, 'rs1')?.answersFor.map(({ address }) => address)).toEqual(['10.11.0.10', '2001:db8:11::10'])
    const view = ownershipView(config, new Map(), (address) => (address.includes(':') ? 3 : 2), 'dir1')
    expect(view.groups[0]?.addresses.map(({ ifindex, prefix }) => [ifindex, prefix])).toEqual([
      [2, 24],
      [3, 64],
      [2, 24],
    ])
  })
  it('warns of nothing that the file cannot tell', () =>
    expect(warningsOf(dual(DR)).filter(({ message }) => message.includes('2001:db8'))).toEqual([]))
  it('may be of IPv6 alone', () =>
    expect(
      refusalsOf(
        SAMPLE.replace(/^ {2}- name: http[^]*/m, service(DR)).replace(
          'vips: [10.11.0.10/24]',
          'vips: [2001:db8:11::10/64]',
        ),
      ),
    ).toEqual([]))
})

describe('a service and its realservers', () => {
  it.each<[string, string, readonly Edit[], RegExp]>([
    [
      'of IPv6 with one of IPv4',
      'realservers: [{ node: rs1, address: 10.11.0.11, forward: dr }]',
      [],
      /^37:41 mixed-families 10\.11\.0\.11 is an IPv4 address, and the service has the IPv6 address 2001:db8:11::10: .* → give an IPv6 address of "rs1"$/,
    ],
    [
      'of IPv6 with a pool of IPv4',
      'pool: front',
      [
        [
          'services:',
          'pools:\n  - { name: front, realservers: [{ node: rs1, address: 10.11.0.11, forward: dr }] }\nservices:',
        ],
      ],
      /mixed-families 10\.11\.0\.11 .*, and service "http6" has .* → give an IPv6 address of "rs1", in this service by overrides: \[\{ node: rs1, address: … \}\]/,
    ],
    [
      'by NAT without a gateway of its family',
      'realservers: [{ node: rs1, address: 2001:db8:11::11, forward: nat }]',
      [],
      /nat-without-gateway group "web" has no NAT gateway of IPv6, so answers would not come back/,
    ],
    [
      'by a tunnel from directors of which it knows no address of that family',
      'realservers: [{ node: rs1, address: 2001:db8:11::11, forward: tun }]',
      [],
      /tunnel-without-source director "dir1" has no IPv6 address on its links, from which packets for "rs1" would come wrapped: under tunnelling a realserver unwraps what comes from directors alone → give "dir1" a link with its IPv6 address, or use forward: dr or nat/,
    ],
    [
      'by a tunnel of the other family',
      'realservers: [{ node: rs1, address: 10.11.0.11, forward: tun }]',
      [],
      /mixed-families 10\.11\.0\.11 is an IPv4 address, .*: IPVS would wrap it in the other family, and then refuses to tell the other directors of connections → give an IPv6 address of "rs1"/,
    ],
  ])('%s: refused', (_, servers, edits, expected) =>
    expect(refusalsOf(dual(servers, ...edits))).toEqual([expect.stringMatching(expected)]),
  )
  it('of IPv4 with one of IPv6: refused', () =>
    expect(refusalsOf(edited(['address: 10.11.0.12, forward', 'address: "2001:db8:11::12", forward']))).toEqual([
      expect.stringMatching(/mixed-families 2001:db8:11::12 is an IPv6 address, and the service has the IPv4 address/),
    ]))
  it('an override gives the other family to a pool', () =>
    expect(
      refusalsOf(
        dual('pool: front\n    overrides: [{ node: rs1, address: 2001:db8:11::11 }]', [
          'services:',
          'pools:\n  - { name: front, realservers: [{ node: rs1, address: 10.11.0.11, forward: dr }] }\nservices:',
        ]),
      ),
    ).toEqual([]))
})

describe('NAT of IPv6', () => {
  const GATEWAYS: Edit = ['gateways: [10.12.0.254/24]', 'gateways: [10.12.0.254/24, 2001:db8:12::254/64]']
  const NAT = 'realservers: [{ node: rs2, address: 2001:db8:12::12, forward: nat }]'
  it('takes the gateway of its family, and that of the other keeps its own', () => {
    const { config, refusals } = checkConfig(dual(NAT, GATEWAYS))
    if (!config) return expect(refusals).toEqual([])
    const gateways = config.services.map(({ realservers }) => realservers.map(({ gateway }) => gateway))
    expect(gateways).toEqual([[null, null, '10.12.0.254'], ['2001:db8:12::254']])
    expect(nodeView(config, 'rs2')?.gateways).toEqual(['2001:db8:12::254'])
  })
  it('of a realserver that has its default route of IPv4 through a gateway already: one of each family', () => {
    const { config } = checkConfig(
      dual('realservers: [{ node: rs3, address: 2001:db8:12::13, forward: nat }]', GATEWAYS),
    )
    expect(config && nodeView(config, 'rs3')?.gateways).toEqual(['10.12.0.254', '2001:db8:12::254'])
  })
  it('of a realserver by two gateways of IPv6: refused, whatever it has of IPv4', () =>
    expect(
      refusalsOf(
        dual(
          'realservers: [{ node: rs3, address: 2001:db8:12::13, forward: nat, gateway: 2001:db8:12::254 }]\n  - { name: more6, group: web, address: "2001:db8:11::10", port: 81, protocol: tcp, scheduler: rr, realservers: [{ node: rs3, address: 2001:db8:12::13, forward: nat, gateway: 2001:db8:12::253 }] }',
          ['gateways: [10.12.0.254/24]', 'gateways: [10.12.0.254/24, 2001:db8:12::254/64, 2001:db8:12::253/64]'],
        ),
      ),
    ).toEqual([expect.stringMatching(/two-gateways "rs3" already has its default route through 2001:db8:12::254/)]))
  it('needs the realserver on the network of its gateway', () =>
    expect(refusalsOf(dual(NAT.replace('2001:db8:12::12', '2001:db8:13::12'), GATEWAYS))).toEqual([
      expect.stringMatching(
        /not-on-gateway-network 2001:db8:13::12 is not in the network of gateway 2001:db8:12::254\/64/,
      ),
    ]))
})

describe('an address in brackets', () => {
  it.each([
    ['[2001:db8:11::10]', /bad-type \[2001:db8:11::10\] is a list → write 2001:db8:11::10, without brackets/],
    [
      '"[2001:db8:11::10]:80"',
      /bad-address .* → write 2001:db8:11::10, without brackets; the port has a key of its own/,
    ],
  ])('%s: refused with the way out', (text, expected) =>
    expect(refusalsOf(`${edited(V6)}${service(DR).replace('address: 2001:db8:11::10', `address: ${text}`)}`)).toEqual([
      expect.stringMatching(expected),
    ]),
  )
})

describe('networks of IPv6', () => {
  it.each<[string, RegExp | null]>([
    ['2001:db8:11::10/48', null],
    [
      '2001:db8:11::10/32',
      /network-too-wide .*2001:db8::\/32.* → write the prefix length .*\(ip -6 address\), e\.g\. \/64; .* \/48/,
    ],
    ['2001:db8:11::/64', /bad-address .*Subnet-Router anycast/],
    ['fe80::10/64', /bad-address .*link-local/],
    ['2001:DB8:11::10/64', /bad-address .*write 2001:db8:11::10/],
  ])('a VIP %s: %s', (vip, expected) =>
    expect(refusalsOf(edited(['10.11.0.10/24]', `10.11.0.10/24, "${vip}"]`]))).toEqual(
      expected === null ? [] : [expect.stringMatching(expected)],
    ),
  )
})

describe('heartbeat links of IPv6', () => {
  const inside: Edit = [/name: inside, address: 10\.12\.0\.(\d+)/g, 'name: inside, address: "2001:db8:12::$1"']

  it('are links as others are, where all of one name are of one family', () => {
    expect(refusalsOf(edited(inside))).toEqual([])
    expect(refusalsOf(dual(DR, inside))).toEqual([])
  })
  it('beside one of the other family under the same name are refused', () =>
    expect(refusalsOf(edited(['address: 10.12.0.12 }', 'address: "2001:db8:12::12" }']))).toEqual([
      expect.stringMatching(
        /mixed-families link "inside" of node "rs2" has an IPv6 address, and that of node "dir1" an IPv4 one: .* → give all links of that name addresses of one family/,
      ),
    ]))
  it('tell where VIPs and realservers of IPv6 are: what is nowhere near is warned about', () => {
    const said = warningsOf(dual(DR, inside)).filter(({ message }) => message.includes('2001:db8:11:'))
    expect(said.map(({ code }) => code)).toEqual(['no-known-network', 'not-a-link-address', 'not-a-link-address'])
  })
})
