/** Who signs as others gets nowhere where keys are pairwise; where one key is shared the same lies are believed, and noticed. */
import { expect, test } from 'vitest'
import { live } from './life.ts'
import { IMPOSTOR, IMPOSTOR_WITH_SHARED_KEY } from './plots/impostor.ts'

const SEEDS = [1, 2, 3, 4]

test.each(SEEDS)('seed %i: nobody believes it', (seed) => {
  const { kind, why } = live(IMPOSTOR, seed)
  expect(why).toBe('')
  expect(kind).toBe('passed')
})

test.each(SEEDS)('seed %i: with the key that all share it is noticed', (seed) => {
  expect(live(IMPOSTOR_WITH_SHARED_KEY, seed).kind).not.toBe('passed')
})
