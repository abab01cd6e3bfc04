/** A slice of what `npm run soak` lives for longer. */
import { expect, test } from 'vitest'
import { live, type Outcome } from './life.ts'
import { BEYOND } from './plots/drift.ts'
import { CHANCE, STORIES } from './repertoire.ts'

const SEEDS = 100
const STORY_SEEDS = 2
/** Lives of both cores cost the most. */
const WHOLE_SEEDS = 1

function demand({ failure, why }: Outcome): void {
  if (failure !== null) expect.fail(why)
}

test(`${SEEDS} chance lives keep the laws and settle`, { timeout: 60_000 }, () => {
  let asked = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = live(CHANCE, seed)
    demand(outcome)
    asked += outcome.asked
  }
  expect(asked, 'the laws were put to the question').toBeGreaterThan(SEEDS * 50)
})

test.each(STORIES)('$name', { timeout: 60_000 }, (plot) => {
  const seeds = plot.name.startsWith('whole') ? WHOLE_SEEDS : STORY_SEEDS
  for (let seed = 1; seed <= seeds; seed++) demand(live(plot, seed))
})

test('forty groups, a kernel that lost its tables and a process that is held up: it hears of the world all the same', () =>
  demand(live(CHANCE, 1_030_004_696)))

test('the same seed is the same life', () => {
  expect(live(CHANCE, 42).history).toEqual(live(CHANCE, 42).history)
})

test('far enough beyond the bound of drift there are two owners: the bound means something', () => {
  const outcomes = Array.from({ length: 10 }, (_, seed) => live(BEYOND, seed + 1))
  expect(outcomes.some(({ kind }) => kind === 'safety')).toBe(true)
})

test('a life that fails tells why on one screen', () => {
  const failed = Array.from({ length: 10 }, (_, seed) => live(BEYOND, seed + 1)).find(({ failure }) => failure)
  const lines = failed?.why.split('\n') ?? []
  expect(lines.length).toBeLessThan(60)
  for (const word of ['voters', 'clocks', 'nodes', 'votes', 'fence', 'last events', 'replay'])
    expect(failed?.why).toContain(word)
})
