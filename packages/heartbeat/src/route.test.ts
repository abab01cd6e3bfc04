import { describe, expect, test } from 'vitest'
import { linksFor, type Route } from './route.ts'

const route = (changed: Partial<Route>): Route => ({
  spread: 'one',
  heardOn: null,
  heartbeat: false,
  turn: 0,
  ...changed,
})

describe('over which links', () => {
  test('after a silence, all', () =>
    expect(linksFor([0, 2, 3], route({ spread: 'all', heardOn: 2 }))).toEqual([0, 2, 3]))
  test('first, the one by which the peer was heard', () => expect(linksFor([0, 2], route({ heardOn: 2 }))).toEqual([2]))
  test('which must work, and be shared', () => expect(linksFor([0, 2], route({ heardOn: 1, turn: 0 }))).toEqual([0]))
  test('a peer that was not heard yet is looked for by turns', () => {
    expect([0, 1, 2, 3].flatMap((turn) => linksFor([4, 5, 6], route({ turn })))).toEqual([4, 5, 6, 4])
  })
  test('heartbeats take turns, wherever the peer was heard', () => {
    expect([7, 8].flatMap((turn) => linksFor([0, 1], route({ heartbeat: true, heardOn: 0, turn })))).toEqual([1, 0])
  })
  test('none, where none is shared', () => {
    expect(linksFor([], route({}))).toEqual([])
    expect(linksFor([3], route({ turn: 5, heardOn: 1 }))).toEqual([3])
  })
})
