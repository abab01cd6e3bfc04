import { seededRandom } from '@lvsm/base'
import { expect, test } from 'vitest'
import { rehearse } from './rehearsal.ts'

test.each([1, 2, 3])('a rehearsal is played to its end: won, taken over, handed over (seed %i)', (seed) => {
  expect(rehearse(seededRandom(seed))).toBe(3)
})
