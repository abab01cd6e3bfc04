import { describe, expect, it } from 'vitest'
import { checkConfig } from './check.ts'
import { PROFILES } from './profiles.ts'
import { refuseTiming } from '@lvsm/base'
import { SAMPLE } from './sample.ts'
import { addressDigest } from './agreement.ts'
import { nodeView, ownershipView } from './view.ts'

const refuse = (text: string) => {
  const checked = checkConfig(text)
  if (checked.config) throw new Error('accepted')
  return checked.refusals
}
const codes = (from: string | RegExp, to: string) => {
  const changed = SAMPLE.replace(from, to)
  expect(changed).not.toBe(SAMPLE)
  return refuse(changed).map((refusal) => refusal.code)
}
const config = () => {
  const checked = checkConfig(SAMPLE)
  if (checked.refusals) throw new Error(JSON.stringify(checked.refusals, null, 1))
  return checked.config
}

describe('a configuration file', () => {
  it('is complete once checked', () => {
    expect(config().services[0]?.realservers[2]).toEqual({
      node: 'rs3',
      address: '10.12.0.13',
      port: 8080,
      forward: 'nat',
      gateway: '10.12.0.254',
      weight: 1,
    })
    expect(config().services[0]?.realservers[0]?.port).toBe(80)
    expect(config().timing.leaseMs).toBe(350)
  })

  it.each<[string, string | RegExp, string, string[]]>([
    ['an unknown key', 'scheduler: wrr', 'schedular: wrr', ['unknown-key']],
    ['an unknown key at the top', 'revision: 1', 'revision: 1\nrevison: 2', ['unknown-key']],
    ['a key twice', 'revision: 1', 'revision: 1\nrevision: 2', ['duplicate-key']],
    ['no YAML', 'cluster: lab', 'cluster: [lab', ['bad-yaml']],
    ['an octal address', '10.12.0.12 }', '010.12.0.12 }', ['bad-address']],
    ['a duration without a unit', 'lease: 350ms', 'lease: 350', ['bad-duration']],
    ['impossible timing', 'lease: 350ms', 'lease: 340ms', ['impossible-timing']],
    ['VIP equal to a DIP', 'vips: [10.11.0.10/24]', 'vips: [10.11.0.10/24, 10.11.0.1/24]', ['vip-is-node-address']],
    [
      'gateway equal to a RIP',
      'gateways: [10.12.0.254/24]',
      'gateways: [10.12.0.254/24, 10.12.0.13/24]',
      ['gateway-is-node-address'],
    ],
    ['an unknown node', 'node: rs2,', 'node: rs22,', ['unknown-node']],
    ['an unknown director', '[dir1, dir2]', '[dir1, dir3]', ['unknown-node']],
    ['a director without the role', '[dir1, dir2]', '[dir1, rs1]', ['not-a-director']],
    ['whose file it is', 'cluster: lab', 'cluster: lab\nnode: dir1', ['not-in-file']],
    ['no voter', /voter: true/g, 'voter: false', ['no-voters']],
    ['a port change under DR', '10.11.0.11, forward', '10.11.0.11, port: 81, forward', ['port-change']],
    ['NAT without a gateway', '    gateways: [10.12.0.254/24]\n', '', ['nat-without-gateway']],
    ['an unknown gateway', 'gateway: 10.12.0.254', 'gateway: 10.12.0.253', ['unknown-gateway']],
    ['an address of no group', 'address: 10.11.0.10\n', 'address: 10.11.0.20\n', ['address-not-in-group']],
    ['a weight out of range', 'forward: dr, weight: 1', 'forward: dr, weight: 65536', ['out-of-range']],
    ['a port out of range', 'port: 8080', 'port: 70000', ['out-of-range']],
    ['a slow check', 'timeout: 300ms', 'timeout: 600ms', ['impossible-timing']],
    ['fall of zero', 'fall: 2', 'fall: 0', ['out-of-range']],
    ['a missing key', 'sign-with: 1', 'sign-with: 2', ['unknown-key-id']],
    ['a checksum in place of a signature', 'algorithm: sha256', 'algorithm: crc32', ['insecure']],
    ['a short secret', /secret: "\w+"/, 'secret: "0011"', ['short-secret']],
    ['a secret that is no hex', /secret: "\w+"/, 'secret: "swordfish swordfish"', ['bad-secret']],
    ['a key without secret', /, secret: "\w+"/, '', ['missing']],
    [
      'a lonely node',
      'links: [{ name: inside, address: 10.12.0.13 }]',
      'links: [{ name: attic, address: 10.12.0.13 }]',
      ['no-shared-link'],
    ],
    ['an unknown scheduler', 'scheduler: wrr', 'scheduler: wr', ['bad-value']],
    [
      'a flag of another scheduler',
      'scheduler: wrr',
      'scheduler: sh\n    scheduler-flags: [mh-port]',
      ['unknown-flag'],
    ],
    [
      'a flag where there are none',
      'scheduler: wrr',
      'scheduler: wrr\n    scheduler-flags: [sh-port]',
      ['unknown-flag'],
    ],
    ['a name twice', 'name: rs3', 'name: rs2', ['duplicate-name']],
    [
      'RIP of another node',
      'node: rs2, address: 10.11.0.12',
      'node: rs2, address: 10.11.0.11',
      ['duplicate-realserver'],
    ],
    [
      'RIP off the gateway network',
      'address: 10.12.0.13, port',
      'address: 10.13.0.13, port',
      ['not-on-gateway-network'],
    ],
    ['the broadcast address', 'vips: [10.11.0.10/24]', 'vips: [10.11.0.10/24, 10.11.0.255/24]', ['bad-address']],
    [
      'a word that is no boolean',
      'roles: [director], voter: true, links: [{ name: inside, address: 10.12.0.2',
      'roles: [director], voter: 1, links: [{ name: inside, address: 10.12.0.2',
      ['bad-type'],
    ],
  ])('refuses %s', (_, from, to, expected) => {
    expect(codes(from, to).sort()).toEqual([...expected].sort())
  })

  it('has the flags of a scheduler in the order of its row, each once', () => {
    const flags = (written: string) => {
      const { config: read } = checkConfig(
        SAMPLE.replace('scheduler: wrr', `scheduler: sh\n    scheduler-flags: ${written}`),
      )
      return read?.services[0]?.schedulerFlags
    }
    expect(config().services[0]?.schedulerFlags).toEqual([])
    expect(flags('[sh-port, sh-fallback, sh-port]')).toEqual(['sh-fallback', 'sh-port'])
    expect(refuse(SAMPLE.replace('scheduler: wrr', 'scheduler: sh\n    scheduler-flags: [port]'))).toMatchObject([
      { field: 'services[0].scheduler-flags[0]', hint: 'its flags: sh-fallback, sh-port, no-fallback' },
    ])
  })

  it('names line, column, field and a way out', () => {
    const [refusal] = refuse(SAMPLE.replace('scheduler: wrr', 'scheduler: wlcc'))
    expect(refusal).toMatchObject({
      code: 'bad-value',
      line: 25,
      column: 16,
      field: 'services[0].scheduler',
      hint: 'did you mean "wlc"?',
    })
    const [whose] = refuse(SAMPLE.replace('cluster: lab', 'cluster: lab\nnode: dir1'))
    expect(whose).toMatchObject({ line: 2, field: 'node', hint: expect.stringContaining('--node NAME') })
    const [unknown] = refuse(SAMPLE.replace('fall: 2', 'fal: 2'))
    expect(unknown).toMatchObject({ line: 26, field: 'services[0].check.fal', hint: 'did you mean "fall"?' })
  })

  it('finds every fault in one run, in the order of the file', () => {
    const text = SAMPLE.replace('lease: 350ms', 'lease: 30ms')
      .replace('vips: [10.11.0.10/24]', 'vips: [10.11.0.10/24, 10.11.0.2/24]')
      .replace('rise: 2', 'rise: 99')
      .replace('node: rs2,', 'node: rs9,')
    const found = refuse(text)
    expect(new Set(found.map((refusal) => refusal.code))).toEqual(
      new Set(['impossible-timing', 'vip-is-node-address', 'out-of-range', 'unknown-node']),
    )
    const lines = found.map((refusal) => refusal.line ?? 0)
    expect(lines).toEqual([...lines].sort((a, b) => a - b))
  })

  it('refuses an address in two groups and a NAT realserver of two', () => {
    const text = SAMPLE.replace(
      'services:',
      '  - { name: mail, directors: [dir2, dir1], vips: [10.11.0.10/24], gateways: [10.12.0.253/24] }\nservices:',
    ).concat(
      '  - { name: smtp, group: mail, address: 10.11.0.10, port: 25, protocol: tcp, scheduler: rr, realservers: [{ node: rs3, address: 10.12.0.13, forward: nat }] }\n',
    )
    expect(
      refuse(text)
        .map((refusal) => refusal.code)
        .sort(),
    ).toEqual(['address-in-two-groups', 'gateways-share-network', 'nat-two-groups'])
  })

  it.each([
    '',
    'x',
    '[]',
    '- a',
    'null',
    '42',
    '{}',
    '&a [*a]',
    'a: *b',
    '---\na: 1\n---\nb: 2',
    '\u0000',
    'nodes: [null]',
    'groups: [{vips: [null]}]',
    '__proto__: {x: 1}',
  ])('refuses %j without falling', (text) => {
    expect(refuse(text).length).toBeGreaterThan(0)
  })

  it('has profiles that are possible', () => {
    for (const timing of Object.values(PROFILES)) expect(refuseTiming(timing)).toEqual([])
  })
})

describe('views', () => {
  it('give the ownership plane what it needs', () => {
    const view = ownershipView(config(), new Map(), (address) => (address === '10.11.0.10' ? 3 : 2), 'dir1')
    expect(view.groups[0]?.addresses).toEqual([
      { address: '10.11.0.10', prefix: 24, kind: 'vip', ifindex: 3 },
      { address: '10.12.0.254', prefix: 24, kind: 'gateway', ifindex: 2 },
    ])
    expect(view.groups[0]?.digest).toMatch(/^[0-9a-f]{16}$/)
    expect(view.keys[0]?.secret).toHaveLength(64)
  })

  it('have the epoch of coordinators, and no other', () => {
    const view = (followed: boolean) => ownershipView({ ...config(), epoch: 7, followed }, new Map(), () => 2, 'dir1')
    expect(view(true)).toMatchObject({ epoch: 7, followed: true })
    expect(view(false)).toMatchObject({ epoch: 1 })
    expect(view(false)).not.toHaveProperty('followed')
  })

  it('digest a list of addresses whatever its order', () => {
    const group = config().groups[0]
    if (!group) throw new Error('no group')
    expect(addressDigest({ ...group, addresses: [...group.addresses].reverse() })).toBe(addressDigest(group))
    expect(addressDigest({ ...group, addresses: group.addresses.slice(1) })).not.toBe(addressDigest(group))
  })

  it('give each node its own part', () => {
    expect(nodeView(config(), 'rs1')).toMatchObject({
      answersFor: [{ address: '10.11.0.10', group: 'web' }],
      gateways: [],
      directs: [],
    })
    expect(nodeView(config(), 'rs3')).toMatchObject({ answersFor: [], gateways: ['10.12.0.254'] })
    expect(nodeView(config(), 'dir2')?.services).toHaveLength(1)
  })

  it('do not change with the order in which services come', () => {
    const [http] = config().services
    if (!http) throw new Error('no service')
    const services = [http, { ...http, name: 'other', address: '10.11.0.200' }]
    const view = nodeView({ ...config(), services }, 'rs1')
    expect(view?.answersFor).toHaveLength(2)
    expect(nodeView({ ...config(), services: services.toReversed() }, 'rs1')?.answersFor).toEqual(view?.answersFor)
  })
})
