/** The simulator is tested too: each planted mistake must be noticed. */
import { expect, test } from 'vitest'
import { liveAtTheBound } from './bound.ts'
import { live } from './life.ts'
import { PLANTED, PLANTED_AT_THE_BOUND } from './planted.ts'

const SEEDS = 300

test.each(Object.entries(PLANTED))('%s is caught', { timeout: 60_000 }, (_name, planted) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    if (live(seed, planted).kind === 'safety') return
  }
  expect.fail(`not caught in ${SEEDS} lives`)
})

test.each(Object.entries(PLANTED_AT_THE_BOUND))('%s is caught at the bound', (_name, planted) => {
  const failures = Array.from({ length: 10 }, (_, index) => liveAtTheBound(index + 1, planted))
  expect(failures.some((failure) => failure?.startsWith('two'))).toBe(true)
})
