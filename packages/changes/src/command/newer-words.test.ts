import { expect, it, test } from 'vitest'
import { documentOfFile, DOCUMENT, FILE, outcome, run } from '../fixture.ts'
import type { Action } from './command.ts'
import { MODEL_VERSION } from './version.ts'

const check = (values: Record<string, unknown>): Action => ({
  verb: 'set',
  noun: 'check',
  which: { service: 'http' },
  values,
})

test.each<[string, Record<string, unknown>]>([
  ['down-linger', { 'down-linger': '1m' }],
  ['client-certificate-file', { type: 'tls', host: 'web.example', 'client-certificate-file': 'check.pem' }],
  ['tls', { type: 'redis', tls: true, host: 'web.example' }],
  ['starttls', { type: 'smtp', starttls: true, host: 'web.example' }],
  ['starttls', { type: 'postgres', starttls: true, verify: false }],
  ['tcp', { type: 'dns', tcp: true }],
  ['close', { type: 'tcp', close: 'reset' }],
  ['contract', { type: 'script', command: ['/usr/bin/true'], contract: 'consul' }],
])('%s waits for an agreement: the version before refuses it, and would keep the document before', (key, values) => {
  const [told = ''] = outcome(DOCUMENT, check(values), { finalized: 2 })
  expect(told).toMatch(`not-finalized services.http.check.${key}: a check has ${key}`)
  expect(told).toMatch(/ from model version 3 on, and the cluster still speaks 2: .* → .*lvsm cluster finalize$/)
  expect(run(DOCUMENT, check(values), { finalized: MODEL_VERSION }).refusals).toBeUndefined()
})

test('via: vip waits for it where the service is not of TCP on one port', () => {
  const text = FILE.replaceAll(/ {6}- \{ node: rs3.*\n/g, '').replace('protocol: tcp', 'protocol: udp')
  const document = documentOfFile(text.replace('type: tcp', 'type: udp, expect: pong'))
  expect(outcome(document, check({ via: 'vip' }), { finalized: 2 })).toEqual([
    expect.stringMatching(/^not-finalized services\.http\.check\.via: .* from model version 3 on/),
  ])
  expect(run(document, check({ via: 'vip' }), { finalized: MODEL_VERSION }).refusals).toBeUndefined()
})

test('track waits for it', () => {
  const document = documentOfFile(
    FILE.replace(
      'services:\n',
      'services:\n  - { name: mail, group: web, address: 10.11.0.10, port: 25, protocol: tcp, scheduler: rr, realservers: [{ node: rs1, address: 10.11.0.11, forward: dr }] }\n',
    ),
  )
  const action: Action = { ...check({ track: 'http' }), which: { service: 'mail' } } as Action
  expect(outcome(document, action, { finalized: 2 })).toEqual([
    expect.stringMatching(/^not-finalized services\.mail\.check\.track: a check has track from model version 3 on/),
  ])
  expect(run(document, action, { finalized: MODEL_VERSION }).refusals).toBeUndefined()
})

test.each<[string, Record<string, unknown>]>([
  ['tls of grpc', { type: 'grpc', tls: true, host: 'web.example' }],
  ['another contract', { type: 'script', command: ['/usr/bin/true'], contract: 'nagios' }],
])('%s is of the first version', (_, values) =>
  expect(run(DOCUMENT, check(values), { finalized: 1 }).refusals).toBeUndefined(),
)

it('a document that says it already can be changed', () => {
  const before = documentOfFile(FILE.replace('rise: 2 }', 'rise: 2, down-linger: 1m }'))
  expect(outcome(before, check({ rise: 3 }), { finalized: 2 })).toHaveLength(1)
  expect(outcome(before, check({ 'down-linger': '2m' }), { finalized: 2 })).toHaveLength(1)
})

const SIX = documentOfFile(
  FILE.replaceAll(/\{ name: inside, address: 10\.12\.0\.(\d+)/g, '{ name: inside, address: "2001:db8:12::$1"')
    .replace(/ {6}- \{ node: rs3.*\n/, '')
    .replace('    gateways: [10.12.0.254/24]\n', ''),
)
test.each<[string, Extract<Action, { verb: 'set' }>['noun'], Record<string, string>, Record<string, unknown>]>([
  ['groups.web.ping', 'group', { group: 'web' }, { ping: ['2001:db8::1'] }],
  ['sync-group', 'cluster', {}, { 'sync-group': 'ff18::7' }],
  ['sync-link', 'cluster', {}, { 'sync-link': 'inside' }],
])('%s of IPv6 waits for an agreement, too', (field, noun, which, values) => {
  const action: Action = { verb: 'set', noun, which, values }
  expect(outcome(SIX, action, { finalized: 2 })).toEqual([
    expect.stringMatching(new RegExp(`^not-finalized ${field}: .* of IPv6 from model version 3 on`)),
  ])
  expect(run(SIX, action, { finalized: MODEL_VERSION }).refusals).toBeUndefined()
})
