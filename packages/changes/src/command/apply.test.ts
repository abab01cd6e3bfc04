import { describe, expect, it } from 'vitest'
import { DOCUMENT, documentOfFile, FILE, outcome, run } from '../fixture.ts'
import { writtenOf } from '../document/document.ts'
import type { Action } from './command.ts'

const set = (
  noun: Extract<Action, { verb: 'set' }>['noun'],
  which: Record<string, string>,
  values: Record<string, unknown>,
): Action => ({ verb: 'set', noun, which, values })
const add = (
  noun: Extract<Action, { verb: 'add' }>['noun'],
  which: Record<string, string>,
  values: Record<string, unknown>,
): Action => ({ verb: 'add', noun, which, values })
const remove = (noun: Extract<Action, { verb: 'remove' }>['noun'], which: Record<string, string>): Action => ({
  verb: 'remove',
  noun,
  which,
})

describe('a command changes one thing', () => {
  it.each<[string, Action, string[]]>([
    [
      'weight',
      set('server', { service: 'http', server: 'rs1' }, { weight: 5 }),
      ['~ service http, server rs1: weight 1 → 5'],
    ],
    [
      'a default again',
      set('server', { service: 'http', server: 'rs1' }, { weight: null }),
      ['~ service http, server rs1: weight 1 → not set'],
    ],
    [
      'a server of a pool',
      set('server', { pool: 'secure', server: 'rs2' }, { weight: 3 }),
      ['~ pool secure, server rs2: weight not set → 3'],
    ],
    [
      'a new server',
      add('server', { pool: 'secure', server: 'rs3' }, { address: '10.12.0.13', forward: 'nat', port: 8443 }),
      ['+ pool secure, server rs3: address 10.12.0.13, port 8443, forward nat'],
    ],
    [
      'a second address of a node',
      add('server', { service: 'http', server: 'rs1@10.11.0.21' }, { forward: 'dr' }),
      [
        '- service http, server rs1: address 10.11.0.11, forward dr, weight 1',
        '+ service http, server rs1@10.11.0.11: address 10.11.0.11, forward dr, weight 1',
        '+ service http, server rs1@10.11.0.21: address 10.11.0.21, forward dr',
      ],
    ],
    [
      'a server less',
      remove('server', { service: 'http', server: 'rs3' }),
      ['- service http, server rs3: address 10.12.0.13, port 8080, forward nat, gateway 10.12.0.254, weight 1'],
    ],
    [
      'an override',
      add('override', { service: 'https', server: 'rs1' }, { weight: 9 }),
      ['+ service https, override rs1: weight 9'],
    ],
    [
      'a check',
      set('check', { service: 'http' }, { interval: '1000ms' }),
      ['~ service http: check interval 500ms → 1s'],
    ],
    [
      'a check that was not there',
      set('check', { service: 'https' }, { type: 'none' }),
      ['~ service https: check type not set → none'],
    ],
    [
      'no check of its own',
      remove('check', { service: 'http' }),
      [
        '~ service http: check type tcp → not set',
        '~ service http: check interval 500ms → not set',
        '~ service http: check timeout 300ms → not set',
        '~ service http: check fall 2 → not set',
        '~ service http: check rise 2 → not set',
      ],
    ],
    [
      'a scheduler',
      set('service', { service: 'http' }, { scheduler: 'sh', 'scheduler-flags': ['sh-port'] }),
      ['~ service http: scheduler wrr → sh', '~ service http: scheduler-flags not set → sh-port'],
    ],
    [
      'where the servers come from',
      set(
        'service',
        { service: 'https' },
        { pool: null, realservers: [{ node: 'rs1', address: '10.11.0.11', forward: 'dr' }] },
      ),
      ['~ service https: pool secure → not set', '+ service https, server rs1: address 10.11.0.11, forward dr'],
    ],
    [
      'a service',
      add(
        'service',
        { service: 'alt' },
        { group: 'web', address: '10.11.0.10', port: 8080, protocol: 'tcp', scheduler: 'rr', pool: 'secure' },
      ),
      ['+ service alt: group web, address 10.11.0.10, port 8080, protocol tcp, scheduler rr, pool secure'],
    ],
    [
      'a service less',
      remove('service', { service: 'https' }),
      ['- service https: group web, address 10.11.0.10, port 443, protocol tcp, scheduler wlc, pool secure'],
    ],
    [
      'a VIP',
      add('vip', { group: 'web', vip: '10.11.0.20/24' }, { interface: 'eth1' }),
      ['+ group web, VIP 10.11.0.20: prefix 24, interface eth1'],
    ],
    [
      'the prefix of a VIP',
      set('vip', { group: 'web', vip: '10.11.0.10' }, { address: '10.11.0.10/25' }),
      ['~ group web, VIP 10.11.0.10: prefix 24 → 25'],
    ],
    [
      'a gateway',
      add('gateway', { group: 'web', gateway: '10.12.0.253/24' }, {}),
      ['+ group web, gateway 10.12.0.253: prefix 24'],
    ],
    [
      'who is preferred',
      set('group', { group: 'web' }, { directors: ['dir2', 'dir1'] }),
      ['~ group web: directors dir1, dir2 → dir2, dir1'],
    ],
    [
      'a group',
      add('group', { group: 'mail' }, { directors: ['dir1'], vips: ['10.11.0.30/24'] }),
      ['+ group mail: directors dir1', '+ group mail, VIP 10.11.0.30: prefix 24'],
    ],
    [
      'a node',
      add('node', { node: 'rs4' }, { roles: ['realserver'], links: [{ name: 'inside', address: '10.12.0.14' }] }),
      ['+ node rs4: roles realserver', '+ node rs4, link inside: address 10.12.0.14'],
    ],
    [
      'a link',
      set('link', { node: 'rs2', link: 'outside' }, { port: 7000 }),
      ['~ node rs2, link outside: port not set → 7000'],
    ],
    [
      'timing',
      set('timing', {}, { lease: '400ms', drain: null }),
      ['~ timing lease 350ms → 400ms', '~ timing drain 200ms → not set'],
    ],
    ['the profile', set('cluster', {}, { profile: 'default' }), ['~ profile not set → default']],
    ['a key', add('key', { key: '2' }, { file: '/etc/lvsm/key2' }), ['+ key 2: file /etc/lvsm/key2']],
    ['nothing', set('server', { service: 'http', server: 'rs1' }, { weight: 1 }), []],
  ])('%s', (_, action, lines) => expect(outcome(DOCUMENT, action)).toEqual(lines))

  it('rotates a key in three commands', () => {
    const steps = [
      add('key', { key: '2' }, { file: '/etc/lvsm/key2' }),
      set('cluster', {}, { 'sign-with': 2 }),
      remove('key', { key: '1' }),
    ]
    let document = DOCUMENT
    for (const step of steps) document = run(document, step).document ?? document
    expect(document).toMatchObject({ keys: { 2: { file: '/etc/lvsm/key2' } }, 'sign-with': 2 })
    expect(Object.keys(document.keys)).toEqual(['2'])
  })

  it('applies a whole file, also one that a director wrote by hand', () => {
    const file = writtenOf(documentOfFile(FILE.replace('weight: 1 }', 'weight: 2 }')), 99)
    expect(outcome(DOCUMENT, { verb: 'apply', file })).toEqual(['~ service http, server rs1: weight 1 → 2'])
    expect(outcome(DOCUMENT, { verb: 'apply', file: writtenOf(DOCUMENT, 0) })).toEqual([])
  })

  it('tells what works and is probably not meant', () => {
    const { warnings } = run(
      DOCUMENT,
      add('pool', { pool: 'idle' }, { realservers: [{ node: 'rs1', address: '10.11.0.11', forward: 'dr' }] }),
    ) as { warnings: unknown }
    expect(warnings).toContainEqual(
      expect.objectContaining({ severity: 'info', code: 'idle-pool', field: 'pools.idle.name' }),
    )
  })
})

describe('a command is refused with code, field, reason and way out, and changes nothing', () => {
  it.each<[string, Action, string | RegExp]>([
    [
      'a name that is there',
      add('service', { service: 'http' }, {}),
      'exists service: service "http" is there already → change it with set, or choose another name',
    ],
    [
      'a server that is there',
      add('server', { service: 'http', server: 'rs1' }, { address: '10.11.0.11', forward: 'dr' }),
      /^exists server: server "rs1" of service "http" is there already → .*NODE@ADDRESS/,
    ],
    [
      'a name that is not there',
      set('service', { service: 'htp' }, {}),
      'unknown-service service: there is no service "htp" here → did you mean "http"?',
    ],
    [
      'a service of a server that is not there',
      set('server', { service: 'mail-in', server: 'rs1' }, {}),
      /^unknown-service services: there is no service "mail-in" here → known services: http, https/,
    ],
    [
      'a server that is not there',
      remove('server', { service: 'http', server: 'rs9' }),
      /^unknown-server server: there is no server "rs9" here → did you mean "rs1" or "rs2" or "rs3"/,
    ],
    [
      'a node that serves',
      remove('node', { node: 'rs1' }),
      'in-use node: node "rs1" is used by pool "secure", service "http" → take it out there first',
    ],
    [
      'a node that directs',
      remove('node', { node: 'dir1' }),
      /^in-use node: node "dir1" is used by group "web" \(director\)/,
    ],
    ['a group with services', remove('group', { group: 'web' }), /^in-use .* service "http", service "https"/],
    [
      'a VIP with services',
      remove('vip', { group: 'web', vip: '10.11.0.10/24' }),
      /^in-use vip: VIP "10.11.0.10" of group "web" is used by service "http", service "https"/,
    ],
    [
      'a gateway with realservers',
      remove('gateway', { group: 'web', gateway: '10.12.0.254' }),
      /^in-use gateway: .* service "http"/,
    ],
    [
      'a pool that is used',
      remove('pool', { pool: 'secure' }),
      /^in-use pool: pool "secure" is used by service "https"/,
    ],
    [
      'the key that signs',
      remove('key', { key: '1' }),
      'in-use key: key "1" is used by sign-with → take it out there first',
    ],
    [
      'the only link',
      remove('link', { node: 'rs3', link: 'inside' }),
      'last-one link: link "inside" of node "rs3" is the only one there → add another first, or remove the node',
    ],
    [
      'another name',
      set('node', { node: 'rs1' }, { name: 'rs9' }),
      /^not-settable name: .* → add one with the new name/,
    ],
    [
      'another VIP',
      set('vip', { group: 'web', vip: '10.11.0.10' }, { address: '10.11.0.11/24' }),
      /^not-settable address/,
    ],
    ['the whole through a side door', set('cluster', {}, { nodes: [] }), /^not-settable nodes/],
    ['no name', remove('server', { service: 'http' }), 'missing which: it is not said which server → name the server'],
    [
      'neither service nor pool',
      remove('server', { server: 'rs1' }),
      /^missing which: it is not said which service or pool → name the service or pool/,
    ],
    [
      'timing that is removed as if it were one of many',
      add('timing', {}, {}),
      /^unknown-verb verb: the timing is always there/,
    ],
    [
      'an unknown key',
      set('server', { service: 'http', server: 'rs1' }, { wieght: 2 }),
      'unknown-key services.http.realservers.rs1.wieght: unknown key "wieght" → did you mean "weight"?',
    ],
    [
      'a value out of range',
      set('server', { service: 'http', server: 'rs2' }, { weight: -1 }),
      'out-of-range services.http.realservers.rs2.weight: -1 is out of range → must be at least 0',
    ],
    [
      'no port change under direct routing',
      set('server', { service: 'http', server: 'rs1' }, { port: 81 }),
      /^port-change services.http.realservers.rs1.port/,
    ],
    [
      'a VIP that is a node’s address',
      add('vip', { group: 'web', vip: '10.11.0.1/24' }, {}),
      /^vip-is-node-address groups.web.vips.10.11.0.1/,
    ],
    [
      'a VIP without a prefix',
      add('vip', { group: 'web', vip: '10.11.0.20' }, {}),
      /^bad-address groups.web.vips.10.11.0.20.address: .* → write it with the prefix length/,
    ],
    ['impossible timing', set('timing', {}, { lease: '100ms' }), /^impossible-timing timing.lease/],
    ['voters', set('node', { node: 'rs1' }, { voter: false }), /voters-would-change/],
    [
      'voters by a file',
      {
        verb: 'apply',
        file: {
          ...writtenOf(DOCUMENT, 0),
          nodes: writtenOf(DOCUMENT, 0).nodes.map((node) => ({ ...node, voter: node.name === 'rs1' })),
        },
      },
      /^voters-would-change nodes: the voters would be rs1 in place of dir1, dir2, rs1/,
    ],
    [
      'a file of another cluster',
      { verb: 'apply', file: { ...writtenOf(DOCUMENT, 0), cluster: 'prod' } },
      'other-cluster cluster: this is a document of cluster "prod", and the cluster here is "lab" → if it is meant for this one, write cluster: lab',
    ],
    [
      'a file with a secret',
      { verb: 'apply', file: { ...writtenOf(DOCUMENT, 0), keys: [{ id: 1, secret: '5ec7e7'.repeat(10) }] } },
      /^secret-in-document keys.1.secret/,
    ],
    ['a file that is none', { verb: 'apply', file: 'cluster: lab' }, /^bad-type/],
    [
      'a revision that is not kept',
      { verb: 'rollback', revision: 3 },
      /^unknown-revision revision: revision 3 is not kept/,
    ],
  ])('%s', (_, action, said) => {
    const lines = outcome(DOCUMENT, action)
    expect(lines).toEqual([typeof said === 'string' ? said : expect.stringMatching(said)])
    expect(lines.join()).not.toContain('5ec7e7')
  })

  it('a server that is there twice has to be named in full', () => {
    const { document = DOCUMENT } = run(
      DOCUMENT,
      add('server', { service: 'http', server: 'rs1@10.11.0.21' }, { forward: 'dr' }),
    )
    expect(outcome(document, set('server', { service: 'http', server: 'rs1' }, { weight: 2 }))).toEqual([
      'ambiguous-server realservers: "rs1" is there 2 times → say which: rs1@10.11.0.11 or rs1@10.11.0.21',
    ])
    expect(outcome(document, remove('server', { service: 'http', server: 'rs1@10.11.0.21' }))).toEqual([
      '+ service http, server rs1: address 10.11.0.11, forward dr, weight 1',
      '- service http, server rs1@10.11.0.11: address 10.11.0.11, forward dr, weight 1',
      '- service http, server rs1@10.11.0.21: address 10.11.0.21, forward dr',
    ])
  })

  it('the last server of a service or pool', () => {
    let document = DOCUMENT
    for (const server of ['rs2', 'rs3'])
      document = run(document, remove('server', { service: 'http', server })).document ?? document
    expect(outcome(document, remove('server', { service: 'http', server: 'rs1' }))).toEqual([
      'last-one server: server "rs1" of service "http" is the only one there → add another first, or remove the service',
    ])
    document = run(document, remove('server', { pool: 'secure', server: 'rs2' })).document ?? document
    expect(outcome(document, remove('server', { pool: 'secure', server: 'rs1' }))).toEqual([
      'last-one server: server "rs1" of pool "secure" is the only one there → add another first, or remove the pool',
    ])
  })

  it('a server of a pool that a service has otherwise', () => {
    const { document = DOCUMENT } = run(DOCUMENT, add('override', { service: 'https', server: 'rs1' }, { weight: 9 }))
    expect(outcome(document, remove('server', { pool: 'secure', server: 'rs1' }))).toEqual([
      'in-use server: server "rs1" of pool "secure" is used by service "https" (override) → take it out there first',
    ])
  })

  it('a gateway that a pool’s realservers have by default', () => {
    const { document = DOCUMENT } = run(
      DOCUMENT,
      add('server', { pool: 'secure', server: 'rs3' }, { address: '10.12.0.13', forward: 'nat' }),
    )
    expect(outcome(document, remove('gateway', { group: 'web', gateway: '10.12.0.254/24' }))).toEqual([
      expect.stringMatching(/used by service "http", service "https"/),
    ])
  })

  it('words of a version that nobody here knows, or that the cluster has not agreed on', () => {
    const action = set('server', { service: 'http', server: 'rs1' }, { weight: 2 })
    const of = (model: number) => run(DOCUMENT, { ...action, model } as Action & { model: number })
    expect(of(99).refusals).toMatchObject([
      { code: 'model-too-new', field: 'model', hint: 'upgrade lvsm on this node' },
    ])
    expect(of(0).refusals).toMatchObject([{ code: 'bad-model-version' }])
    expect(of(1).refusals).toBeUndefined()
  })

  it('voters may change where the context lets them', () => {
    const nodes = writtenOf(DOCUMENT, 0).nodes.map((node) => ({ ...node, voter: node.name === 'rs1' }))
    const file = { ...writtenOf(DOCUMENT, 0), nodes }
    expect(run(DOCUMENT, { verb: 'apply', file }, { voters: 'may-change' }).refusals).toBeUndefined()
  })
})
