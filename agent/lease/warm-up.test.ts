import { seededRandom } from '@lvsm/base'
import { expect, test } from 'vitest'
import { warmUp } from './warm-up.ts'

test.each([1, 2, 3])('a warm-up is played to its end: won, taken over, handed over (seed %i)', (seed) => {
  expect(warmUp(seededRandom(seed))).toBe(3)
})
