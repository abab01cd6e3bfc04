/** Pools: services that share their realservers have them as if each listed them. */
import { describe, expect, it } from 'vitest'
import { checkConfig } from '../check.ts'
import { type Edit, edited, refusalsOf, warningsOf } from '../fixture.ts'
import { SAMPLE } from '../sample.ts'
import { nodeView } from '../view.ts'

const LIST = / {4}realservers:\n(?: {6}- .*\n)+/
const POOL = (more = '') => `pools:
  - name: web
    realservers:
      - { node: rs1, address: 10.11.0.11, forward: dr }
      - { node: rs2, address: 10.11.0.12, forward: dr, weight: 3 }
      - { node: rs3, address: 10.12.0.13, port: 8080, forward: nat }
${more}services:`
const service = (name: string, port: number, more = 'pool: web', group = 'web', address = '10.11.0.10') =>
  `  - { name: ${name}, group: ${group}, address: ${address}, port: ${port}, protocol: tcp, scheduler: wlc, ${more} }\n`
/** The sample, its service served by a pool. */
const pooled = (...edits: readonly Edit[]): string =>
  edited([LIST, '    pool: web\n'], ['services:', POOL()], [/$/, service('https', 443)], ...edits)
const configOf = (text: string) => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const MAIL = '  - { name: mail, directors: [dir2, dir1], vips: [10.11.0.20/24] }\nservices:'
const OTHER = '  - { name: other, realservers: [{ node: rs1, address: 10.11.0.11, forward: dr }] }\nservices:'

describe('a pool', () => {
  it('is what each of its services would list', () => {
    const { services } = configOf(pooled())
    expect(services.map(({ name, realservers }) => [name, realservers])).toEqual(
      ['http', 'https'].map((name, at) => [
        name,
        [
          { node: 'rs1', address: '10.11.0.11', port: [80, 443][at], forward: 'dr', gateway: null, weight: 1 },
          { node: 'rs2', address: '10.11.0.12', port: [80, 443][at], forward: 'dr', gateway: null, weight: 3 },
          { node: 'rs3', address: '10.12.0.13', port: 8080, forward: 'nat', gateway: '10.12.0.254', weight: 1 },
        ],
      ]),
    )
    const listed = configOf(
      edited([
        LIST,
        POOL()
          .replace(/^pools:\n.*\n/, '')
          .replace('services:', ''),
      ]),
    )
    const alone = configOf(edited([LIST, '    pool: web\n'], ['services:', POOL()]))
    for (const { name } of alone.nodes) expect(nodeView(alone, name)).toEqual(nodeView(listed, name))
  })

  it('is overridden by a service, which leaves the others alone', () => {
    const overrides = `overrides: [{ node: rs1, weight: 7 }, { node: rs3, address: 10.12.0.13, forward: dr }, { node: rs2, forward: nat, address: 10.12.0.12, port: 8443 }]`
    const { services } = configOf(pooled(['wlc, pool: web', `wlc, pool: web, ${overrides}`]))
    expect(services[1]?.realservers).toEqual([
      { node: 'rs1', address: '10.11.0.11', port: 443, forward: 'dr', gateway: null, weight: 7 },
      { node: 'rs2', address: '10.12.0.12', port: 8443, forward: 'nat', gateway: '10.12.0.254', weight: 3 },
      // The port was the NAT's, and goes with it.
      { node: 'rs3', address: '10.12.0.13', port: 443, forward: 'dr', gateway: null, weight: 1 },
    ])
    expect(services[0]?.realservers[0]?.weight).toBe(1)
    expect(services[0]?.realservers[2]?.forward).toBe('nat')
  })

  it('is counted in each service', () => {
    const many = Array.from(
      { length: 250 },
      (_, at) => `      - { node: rs1, address: 10.11.1.${at + 1}, forward: dr }\n`,
    )
    const text = pooled([/ {6}- \{ node: rs1.*\n/, `$&${many.join('')}`]).concat(
      ...Array.from({ length: 60 }, (_, at) => service(`s${at}`, 1000 + at)),
    )
    expect(refusalsOf(text).join('\n')).toMatch(/^\d+:3 too-many-realservers the file has 15686 .* 10000 is the most/)
  })
})

describe('refuses, at its place, with the way out', () => {
  it.each<[string, string, RegExp | string]>([
    [
      'a pool that is not there',
      pooled(
        ['    pool: web\n', '    pool: secur\n'],
        ['- name: web\n    realservers', '- name: secure\n    realservers'],
        ['pool: web', 'pool: secure'],
      ),
      '33:11 unknown-pool there is no pool "secur" → did you mean "secure"?',
    ],
    [
      'a pool and a list',
      edited(['    realservers:', '    pool: web\n    realservers:'], ['services:', POOL()]),
      '33:11 pool-and-realservers service "http" has both a pool and realservers of its own → keep one of them; a realserver that others shall have too belongs in the pool',
    ],
    ['neither', edited([LIST, '']), /^20:5 missing neither "realservers" nor "pool" is there/],
    [
      'a pool twice',
      pooled(['services:', OTHER.replace('other', 'web')]),
      /^25:13 duplicate-name "web" is already the name of pools\[0\]/,
    ],
    [
      'a realserver twice in a pool that nobody uses yet',
      pooled(['services:', OTHER.replace(' }] }', ' }, { node: rs1, address: 10.11.0.11, forward: dr }] }')]),
      /^25:\d+ duplicate-realserver "10.11.0.11" is already a realserver of this pool/,
    ],
    [
      'an empty pool',
      pooled(['services:', '  - { name: other, realservers: [] }\nservices:']),
      /^25:33 out-of-range the list is empty/,
    ],
    [
      'a node of a pool that is not there',
      pooled(['node: rs2', 'node: rs9']),
      /^23:17 unknown-node there is no node "rs9"/,
    ],
    [
      'a node of a pool that is none',
      pooled(['name: rs2, roles: [realserver]', 'name: rs2, roles: [witness]']),
      /^23:17 not-a-realserver/,
    ],
    [
      'an override of nobody',
      pooled(['wlc, pool: web', 'wlc, pool: web, overrides: [{ node: rs4, weight: 2 }]']),
      /^\d+:\d+ unknown-server pool "web" has no realserver "rs4" → did you mean "rs1" or "rs2" or "rs3"\?$/,
    ],
    [
      'an override of nothing',
      pooled(['wlc, pool: web', 'wlc, pool: web, overrides: [{ node: rs1 }]']),
      /empty-override nothing of "rs1"/,
    ],
    [
      'one realserver overridden twice',
      pooled(['wlc, pool: web', 'wlc, pool: web, overrides: [{ node: rs1, weight: 2 }, { node: rs1, weight: 3 }]']),
      /duplicate-name "rs1" is already overridden here/,
    ],
    [
      'overrides without a pool',
      edited(['    realservers:', '    overrides: [{ node: rs1, weight: 2 }]\n    realservers:']),
      /^27:16 overrides-without-pool/,
    ],
    [
      'a port that direct routing cannot have, in the pool',
      pooled([
        '10.11.0.11, forward: dr }\n      - { node: rs2',
        '10.11.0.11, port: 80, forward: dr }\n      - { node: rs2',
      ]),
      '22:49 port-change direct routing cannot change the port: service "https" has 443, the realserver 80 → let the realserver listen on 443, or use forward: nat or fullnat',
    ],
    [
      'the same in an override',
      pooled(['wlc, pool: web', 'wlc, pool: web, overrides: [{ node: rs1, port: 80 }]']),
      /^34:\d+ port-change .*service "https" has 443/,
    ],
    [
      'NAT in services of two groups, with the groups to merge',
      pooled(['services:', MAIL], [/$/, service('smtp', 25, 'pool: web', 'mail', '10.11.0.20')]).replace(
        /(pools:[^]*?)( {2}- \{ name: mail.*\n)/,
        '$2$1',
      ),
      /^36:\d+ nat-two-groups "rs3" \(pool "web"\) is a NAT realserver of the groups "web" and "mail", .* → merge the groups "web" and "mail"/,
    ],
    [
      'one address of two nodes in two pools',
      pooled(
        ['services:', OTHER.replace('10.11.0.11', '10.11.0.77')],
        ['node: rs2, address: 10.11.0.12', 'node: rs2, address: 10.11.0.77'],
      ),
      /address-of-other-node 10\.11\.0\.77 is the realserver address of "rs2" in another pool, and here of "rs1"/,
    ],
    [
      'a VIP that a pool serves from',
      pooled(
        [/vips: \[10\.11\.0\.10\/24\]/, 'vips: [10.11.0.10/24, 10.11.0.77/24]'],
        ['node: rs2, address: 10.11.0.12', 'node: rs2, address: 10.11.0.77'],
      ),
      /vip-is-node-address VIP 10\.11\.0\.77 is the realserver address of "rs2" in pool "web"/,
    ],
  ])('%s', (_, text, said) => {
    const all = refusalsOf(text)
    expect(all).toEqual([typeof said === 'string' ? said : expect.stringMatching(said)])
  })
})

describe('a realserver under direct routing', () => {
  const ATTIC: readonly Edit[] = [
    [
      /name: rs1, .*/,
      'name: rs1, roles: [realserver], voter: true, links: [{ name: inside, address: 10.12.0.11 }, { name: attic, address: 10.13.0.11 }] }',
    ],
    ['node: rs1, address: 10.11.0.11', 'node: rs1, address: 10.13.0.11'],
  ]
  it('is refused on a link of its own, where no director is', () =>
    expect(refusalsOf(edited(...ATTIC))).toEqual([
      '28:31 not-on-director-network 10.13.0.11 of "rs1" is on link "attic", where director "dir1" has no address: direct routing hands packets over within one network → give "dir1" a link "attic", take an address of "rs1" on a network of all directors of group "web", or use forward: nat or tun or fullnat',
    ]))
  it('is refused when one director is not there', () => {
    const link = [
      /10\.11\.0\.1, port: 6940 \}/,
      '10.11.0.1, port: 6940 }, { name: attic, address: 10.13.0.1 }',
    ] as const
    expect(refusalsOf(edited(...ATTIC, link))).toEqual([expect.stringMatching(/director "dir2" has no address/)])
    expect(
      refusalsOf(edited(...ATTIC, link, [/10\.11\.0\.2 \}/, '10.11.0.2 }, { name: attic, address: 10.13.0.2 }'])),
    ).toEqual([])
  })
  it('is taken where the directors have a floating address, or the file does not tell', () => {
    const vip = ['vips: [10.11.0.10/24]', 'vips: [10.11.0.10/24, 10.13.0.10/24]'] as const
    expect(refusalsOf(edited(...ATTIC, vip))).toEqual([])
    expect(refusalsOf(edited(['node: rs1, address: 10.11.0.11', 'node: rs1, address: 10.99.0.11']))).toEqual([])
  })
  it('is refused at the pool of the service', () =>
    expect(refusalsOf(pooled(...ATTIC))).toEqual([
      expect.stringMatching(/^33:11 not-on-director-network/),
      expect.stringMatching(/^34:\d+ not-on-director-network/),
    ]))
})

describe('warns', () => {
  it('of a pool that nobody uses', () =>
    expect(warningsOf(pooled(['services:', OTHER])).filter(({ code }) => code === 'idle-pool')).toMatchObject([
      { severity: 'info', field: 'pools[1].name', line: 25, message: 'no service uses pool "other"' },
    ]))
  it('once of what two services share', () => {
    const codes = warningsOf(pooled(['node: rs2, address: 10.11.0.12', 'node: rs2, address: 10.99.0.12'])).map(
      ({ code, line }) => `${line} ${code}`,
    )
    expect(codes.filter((one) => one.includes('no-known-network'))).toEqual(['23 no-known-network'])
  })
  it('of nobody as idle whom a pool names', () => {
    expect(warningsOf(pooled()).filter(({ code }) => code === 'idle-node')).toEqual([])
    const idle = warningsOf(
      SAMPLE.replace(LIST, `    realservers: [{ node: rs1, address: 10.11.0.11, forward: dr }]\n`),
    )
    expect(idle.filter(({ code }) => code === 'idle-node')).toHaveLength(2)
  })
  it('of a service whose pool has no weight, at the pool', () =>
    expect(
      warningsOf(
        pooled(
          [/, forward: dr \}/, ', forward: dr, weight: 0 }'],
          ['weight: 3', 'weight: 0'],
          ['forward: nat }', 'forward: nat, weight: 0 }'],
        ),
      ),
    ).toContainEqual(expect.objectContaining({ code: 'no-weight', field: 'services[0].pool', line: 33 })))
})
