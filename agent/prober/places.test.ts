import { expect, it } from 'vitest'
import { type Place, Places } from './places.ts'

function table() {
  const places = new Places({ most: 4, mostOfOne: 3, mostWaiting: 10 })
  const begun: string[] = []
  const take = (owner: string, name: string): Place | null => places.take(owner, () => void begun.push(name))
  return { begun, take }
}

it('nobody alone has all places, and the next one is of who has the fewest', () => {
  const { begun, take } = table()
  const own = ['a1', 'a2', 'a3', 'a4', 'a5'].map((name) => take('a', name))
  expect(begun).toEqual(['a1', 'a2', 'a3'])
  take('b', 'b1')
  take('b', 'b2')
  take('c', 'c1')
  expect(begun).toEqual(['a1', 'a2', 'a3', 'b1'])
  own[0]?.leave()
  expect(begun.at(-1), 'c has none').toBe('c1')
  own[1]?.leave()
  expect(begun.at(-1), 'a and b have one each, and a waits longer').toBe('a4')
  own[3]?.leave()
  own[2]?.leave()
  expect(begun.slice(-2)).toEqual(['a5', 'b2'])
})

it('who gives up waiting begins never, and a place is given back once', () => {
  const { begun, take } = table()
  const own = ['a1', 'a2', 'a3', 'a4', 'a5'].map((name) => take('a', name))
  expect(own.map((place) => place?.waits())).toEqual([false, false, false, true, true])
  own[3]?.leave()
  own[0]?.leave()
  own[0]?.leave()
  expect(begun).toEqual(['a1', 'a2', 'a3', 'a5'])
})

it('waiting is bounded', () => {
  const { take } = table()
  for (let at = 0; at < 13; at++) expect(take('a', String(at))).not.toBeNull()
  expect(take('a', 'one more')).toBeNull()
  expect(take('b', 'of another')?.waits()).toBe(false)
})
