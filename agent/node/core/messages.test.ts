/** What other nodes' agents say is not trusted: whatever comes, the core goes on, and nothing is taken for something else. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { node, statusOf } from './fixture.ts'
import {
  type AgentMessage,
  decodeMessage,
  encodeMessage,
  encodeState,
  encodeTables,
  LONGEST_MESSAGE,
} from './messages.ts'

const state = (
  changed: Partial<Extract<AgentMessage, { kind: 'state' }>> = {},
): Extract<AgentMessage, { kind: 'state' }> => ({
  kind: 'state',
  revision: 1,
  agreement: 'a',
  state: 'standby',
  reason: 'ready',
  standby: false,
  ready: { web: '' },
  troubles: [],
  events: [],
  ...changed,
})

describe('messages', () => {
  test.each<AgentMessage>([
    state({ troubles: [{ code: 'c', severity: 'warning', message: 'm' }] }),
    state({ events: [{ at: '2026-01-01T00:00:00.000Z', group: 'web', kind: 'took', number: 7, reason: 'r' }] }),
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
    ['{"kind":"tables"}', 'malformed'],
    ['{"kind":"tables","services":{"http":[null]}}', 'malformed'],
    ['{"kind":"ask","id":"x","command":{}}', 'malformed'],
    ['{"kind":"ask","id":"x","command":{"verb":"drain","node":"rs1"}}', 'malformed'],
    ['{"kind":"ask","id":"x","command":{"verb":"standby","name":5,"on":true}}', 'malformed'],
    ['{"kind":"prepare","group":"web"}', 'malformed'],
    ['{"kind":"melt"}', 'unknown-kind'],
    ['{"kind":"toString"}', 'unknown-kind'],
    ['{"kind":"__proto__"}', 'unknown-kind'],
    [JSON.stringify({ ...state(), least: 2 }), 'newer'],
  ])('%s is refused: %s', (text, reason) => expect(decodeMessage(text)).toMatchObject({ ok: false, reason }))
  test('of peers that would paint on a terminal are cleaned', () => {
    const decoded = decodeMessage(encodeMessage(state({ reason: '\u001b[2Jall is well\u0007' })))
    expect(decoded).toMatchObject({ message: { reason: '\ufffd[2Jall is well\ufffd' } })
  })
  test('of any content fit their datagram', () => {
    const long = 'x'.repeat(400)
    const troubles = Array.from(
      { length: 30 },
      () => ({ code: 'c', severity: 'critical', message: long, hint: long }) as const,
    )
    const events = Array.from({ length: 30 }, () => ({ at: 'now', group: 'web', kind: 'k', number: 1, reason: long }))
    const ready = Object.fromEntries(
      Array.from({ length: 64 }, (_, at) => [`${'g'.repeat(30)}${at}`, long.slice(0, 160)]),
    )
    for (const one of [state({ troubles, events }), state({ ready }), state({ troubles, events, ready })]) {
      const text = encodeState(one)
      expect(text.length).toBeLessThanOrEqual(LONGEST_MESSAGE)
      expect(decodeMessage(text).ok).toBe(true)
      expect(Object.keys(JSON.parse(text).ready)).toEqual(Object.keys(one.ready))
    }
  })
  test('of many tables are as many as it takes, and bring every destination', () => {
    const dest = (at: number) => ({
      key: `10.0.0.${at}:80`,
      weight: 1,
      healthy: true,
      active: 0,
      inactive: 0,
      reason: 'r',
    })
    const tables = new Map(
      Array.from({ length: 20 }, (_, service) => [`s${service}`, Array.from({ length: 30 }, (_one, at) => dest(at))]),
    )
    const messages = encodeTables(tables)
    expect(Math.max(...messages.map(({ length }) => length))).toBeLessThanOrEqual(LONGEST_MESSAGE)
    const found = messages.flatMap((text) => {
      const decoded = decodeMessage(text)
      return decoded.ok && decoded.message.kind === 'tables' ? Object.values(decoded.message.services).flat() : []
    })
    expect(found).toHaveLength(600)
  })
})

describe('an agent that hears', () => {
  test('any JSON at all goes on, and answers for its status', () => {
    const one = node('dir1')
    one.feed({ kind: 'lease-up' })
    one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
    one.run(500)
    const kinds = fc.constantFrom('state', 'tables', 'ask', 'answer', 'prepare', 'prepared', 'melt')
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
    say('mars', 'http', '10.11.0.11:80')
    say('dir1', 'nope', '10.11.0.11:80')
    say('dir1', 'http', '10.99.0.1:80')
    expect(one.core.status(one.now()).services[0]?.realservers.map(({ weight }) => weight)).toEqual([0, 0, 0])
    say('dir1', 'http', '10.11.0.11:80')
    expect(one.core.status(one.now()).services[0]?.realservers.map(({ weight }) => weight)).toEqual([9, 0, 0])
  })
})
