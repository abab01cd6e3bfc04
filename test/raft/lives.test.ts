/** A slice of what `npm run soak` lives for longer. */
import { expect, test } from 'vitest'
import { faultOf, type Operation } from './linear.ts'
import { live } from './life.ts'
import { HONEST } from './plant.ts'
import { PLOTS } from './plots.ts'

/** Of all plots together. */
const SEEDS = 500

/** What must have come up, or the lives asked nothing. */
const EXPECTED = [
  'elected',
  'truncated',
  'compacted',
  'snapshot installed',
  'full-disk',
  'expelled: removed',
  'expelled: wiped',
  'outcome unknown',
  'transfer leadership-over',
  'transfer timed-out',
  'change done: add',
  'change done: promote',
  'change done: demote',
  'change done: remove',
  'change refused: change-under-way',
  'change refused: not-settled',
  'change refused: no-majority',
  'change refused: not-caught-up',
]

test(`${SEEDS} lives keep the laws, settle, and are linearizable`, { timeout: 180_000 }, () => {
  const tally = new Map<string, number>()
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = live(seed, HONEST, PLOTS[seed % PLOTS.length])
    if (outcome.failure !== null) expect.fail(outcome.why)
    for (const [what, times] of outcome.tally) tally.set(what, (tally.get(what) ?? 0) + times)
  }
  expect(tally.get('done in trouble'), 'operations that succeeded while things went wrong').toBeGreaterThan(SEEDS * 50)
  expect(EXPECTED.filter((what) => !tally.has(what))).toEqual([])
})

test('the same seed is the same life', () => {
  expect(live(42).lines).toEqual(live(42).lines)
})

test('a life in which nobody does anything fails', () => {
  const mute = live(1, { input: () => null })
  expect(mute.kind).toBe('liveness')
  expect(mute.failure).toBe('nobody leads')
})

const saw = (
  id: string,
  invokedAt: number,
  returnedAt: number,
  revision: number,
  value: string,
  wrote = false,
): Operation => ({
  id,
  kind: wrote ? 'write' : 'read',
  invokedAt,
  returnedAt,
  outcome: { kind: 'saw', revision, value, wrote },
})
const write = (id: string, invokedAt: number, returnedAt: number, revision: number): Operation =>
  saw(id, invokedAt, returnedAt, revision, id, true)

test.each<[string, Operation[]]>([
  ['a stale read', [write('a', 0, 1, 1), write('b', 2, 3, 2), saw('r', 4, 5, 1, 'a')]],
  ['a read that goes back', [write('a', 0, 1, 1), write('b', 2, 9, 2), saw('r', 3, 4, 2, 'b'), saw('q', 5, 6, 1, 'a')]],
  ['a lost write', [write('a', 0, 1, 1), write('b', 2, 3, 1)]],
  ['two values of one revision', [write('a', 0, 9, 1), saw('r', 1, 2, 1, 'z')]],
  ['a value from nowhere', [saw('r', 1, 2, 1, 'z')]],
  ['a value before its time', [saw('r', 1, 2, 1, 'a'), write('a', 3, 4, 1)]],
  ['a refused write', [{ ...write('a', 0, 1, 1), outcome: { kind: 'refused' } }, saw('r', 2, 3, 1, 'a')]],
])('the checker sees %s', (_what, history) => {
  expect(faultOf(history)).not.toBeNull()
})

test('the checker lets through what agrees with some order', () => {
  const unknown: Operation = { ...write('u', 0, Number.POSITIVE_INFINITY, 0), outcome: null }
  const history = [unknown, write('a', 0, 5, 1), saw('r', 1, 2, 1, 'a'), saw('q', 1, 4, 0, ''), saw('s', 6, 7, 2, 'u')]
  expect(faultOf(history)).toBeNull()
})
