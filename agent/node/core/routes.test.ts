/** What the core answers is what the table of routes promises, also after lease processes and peers of other versions spoke. */
import { encodeMessage, readResponse } from '@lvsm/protocol'
import { expect, it } from 'vitest'
import { node, statusOf } from './fixture.ts'

it('status, events and fence, with fields that this version does not know', () => {
  const one = node('dir1')
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
  // As the lease process sends it: with the instant of its own clock.
  const event = { at: 4711, group: 'web', kind: 'took' as const, number: 1, reason: 'as it is', later: true }
  one.feed({ kind: 'lease-event', event })
  const told = { at: '2026-01-01', group: 'web', kind: 'note', number: 1, reason: 'told', later: true }
  const text = encodeMessage({ kind: 'more', ready: {}, events: [told] })
  one.feed({ kind: 'message', from: 'dir2', text })
  one.run(1500)
  const events = readResponse('events', one.core.events(one.now()))
  const ours = { at: expect.any(String), group: 'web', number: 1, clock: expect.any(Number), ageMs: 1500 }
  expect(events?.events).toEqual(
    expect.arrayContaining([
      { ...ours, kind: 'took', node: 'dir1', reason: 'as it is', origin: { life: 'dir1', serial: 1 } },
      { ...ours, kind: 'note', node: 'dir2', reason: 'told' },
    ]),
  )
  expect(readResponse('status', one.core.status(one.now()))).not.toBeNull()
  expect(readResponse('fence', one.core.fence([], one.now()))).not.toBeNull()
})
