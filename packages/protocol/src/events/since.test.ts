import { expect, test } from 'vitest'
import type { HistoryEvent } from './event.ts'
import { failedSince, sinceEvents } from './since.ts'

const event = (at: string, kind: string, reason: string, group = 'web'): HistoryEvent => ({
  ...{ at, node: 'dir1', group, kind, number: 1, reason, ageMs: 5 },
})
const failed = (at: string, server: string, service = 'http'): HistoryEvent =>
  event(at, 'failed', `${server} (10.11.0.11:80) in service ${service}: connection refused`)

test('of each only the last is needed, and what is old does not grow older', () => {
  const events = [
    failed('1', 'rs1'),
    failed('2', 'rs2'),
    event('3', 'lost', 'its lease ran out'),
    event('4', 'took', 'dir1 was silent'),
    failed('5', 'rs1'),
    failed('6', 'rs1', 'https'),
    event('7', 'released', 'switchover'),
    event('8', 'lost', 'cut off', 'mail'),
  ]
  const kept = sinceEvents(events)
  expect(kept.map(({ at }) => at)).toEqual(['2', '5', '6', '7', '8'])
  expect(kept.some(({ ageMs }) => ageMs !== undefined)).toBe(false)
  for (const [server, service] of [
    ['rs1', 'http'],
    ['rs2', 'http'],
    ['rs1', 'https'],
  ] as const)
    expect(failedSince(kept, server, service)).toBe(failedSince(events, server, service))
})
