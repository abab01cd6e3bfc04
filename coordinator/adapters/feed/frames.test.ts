import { decodeFeedMessage, encodeFeedMessage, type FeedMessage } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { Frames } from './frames.ts'

const events = { events: [{ at: '', node: 'a"', group: '', kind: 'note', number: 1, reason: '}' }] }

test.each<FeedMessage>([
  { kind: 'reported', number: 1, event: 2 },
  { kind: 'cluster', id: 1 },
  { kind: 'cluster', id: 2, events },
])('what is said is what the protocol says: $kind $id', (message) => {
  const frames = new Frames()
  for (const frame of [frames.of(message), frames.of(message)]) {
    expect(frame.toString()).toBe(encodeFeedMessage(message))
    expect(decodeFeedMessage(frame.toString())).toEqual({ ok: true, message })
  }
})

test('of an answer that many ask for the long part is made once', () => {
  let made = 0
  const toJSON = () => {
    made += 1
    return events
  }
  const told = { events: [], toJSON }
  const frames = new Frames()
  for (let id = 1; id <= 100; id++)
    expect(frames.of({ kind: 'cluster', id, events: told }).toString()).toContain(`"id":${id},`)
  expect(made).toBe(1)
})

test('an answer that is longer than an agent takes is none: the agent would leave for it', () => {
  const long = Array.from({ length: 20_000 }, () => ({ ...events.events[0], reason: 'x'.repeat(1000) }) as never)
  const frame = new Frames().of({ kind: 'cluster', id: 1, events: { events: long } })
  expect(decodeFeedMessage(frame.toString())).toEqual({ ok: true, message: { kind: 'cluster', id: 1 } })
})
