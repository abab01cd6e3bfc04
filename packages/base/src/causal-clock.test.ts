import { expect, test } from 'vitest'
import { CausalClock, LISTENS_MS } from './causal-clock.ts'
import { after, instant } from './time.ts'

const WALL = Date.UTC(2026, 10, 27)
const DAY_MS = 86_400_000
const START = instant(5000)
const at = (ms: number) => after(START, ms)

test('an event is later than those before it, and goes on with time, not with the wall clock', () => {
  const clock = new CausalClock(null, START, WALL)
  expect(clock.stamp(START)).toBe(WALL * 1000)
  expect(clock.stamp(START)).toBe(WALL * 1000 + 1)
  expect(clock.stamp(at(-500))).toBe(WALL * 1000 + 2)
  expect(clock.stamp(at(10))).toBe((WALL + 10) * 1000)
  expect(clock.read(at(20))).toBe((WALL + 20) * 1000)
})

test('what was caused is later than its cause, however the wall clocks stand', () => {
  const [one, other] = [new CausalClock(null, START, WALL), new CausalClock(null, START, WALL + DAY_MS)]
  const later = at(LISTENS_MS)
  expect([one.isSettled(later), other.isSettled(later)]).toEqual([true, true])
  const cause = other.stamp(later)
  expect(one.heard(other.read(later), later)).toBe(true)
  expect(one.stamp(later)).toBeGreaterThan(cause)
})

test('who has just started listens, and drags nobody along; alone it believes its wall clock', () => {
  const clock = new CausalClock(null, START, WALL + DAY_MS)
  expect(clock.isSettled(at(LISTENS_MS - 1))).toBe(false)
  clock.heard(WALL * 1000, at(LISTENS_MS - 1))
  expect(clock.isSettled(at(LISTENS_MS - 1))).toBe(true)
  expect(clock.read(at(LISTENS_MS))).toBeLessThan((WALL + 2) * 1000)
  const alone = new CausalClock(null, START, WALL + DAY_MS)
  expect(alone.isSettled(at(LISTENS_MS))).toBe(true)
  expect(alone.read(at(LISTENS_MS))).toBe((WALL + DAY_MS + LISTENS_MS) * 1000)
})

test('after a restart it goes on after what it knew, even with a wall clock that was set back, or others that know less', () => {
  const kept = { time: WALL * 1000, wallMs: WALL }
  expect(new CausalClock(kept, START, WALL + 60_000).read(START)).toBe((WALL + 60_000) * 1000)
  expect(new CausalClock(kept, START, WALL - DAY_MS).read(START)).toBe(WALL * 1000)
  const clock = new CausalClock(kept, START, WALL)
  clock.heard((WALL - DAY_MS) * 1000, START)
  expect(clock.stamp(START)).toBeGreaterThan(kept.time)
})

test('a restart knows nothing of a guess', () => {
  const clock = new CausalClock({ time: WALL * 1000, wallMs: WALL }, START, WALL + DAY_MS)
  expect(clock.kept(START)).toBe(WALL * 1000)
  expect(clock.kept(at(LISTENS_MS))).toBe(clock.read(at(LISTENS_MS)))
})

test('who speaks again and again moves nobody on', () => {
  const [one, other] = [new CausalClock(null, START, WALL), new CausalClock(null, START, WALL)]
  for (let round = 0; round < 1000; round++) {
    one.heard(other.read(at(LISTENS_MS)), at(LISTENS_MS))
    other.heard(one.read(at(LISTENS_MS)), at(LISTENS_MS))
  }
  expect(one.read(at(LISTENS_MS)) - (WALL + LISTENS_MS) * 1000).toBeLessThan(3000)
})

test('nobody is led to the end of the numbers', () => {
  const clock = new CausalClock(null, START, WALL)
  expect(clock.heard(Number.MAX_SAFE_INTEGER, START)).toBe(false)
  expect(clock.isSettled(START)).toBe(false)
  // As far as a number may be at all it is followed in one step, and from there in short ones.
  const [far, step] = [Date.UTC(2100, 0, 1) * 1000, 10_000_000]
  expect(clock.heard(far, START)).toBe(true)
  expect(clock.heard(far + step + 2, START)).toBe(false)
  expect(clock.heard(far + step, START)).toBe(true)
  const before = clock.stamp(START)
  expect(clock.stamp(START)).toBe(before + 1)
})
