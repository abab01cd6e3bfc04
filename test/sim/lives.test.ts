import { expect, test } from 'vitest'
import { liveAtTheBound } from './bound.ts'
import { HONEST } from './cluster.ts'
import { live } from './life.ts'

const SEEDS = 200

test(`${SEEDS} lives keep the laws and settle`, { timeout: 60_000 }, () => {
  let asked = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { failure, asked: times, history } = live(seed)
    if (failure) expect.fail(`seed ${seed}: ${failure}\n${history.slice(-30).join('\n')}`)
    asked += times
  }
  expect(asked, 'the laws were put to the question').toBeGreaterThan(SEEDS * 50)
})

test('the same seed is the same life', () => {
  expect(live(42).history).toEqual(live(42).history)
})

test('drift at its bound is no harm', () => {
  for (let seed = 1; seed <= 10; seed++) expect(liveAtTheBound(seed, HONEST)).toBeNull()
})
