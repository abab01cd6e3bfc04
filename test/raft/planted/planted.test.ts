/** The simulation is tested too: each planted mistake must be noticed. */
import { expect, test } from 'vitest'
import { live } from '../life.ts'
import { MISTAKES } from './mistakes.ts'

const SEEDS = 300

test.each(MISTAKES)('$name ($against)', { timeout: 180_000 }, ({ plant, plot }) => {
  for (let seed = 1; seed <= SEEDS; seed++) if (live(seed, plant, plot).kind !== 'passed') return
  expect.fail(`not caught in ${SEEDS} lives`)
})
