import { expect, test } from 'vitest'
import { createHistory } from './history.ts'

test('two things that happened to a group at one moment are two events; the same one heard twice is one', () => {
  const history = createHistory()
  const repaired = { at: '2026-01-01T00:00:00.000Z', node: 'dir1', group: 'web', kind: 'repaired', number: 0 }
  const [alias, route] = [
    { ...repaired, reason: 'the alias' },
    { ...repaired, reason: 'the route' },
  ]
  expect([alias, route, alias].map((event) => history.add(event))).toEqual([true, true, false])
  expect(history.all()).toEqual([alias, route])
})
