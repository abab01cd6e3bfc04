/** What a node mended by itself is in its status for some minutes, as over; nothing is worse by it. */
import { LISTENS_MS } from '@lvsm/base'
import { type LeaseEvent } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

function director(): TestNode {
  const one = node('dir1')
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: statusOf('dir1', null, 0) })
  goesOn(one, LISTENS_MS + 40_000)
  return one
}
const happens = (one: TestNode, kind: LeaseEvent['kind'], number: number, reason: string): void =>
  one.feed({ kind: 'lease-event', event: { at: one.now(), group: 'web', kind, number, reason } })
const mended = (one: TestNode) =>
  one.core
    .status(one.now())
    .troubles.filter(({ code }) => ['prober-ended', 'fence-reopened', 'lease-retaken'].includes(code))
    .map(({ code, message, pastMs }) => ({ code, message, pastMs }))

test('a process that was started again, until three minutes are over', () => {
  const one = director()
  const message = 'lvsm-prober ended by SIGKILL'
  one.feed({ kind: 'trouble', source: 'prober', trouble: { code: 'prober-ended', severity: 'warning', message } })
  goesOn(one, 8000)
  expect(mended(one)).toEqual([{ code: 'prober-ended', message, pastMs: undefined }])
  one.feed({ kind: 'trouble', source: 'prober', trouble: null })
  goesOn(one, 20_000)
  expect(mended(one)).toEqual([{ code: 'prober-ended', message, pastMs: expect.any(Number) }])
  goesOn(one, 170_000)
  expect(mended(one)).toEqual([])
})

test('a fence that was put back, and a lease that was lost and taken again', () => {
  const one = director()
  happens(one, 'took', 2, 'nobody was known to hold it')
  happens(one, 'note', 2, 'its fence was gone: somebody removed it; closing it and opening again')
  happens(one, 'lost', 2, 'no majority renewed lease 2 of web in time')
  expect(mended(one).map(({ code }) => code)).toEqual(['fence-reopened'])
  happens(one, 'took', 3, 'nobody was known to hold it; dir1 itself had it before, by lease 2')
  goesOn(one, 45_000)
  expect(mended(one)).toEqual([
    {
      code: 'fence-reopened',
      message: 'the fence of web was opened anew: its fence was gone: somebody removed it',
      pastMs: 40_000,
    },
    {
      code: 'lease-retaken',
      message:
        'dir1 lost lease 2 of web, and took the group again by lease 3: no majority renewed lease 2 of web in time',
      pastMs: 40_000,
    },
  ])
})
