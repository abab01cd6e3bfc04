import { expect, test } from 'vitest'
import { listed } from './listed.ts'

test('so many by their names, and how many are left', () => {
  const names = ['a', 'b', 'c', 'd']
  expect([listed([], 2), listed(names.slice(0, 2), 2), listed(names.slice(0, 3), 2), listed(names, 2)]).toEqual([
    ...['', 'a, b', 'a, b and 1 more', 'a, b and 2 more'],
  ])
})
