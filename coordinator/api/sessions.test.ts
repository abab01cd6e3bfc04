import { expect, it } from 'vitest'
import { SESSION, Sessions } from './sessions.ts'

const ALICE = { user: 'alice', mark: 'm' }

it('a session ends when nobody asks for it, and at its end whoever asks', () => {
  const sessions = new Sessions()
  sessions.open('a', ALICE, 0)
  expect(sessions.find('a', SESSION.idleMs - 1)).toMatchObject(ALICE)
  // No sign of life.
  expect(sessions.isOpen('a', SESSION.idleMs + 1)).toBe(true)
  expect(sessions.find('a', 2 * SESSION.idleMs - 2)).not.toBeNull()
  expect([sessions.isOpen('a', 3 * SESSION.idleMs - 3), sessions.isOpen('a', 3 * SESSION.idleMs - 2)]).toEqual([
    true,
    false,
  ])
  expect(sessions.find('a', 3 * SESSION.idleMs - 2)).toBeNull()
  sessions.open('b', ALICE, 0)
  for (let now = 0; now < SESSION.wholeMs; now += SESSION.idleMs - 1) expect(sessions.find('b', now)).not.toBeNull()
  expect(sessions.find('b', SESSION.wholeMs)).toBeNull()
})

it('a session that was closed is none, and neither is one that never was', () => {
  const sessions = new Sessions()
  sessions.open('a', ALICE, 0)
  sessions.close('a')
  expect([sessions.find('a', 1), sessions.find('', 1)]).toEqual([null, null])
})

it('of one user, and of all, the oldest go', () => {
  const sessions = new Sessions()
  sessions.open('bob', { user: 'bob', mark: '' }, 0)
  for (let at = 0; at < 30; at++) sessions.open(`a${at}`, ALICE, 0)
  const left = Array.from({ length: 30 }, (_, at) => sessions.find(`a${at}`, 1) !== null)
  expect(left.filter(Boolean)).toHaveLength(20)
  expect(left.slice(10)).toEqual(Array(20).fill(true))
  expect(sessions.find('bob', 1)).not.toBeNull()
  for (let at = 0; at < 1500; at++) sessions.open(`u${at}`, { user: `u${at}`, mark: '' }, 0)
  expect([sessions.find('bob', 1), sessions.find('u499', 1)]).toEqual([null, null])
  expect(sessions.find('u500', 1)).not.toBeNull()
})
