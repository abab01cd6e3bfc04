/** A node whose state is lost says so, until its voter answers again. */
import { instant, LONGEST_LEASE_MS, quarantineMs, seededRandom } from '@lvsm/base'
import { LOST_STATE, NEW_STATE } from '@lvsm/lease'
import { expect, test } from 'vitest'
import { createLeaseCore } from './core.ts'
import { view } from './fixture.ts'

const silenceMs = quarantineMs(LONGEST_LEASE_MS)
function start(node: string, kept: boolean, answers = true) {
  const state = kept ? NEW_STATE : LOST_STATE
  const options = { node, incarnation: 'one', random: seededRandom(1), startedAt: instant(0), state, kept }
  const core = createLeaseCore(options)
  core.step({ kind: 'view', view: { ...view, node } }, instant(0))
  if (answers) core.step({ kind: 'persisted', ok: true, error: '' }, instant(0))
  return (ms: number) => {
    core.step({ kind: 'wake' }, instant(ms))
    // What these steps leave out looks like a long sleep.
    return core.status(instant(ms)).troubles.filter(({ code }) => code !== 'late')
  }
}

test('a voter without its state names the time that is left, and is done when it votes', () => {
  const troubles = start('dir1', false)
  expect(troubles(0)).toMatchObject([{ code: 'state-lost', severity: 'warning', leftMs: Math.ceil(silenceMs) }])
  expect(troubles(10_000)).toMatchObject([{ code: 'state-lost', leftMs: Math.ceil(silenceMs - 10_000) }])
  expect(troubles(silenceMs)).toEqual([])
})

test('a voter that was set up has nothing to complain of, nor has a node that does not vote', () => {
  expect(start('dir1', true)(0)).toEqual([])
  expect(start('rs1', false)(0)).toEqual([])
})

test.each([
  ['a new voter', true, 'until then this voter lends nothing, and the other voters are all needed'],
  [
    'a voter that has lent before',
    false,
    'failover goes on, but a longer lease duration, other voters and standby wait for it',
  ],
])('%s whose disk hangs says so after five seconds', (_, kept, hint) => {
  const troubles = start('dir1', kept, false)
  const notKept = (ms: number) => troubles(ms).filter(({ code }) => code === 'state-not-kept')
  expect(notKept(4900)).toEqual([])
  expect(notKept(61_000)).toMatchObject([
    {
      severity: 'critical',
      message: expect.stringContaining('has not answered for 61 s'),
      hint: expect.stringContaining(hint),
    },
  ])
})
