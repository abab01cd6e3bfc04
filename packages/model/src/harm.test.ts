/** Configurations that harm: each was accepted once. */
import { describe, expect, it } from 'vitest'
import { checkConfig } from './check.ts'
import { MOST } from './config.ts'
import { type Edit, edited, refusalsOf, warningsOf } from './fixture.ts'
import { SAMPLE } from './sample.ts'

const NAT_DIRECTOR: readonly Edit[] = [
  ['name: dir2, roles: [director]', 'name: dir2, roles: [director, realserver]'],
  ['node: rs3, address: 10.12.0.13', 'node: dir2, address: 10.12.0.2'],
]
const service = (more: string): string =>
  `${SAMPLE}  - { name: more, group: web, address: 10.11.0.10, port: 81, protocol: tcp, scheduler: rr, ${more} }\n`

describe('what harms is refused, with its place, a reason and a way out', () => {
  it.each<[string, readonly Edit[], RegExp]>([
    [
      'a gateway of everybody',
      [['10.12.0.254/24', '10.12.0.254/0']],
      /^17:16 network-too-wide .*all addresses.* → .*ip -4/,
    ],
    [
      'a gateway of half of all',
      [['10.12.0.254/24', '10.12.0.254/1']],
      /network-too-wide .*0\.0\.0\.0\/1: directors .* forward nothing/,
    ],
    [
      'a gateway of a whole company',
      [['10.12.0.254/24', '10.12.0.254/8']],
      /^17:16 network-too-wide .*10\.0\.0\.0\/8: directors that do not own it would forward nothing .* → .*write \/16/,
    ],
    [
      'a gateway of other links',
      [
        [/10\.12\.0\./g, '10.11.1.'],
        ['10.11.1.254/24', '10.11.1.254/16'],
      ],
      /^17:16 network-too-wide .*"inside" and "outside"/,
    ],
    ['a VIP of everybody', [['10.11.0.10/24', '10.11.0.10/0']], /^16:12 network-too-wide/],
    ['a VIP of a whole company', [['10.11.0.10/24', '10.11.0.10/8']], /network-too-wide .*look for all of them/],
    [
      'a VIP of other links',
      [
        [/10\.12\.0\./g, '10.11.1.'],
        ['10.11.0.10/24', '10.11.0.10/16'],
      ],
      /network-too-wide .*"inside" and "outside"/,
    ],
    [
      'a VIP that no router forwards',
      [['10.11.0.10/24]', '10.11.0.10/24, 169.254.7.7/16]']],
      /bad-address .*link-local/,
    ],
    ['a director behind its own gateway', NAT_DIRECTOR, /director-is-realserver .*its own default route/],
    [
      'a check that overflows its timer',
      [['interval: 500ms, timeout: 300ms', 'interval: 40000m, timeout: 300ms']],
      /impossible-timing interval .*more than an hour/,
    ],
    [
      'a check that nobody waits for',
      [['interval: 500ms, timeout: 300ms', 'interval: 5m, timeout: 2m']],
      /impossible-timing timeout .*a minute/,
    ],
    ['a node that is never dead', [['deadtime: 1s', 'deadtime: 999999999m']], /^3:\d+ impossible-timing deadtime/],
    [
      'a secret that is in no hash',
      [[/secret: "\w+"/, `secret: "${'ab'.repeat(200)}"`]],
      /bad-secret the secret has 200 bytes → use 16 to 128 bytes/,
    ],
    [
      'a loopback interface',
      [['vips: [10.11.0.10/24]', 'vips: [{ address: 10.11.0.10/24, interface: lo }]']],
      /bad-interface .*no interface on which/,
    ],
    [
      'an interface of every interface',
      [['vips: [10.11.0.10/24]', 'vips: [{ address: 10.11.0.10/24, interface: all }]']],
      /bad-interface/,
    ],
    [
      'an interface that a terminal obeys',
      [['vips: [10.11.0.10/24]', 'vips: [{ address: 10.11.0.10/24, interface: "a\\e[2J" }]']],
      /bad-interface "a\u{fffd}\[2J" is no interface name/u,
    ],
    [
      'one address of two realservers',
      [
        [
          / {6}- \{ node: rs3.*\n/,
          '$&  - { name: more, group: web, address: 10.11.0.10, port: 81, protocol: tcp, scheduler: rr, realservers: [{ node: rs1, address: 10.11.0.77, forward: dr }] }\n  - { name: most, group: web, address: 10.11.0.10, port: 82, protocol: tcp, scheduler: rr, realservers: [{ node: rs2, address: 10.11.0.77, forward: dr }] }\n',
        ],
      ],
      /address-of-other-node .*"rs1" in another service, and here of "rs2"/,
    ],
  ])('%s', (_, edits, expected) => {
    expect(refusalsOf(edited(...edits))).toEqual([expect.stringMatching(expected)])
  })

  it.each(['constructor', 'toString', 'hasOwnProperty', 'null', 'true', 'NaN', 'nobody', 'all', '1', '10.11'])(
    'a node with the name %s',
    (name) =>
      expect(refusalsOf(edited(['name: rs2,', `name: "${name}",`], ['node: rs2,', `node: "${name}",`]))).toEqual([
        expect.stringMatching(/^11:\d+ bad-name/),
        expect.stringMatching(/bad-name/),
      ]),
  )

  it('two groups whose realservers answer through one network', () =>
    expect(
      refusalsOf(
        SAMPLE.replace(
          'services:',
          '  - { name: mail, directors: [dir2, dir1], vips: [10.11.0.20/24], gateways: [10.12.0.253/24] }\nservices:',
        ),
      ),
    ).toEqual([
      expect.stringMatching(/gateways-share-network .*of group "web".*→ put the addresses of both groups into one/),
    ]))

  it('more than anything was made for', () => {
    const servers = (count: number, at: number): string =>
      Array.from({ length: count }, (_, nth) => `{ node: rs1, address: 10.99.${at}.${nth}, forward: dr }`).join(', ')
    expect(refusalsOf(service(`realservers: [${servers(MOST.realserversOfService + 1, 0)}]`))[0]).toMatch(
      /out-of-range the list has 257 entries/,
    )
    const text = SAMPLE.concat(
      ...Array.from(
        { length: 21 },
        (_, at) =>
          `  - { name: s${at}, group: web, address: 10.11.0.10, port: ${1000 + at}, protocol: tcp, scheduler: rr, check: { type: tcp, interval: 50ms, timeout: 50ms }, realservers: [${servers(250, at)}] }\n`,
      ),
    )
    expect(refusalsOf(text).filter((one) => !one.includes('bad-address'))).toEqual([
      expect.stringMatching(/too-many-checks director "dir1" would make 105\d\d\d checks a second/),
    ])
    const many = Array.from(
      { length: 220 },
      (_, at) => `  - { name: n${at}, roles: [witness], links: [{ name: inside, address: 10.12.1.${at + 1} }] }\n`,
    )
    const quick: readonly Edit[] = [
      ['keepalive: 100ms, lease: 350ms', 'keepalive: 20ms, lease: 350ms'],
      ['warntime: 300ms, deadtime: 1s', 'warntime: 21ms, deadtime: 25ms'],
    ]
    expect(refusalsOf(edited(['groups:', `${many.join('')}groups:`], ...quick))).toEqual([
      expect.stringMatching(/too-many-heartbeats a director of 225 nodes would hear 5333 heartbeats a second/),
    ])
    const vips = Array.from({ length: MOST.addresses }, (_, at) => `10.11.${1 + (at >> 7)}.${1 + (at & 127)}/16`)
    expect(refusalsOf(edited(['10.11.0.10/24', `10.11.0.10/16, ${vips.join(', ')}`]))).toEqual([
      expect.stringMatching(/too-many-addresses/),
    ])
    const fewer: Edit = ['10.11.0.10/24', `10.11.0.10/16, ${vips.slice(0, 200).join(', ')}`]
    expect(refusalsOf(edited(fewer, ['keepalive: 100ms', 'keepalive: 20ms']))).toEqual([
      expect.stringMatching(/too-many-addresses the file has 202 .* keepalive 20 ms 200 is the most/),
    ])
  })
})

describe('what is probably not meant is accepted with a warning', () => {
  const secret = (digits: string): Edit => [/secret: "\w+"/, `secret: "${digits}"`]
  const GOOD = secret('9f3c1d5e7a8b02461f0e9d8c7b6a59483726150493827160f1e2d3c4b5a69788')
  const said = (...edits: readonly Edit[]): string[] =>
    warningsOf(edited(...(edits.some(([from]) => from === GOOD[0]) ? [] : [GOOD]), ...edits)).map(
      ({ severity, code, line, field }) => `${severity} ${code} ${line} ${field}`,
    )

  it('nothing is said of a good file', () => expect(said()).toEqual([]))
  it.each<[string, readonly Edit[], string[]]>([
    [
      'the published key',
      [secret('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')],
      ['warning known-key 5 keys[0].secret'],
    ],
    ['a key of zeros', [secret('00'.repeat(32))], ['warning known-key 5 keys[0].secret']],
    ['a key that counts', [secret('1112131415161718191a1b1c1d1e1f20')], ['warning known-key 5 keys[0].secret']],
    ['a key of two bytes', [secret('abcd'.repeat(16))], ['warning known-key 5 keys[0].secret']],
    ['md5', [['sha256', 'md5']], ['warning weak-mac 5 keys[0].algorithm']],
    ['sha1', [['sha256', 'sha1']], ['warning weak-mac 5 keys[0].algorithm']],
    ['crc32', [['sha256', 'crc32, insecure: true']], ['warning weak-mac 5 keys[0].algorithm']],
    ['two voters', [[/(rs1.*?)voter: true/g, '$1voter: false']], ['warning even-voters 8 nodes']],
    ['one voter', [[/(dir2.*?|rs1.*?)voter: true/g, '$1voter: false']], ['warning single-voter 8 nodes[0].voter']],
    [
      'one director',
      [['directors: [dir1, dir2]', 'directors: [dir1]']],
      ['info idle-node 9 nodes[1].roles', 'warning single-director 15 groups[0].directors'],
    ],
    [
      'a node that any machine takes itself for',
      [
        ['name: rs2,', 'name: localhost,'],
        ['node: rs2,', 'node: localhost,'],
      ],
      ['warning anonymous-node 11 nodes[3].name'],
    ],
    ['all weights 0', [[/weight: 1/g, 'weight: 0']], ['warning no-weight 28 services[0].realservers']],
    [
      'a port of DNS',
      [['10.12.0.1, port: 6940', '10.12.0.1, port: 53']],
      ['warning known-port 8 nodes[0].links[0].port'],
    ],
    [
      'a check that comes late',
      [['interval: 500ms', 'interval: 2m']],
      ['warning late-check 26 services[0].check.interval'],
    ],
    [
      'a check in the clear with keys of TLS',
      [['type: tcp', 'type: grpc, verify: false']],
      ['warning key-without-tls 26 services[0].check.verify'],
    ],
    [
      'a check of UDP that nobody answers',
      [
        ['protocol: tcp', 'protocol: udp'],
        ['type: tcp', 'type: udp'],
      ],
      ['info udp-check-unanswered 26 services[0].check'],
    ],
    [
      'names alike',
      [
        ['name: rs2,', 'name: RS1,'],
        ['node: rs2,', 'node: RS1,'],
      ],
      ['warning names-alike 11 nodes[3].name'],
    ],
    [
      'an address of nobody',
      [['outside, address: 10.11.0.2 ', 'outside, address: 10.11.0.255 ']],
      ['warning no-host-address 9 nodes[1].links[1].address'],
    ],
    ['deadtime below lease', [['lease: 350ms', 'lease: 2s']], ['warning deadtime-below-lease 3 timing.deadtime']],
    [
      'a realserver nowhere',
      [['address: 10.11.0.12, forward', 'address: 192.168.7.9, forward']],
      ['warning no-known-network 29 services[0].realservers[1].address'],
    ],
    [
      'a realserver whose address no link has',
      [['address: 10.11.0.12, forward', 'address: 10.11.0.99, forward']],
      ['info not-a-link-address 29 services[0].realservers[1].address'],
    ],
    [
      'VIPs where nobody is, once for each network',
      [['10.11.0.10/24]', '10.11.0.10/24, 10.98.0.7/32, 10.99.0.7/24, 10.99.0.8/24]']],
      ['warning no-known-network 16 groups[0].vips[1]', 'warning no-known-network 16 groups[0].vips[2]'],
    ],
    [
      'a VIP where nobody is',
      [['10.11.0.10/24]', '10.11.0.10/24, 10.99.0.7/24]']],
      ['warning no-known-network 16 groups[0].vips[1]'],
    ],
    [
      'hardly any revisions',
      [['revision: 1', 'revision: 1\nkept-revisions: 3']],
      ['warning few-revisions 3 kept-revisions'],
    ],
    [
      'two prefix lengths',
      [['10.11.0.10/24]', '10.11.0.10/24, 10.11.0.20/16]']],
      ['warning prefixes-differ 16 groups[0].vips[1]'],
    ],
    [
      'a link elsewhere',
      [['outside, address: 10.11.0.12', 'outside, address: 10.21.0.12']],
      [
        'warning link-off-network 11 nodes[3].links[1].address',
        'info not-a-link-address 29 services[0].realservers[1].address',
      ],
    ],
    [
      'direct answers by a gateway',
      [['node: rs2, address: 10.11.0.12, forward: dr', 'node: rs3, address: 10.11.0.13, forward: dr']],
      [
        'info idle-node 11 nodes[3].roles',
        'info not-a-link-address 29 services[0].realservers[1].address',
        'warning direct-behind-gateway 29 services[0].realservers[1].forward',
      ],
    ],
    [
      'NAT in the network of the VIP',
      [
        ['gateways: [10.12.0.254/24]', 'gateways: [10.11.0.254/24]'],
        ['node: rs3, address: 10.12.0.13, port: 8080', 'node: rs3, address: 10.11.0.13, port: 8080'],
        ['gateway: 10.12.0.254, weight', 'gateway: 10.11.0.254, weight'],
      ],
      ['info not-a-link-address 30 services[0].realservers[2].address'],
    ],
    [
      'NAT in the network of the VIP, where no agent runs',
      [
        ['gateways: [10.12.0.254/24]', 'gateways: [10.11.0.254/24]'],
        ['node: rs3, address: 10.12.0.13, port: 8080', 'node: old, agent: false, address: 10.11.0.13, port: 8080'],
        ['gateway: 10.12.0.254, weight', 'gateway: 10.11.0.254, weight'],
      ],
      ['info idle-node 12 nodes[4].roles', 'warning nat-on-one-network 30 services[0].realservers[2].forward'],
    ],
  ])('%s', (_, edits, expected) => expect(said(...edits)).toEqual(expected))

  it('with a sentence and a way out each, and the sample with one about its key', () => {
    expect(warningsOf(SAMPLE)).toEqual([
      {
        severity: 'warning',
        code: 'known-key',
        field: 'keys[0].secret',
        line: 5,
        column: 41,
        message: 'the secret of key 1 is the one of the published example: anybody may know it',
        hint: 'make one with: openssl rand -hex 32',
      },
    ])
    expect(checkConfig(SAMPLE).config).toBeDefined()
  })
})
