/** What other nodes' agents say is not trusted: whatever comes, the core goes on, and nothing is taken for something else. */
import { decodeMessage, encodeMessage, type AgentMessage, LONGEST_NAME } from '@lvsm/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { node, statusOf } from './fixture.ts'

const state = (
  changed: Partial<Extract<AgentMessage, { kind: 'state' }>> = {},
): Extract<AgentMessage, { kind: 'state' }> => ({
  kind: 'state',
  revision: 1,
  agreement: {},
  state: 'standby',
  reason: 'ready',
  standby: false,
  ready: { web: '' },
  pings: {},
  troubles: [],
  events: [],
  ...changed,
})

const TROUBLE = { code: 'c', severity: 'info', message: 'm' } as const

/** dir1 owns the group, and dir2 asks it for something. */
function owner() {
  const one = node('dir1')
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
  one.feed({ kind: 'message', from: 'dir2', text: encodeMessage(state()) })
  one.run(500)
  const ask = (id: string, command: unknown): void =>
    one.feed({ kind: 'message', from: 'dir2', text: JSON.stringify({ kind: 'ask', id, command }) })
  return { one, ask }
}

describe('messages', () => {
  test.each<AgentMessage>([
    state({ troubles: [{ code: 'c', severity: 'warning', message: 'm' }] }),
    state({ events: [{ at: '2026-01-01T00:00:00.000Z', group: 'web', kind: 'took', number: 7, reason: 'r' }] }),
    state({ agreement: { voters: 'a', timing: 'b' }, pings: { '10.0.0.1': null, '10.0.0.2': false } }),
    { kind: 'more', ready: { web: 'no' }, events: [] },
    {
      kind: 'tables',
      services: { http: [{ key: 'k', weight: 1, healthy: null, active: 0, inactive: 2, reason: '' }] },
    },
    { kind: 'ask', id: 'a', command: { verb: 'switchover', group: 'web' } },
    { kind: 'ask', id: 'a', command: { verb: 'standby', on: true, name: 'dir1' } },
    { kind: 'answer', id: 'a', outcome: { ok: true, report: { node: 'dir1' } } },
    {
      kind: 'answer',
      id: 'a',
      outcome: { ok: false, fault: 'conflict', refusals: [{ code: 'c', message: 'm', hint: 'h' }] },
    },
    { kind: 'prepare', id: 'a', group: 'web' },
    { kind: 'prepare', id: 'a', group: 'web', at: ['2001:db8:11::1'] },
    { kind: 'prepared', id: 'a', group: 'web' },
  ])('come back as they were: %j', (message) => {
    expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, message })
  })
  test('with a field more than we know are understood', () => {
    const encoded = JSON.stringify({ ...state(), colour: 'blue', ready: { web: '' } })
    expect(decodeMessage(encoded)).toEqual({ ok: true, message: state() })
  })
  test.each([
    ['', 'malformed'],
    ['null', 'malformed'],
    ['[]', 'malformed'],
    ['{"kind":7}', 'malformed'],
    ['{"kind":"state"}', 'malformed'],
    [JSON.stringify({ ...state(), events: undefined }), 'malformed'],
    ['{"kind":"more","ready":{}}', 'malformed'],
    ['{"kind":"tables"}', 'malformed'],
    ['{"kind":"tables","services":{"http":[null]}}', 'malformed'],
    ['{"kind":"ask","id":"x","command":{}}', 'malformed'],
    ['{"kind":"ask","id":"x","command":{"verb":"drain","node":"rs1"}}', 'unknown-kind'],
    ['{"kind":"ask","id":"x","command":{"verb":"toString"}}', 'unknown-kind'],
    ['{"kind":"ask","id":"x","command":{"verb":7}}', 'malformed'],
    ['{"kind":"ask","id":"x","command":{"verb":"standby","name":5,"on":true}}', 'malformed'],
    ['{"kind":"prepare","group":"web"}', 'malformed'],
    ['{"kind":"melt"}', 'unknown-kind'],
    ['{"kind":"toString"}', 'unknown-kind'],
    ['{"kind":"__proto__"}', 'unknown-kind'],
    [JSON.stringify({ ...state(), least: 2 }), 'newer'],
  ])('%s is refused: %s', (text, reason) => expect(decodeMessage(text)).toMatchObject({ ok: false, reason }))
  test.each<[string, object]>([
    ['a count below nothing', state({ revision: -1 })],
    ['a count beyond all counting', state({ revision: 2 ** 53 })],
    ['a name longer than any', { kind: 'prepare', id: 'a', group: 'g'.repeat(LONGEST_NAME + 1) }],
    ['more troubles than fit', state({ troubles: Array.from({ length: 257 }, () => TROUBLE) })],
    [
      'a refusal without a reason',
      { kind: 'answer', id: 'a', outcome: { ok: false, fault: 'conflict', refusals: [] } },
    ],
    [
      'more reasons than anybody reads',
      { kind: 'answer', id: 'a', outcome: { ok: false, fault: 'conflict', refusals: Array(17).fill(TROUBLE) } },
    ],
  ])('with %s are refused', (_, message) =>
    expect(decodeMessage(JSON.stringify(message))).toEqual({ ok: false, reason: 'malformed' }),
  )
  test('that refuse for a reason of a later version refuse all the same', () => {
    const outcome = { ok: false, fault: 'melted', refusals: [{ code: 'c', message: 'm' }] }
    expect(decodeMessage(JSON.stringify({ kind: 'answer', id: 'a', outcome }))).toMatchObject({
      ok: true,
      message: { outcome: { fault: 'unavailable' } },
    })
  })
  test('that report what a command did report names, and none that paints', () => {
    const report = { to: `\u001b[2J${'x'.repeat(1000)}`, number: 7 }
    const decoded = decodeMessage(encodeMessage({ kind: 'answer', id: 'a', outcome: { ok: true, report } }))
    const to = expect.stringMatching(new RegExp(`^\\ufffd\\[2Jx{50,${LONGEST_NAME}}…$`))
    expect(decoded).toMatchObject({ message: { outcome: { report: { to, number: 7 } } } })
  })
  test('that ask for what is not known are answered, unless nobody could have asked so', () => {
    const ask = (id: string): object => ({ kind: 'ask', id, command: { verb: 'dance' } })
    expect(decodeMessage(JSON.stringify(ask('a')))).toEqual({ ok: false, reason: 'unknown-kind', ask: 'a' })
    expect(decodeMessage(JSON.stringify(ask('a'.repeat(65))))).toEqual({ ok: false, reason: 'unknown-kind' })
  })
  test('of peers that would paint on a terminal are cleaned', () => {
    const decoded = decodeMessage(encodeMessage(state({ reason: '\u001b[2Jall is well\u0007' })))
    expect(decoded).toMatchObject({ message: { reason: '\ufffd[2Jall is well\ufffd' } })
  })
  test('of a newer node whose words we do not know are read as what asks for a look', () => {
    const encoded = JSON.stringify({
      ...state(),
      state: 'dancing',
      troubles: [{ code: 'c', severity: 'fatal', message: 'm' }],
      agreement: { voters: 'a', colours: 'b' },
    })
    expect(decodeMessage(encoded)).toMatchObject({
      message: { state: 'unknown', troubles: [{ severity: 'critical' }], agreement: { voters: 'a' } },
    })
  })
})

describe('an agent that hears', () => {
  test('any JSON at all goes on, and answers for its status', () => {
    const one = node('dir1')
    one.feed({ kind: 'lease-up' })
    one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
    one.run(500)
    const kinds = fc.constantFrom('state', 'more', 'tables', 'ask', 'answer', 'prepare', 'prepared', 'melt')
    const shaped = fc.record(
      {
        kind: kinds,
        id: fc.jsonValue(),
        group: fc.jsonValue(),
        services: fc.jsonValue(),
        command: fc.jsonValue(),
        troubles: fc.jsonValue(),
        events: fc.jsonValue(),
        ready: fc.jsonValue(),
        outcome: fc.jsonValue(),
      },
      { requiredKeys: ['kind'] },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          shaped.map((value) => JSON.stringify(value)),
          fc.string(),
        ),
        (text) => {
          one.feed({ kind: 'message', from: 'rs3', text })
          one.core.status(one.now())
        },
      ),
      { numRuns: 2000 },
    )
    const { counters } = one.core.status(one.now())
    expect(counters['drop-message-malformed']).toBeGreaterThan(100)
  })
  test('a verb that it does not know says so, and does nothing', () => {
    const one = node('dir1')
    one.feed({ kind: 'lease-up' })
    one.run(500)
    one.take('message')
    one.feed({ kind: 'message', from: 'rs1', text: '{"kind":"ask","id":"x","command":{"verb":"drain","node":"rs1"}}' })
    expect(one.take('standby')).toEqual([])
    expect(one.take('message')).toMatchObject([{ to: 'rs1' }])
  })
  test('a command that takes long is not begun again, however many others were answered meanwhile', () => {
    const { one, ask } = owner()
    ask('long', { verb: 'standby', on: true })
    for (let other = 0; other < 100; other++) ask(`other-${other}`, { verb: 'switchover', group: 'nowhere' })
    expect(one.take('message').filter(({ text }) => text.includes('"other-')).length).toBe(100)
    ask('long', { verb: 'standby', on: true })
    expect(one.take('message').filter(({ text }) => text.includes('"long"'))).toEqual([])
  })
  test('and one that ended last is answered again from memory, not carried out anew', () => {
    const { one, ask } = owner()
    ask('long', { verb: 'switchover', group: 'web' })
    for (let other = 0; other < 100; other++) ask(`other-${other}`, { verb: 'switchover', group: 'nowhere' })
    one.run(30_000)
    const [ended] = one.take('message').filter(({ text }) => text.includes('"id":"long"'))
    ask('long', { verb: 'switchover', group: 'web' })
    expect(one.take('message').filter(({ text }) => text.includes('"id":"long"'))).toEqual([ended])
  })
  test('strangers, unknown services and invented destinations keeps none of them', () => {
    const one = node('rs1')
    one.feed({ kind: 'lease-up' })
    one.feed({ kind: 'lease-status', status: statusOf('rs1', 'dir1') })
    const table = (key: string) => ({ key, weight: 9, healthy: true, active: 1, inactive: 1, reason: '' })
    const say = (from: string, service: string, key: string): void =>
      one.feed({
        kind: 'message',
        from,
        text: encodeMessage({ kind: 'tables', services: { [service]: [table(key)] } }),
      })
    one.feed({ kind: 'message', from: 'dir1', text: encodeMessage(state({ state: 'owner' })) })
    say('mars', 'http', '10.11.0.11:80')
    say('dir1', 'nope', '10.11.0.11:80')
    say('dir1', 'http', '10.99.0.1:80')
    expect(one.core.status(one.now()).services[0]?.realservers.map(({ weight }) => weight)).toEqual([0, 0, 0])
    say('dir1', 'http', '10.11.0.11:80')
    expect(one.core.status(one.now()).services[0]?.realservers.map(({ weight }) => weight)).toEqual([9, 0, 0])
  })
})
