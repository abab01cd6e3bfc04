import { expect, test } from 'vitest'
import { barOf, byItsWord } from './taking.ts'

test.each([
  ['dead, and the reason of that', 'dead', true, 'silent for 4 s'],
  ['late', 'late', false, 'silent for 4 s'],
  ['under maintenance', 'standby', true, 'under maintenance; lvsm standby off dir2 ends it'],
  ['nothing', 'standby', false, null],
  ['nothing that is known', 'unknown', false, null],
] as const)('what keeps a director from a group: %s', (_, state, standby, bar) => {
  expect(barOf({ name: 'dir2', state, standby, reason: 'silent for 4 s' })).toBe(bar)
})

test('its own word says whether it could, and silence says neither', () => {
  expect(byItsWord('')).toEqual({ could: true, reason: '' })
  expect(byItsWord('no IPVS')).toEqual({ could: false, reason: 'no IPVS' })
  expect(byItsWord(null)).toEqual({ could: null, reason: 'its agent did not say' })
  expect(byItsWord(null, 'not heard of yet')).toEqual({ could: null, reason: 'not heard of yet' })
})
