import type { Reply } from '@lvsm/kernel'
import { acknowledgement } from '@lvsm/netlink'
import { expect, test } from 'vitest'
import { outcomeOf } from './outcome.ts'

const said = (errno: number): Reply => ({ ...acknowledgement(errno), answered: true, data: [] })
const lost = (errno: number): Reply => ({ ...acknowledgement(errno), answered: false, data: [] })

test.each([
  ['nothing asked', [], [], 'done', ''],
  ['all done', [said(0), said(0)], [], 'done', ''],
  ['one refused', [said(0), said(16), said(1)], [], 'refused', acknowledgement(16).message],
  ['one lost', [said(0), lost(110)], [], 'unknown', acknowledgement(110).message],
  ['one refused, a later one lost', [said(16), lost(105)], [], 'unknown', acknowledgement(105).message],
  ['one as good as done', [said(99), said(19)], [99, 19], 'done', ''],
  ['one as good as done, another refused', [said(99), said(16)], [99], 'refused', acknowledgement(16).message],
  ['one as good as done, another lost', [said(99), lost(105)], [99], 'unknown', acknowledgement(105).message],
] as const)('%s', (_, replies, forgiven, result, error) => {
  expect(outcomeOf(replies, forgiven)).toEqual({ result, error })
})

test('an answer that got lost is not forgiven for its number', () => {
  expect(outcomeOf([lost(99)], [99]).result).toBe('unknown')
})
