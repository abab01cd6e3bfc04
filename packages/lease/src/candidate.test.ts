import { type Busy, type BusyReason, type Free } from '@lvsm/protocol'
import { instant, NEVER_BEFORE, seededRandom } from '@lvsm/base'
import { describe, expect, test } from 'vitest'
import { Candidate, leadMs, type Situation, stepMs } from './candidate.ts'

const timing = { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
const here: Situation = {
  eligible: true,
  rank: 0,
  renewedUntil: NEVER_BEFORE,
  timing,
  voters: ['a', 'b', 'c'],
  needed: 2,
  numbersFrom: 0,
}
const at = (ms: number) => instant(1000 + ms)
const about = { group: 'web', digest: 'A', epoch: 1 }
const echo = (sequence: number) => ({ incarnation: 'me', sequence })
const free = (sequence: number, highWater = 0): Free => ({ kind: 'free', ...about, echo: echo(sequence), highWater })
const busy = (sequence: number, leftMs: number, reason: BusyReason = 'held', highWater = 3): Busy => ({
  kind: 'busy',
  ...about,
  echo: echo(sequence),
  reason,
  leftMs,
  highWater,
})

function polled(): Candidate {
  const candidate = new Candidate(seededRandom(1))
  candidate.polled(timing, at(0))
  return candidate
}

describe('when to ask', () => {
  test('polls first, and each keepalive', () => {
    expect(new Candidate(seededRandom(1)).plan(here, at(0))).toMatchObject({ move: 'poll' })
    expect(polled().plan(here, at(1))).toEqual({ move: 'poll', at: at(100) })
  })
  test('a head start before a majority is free, a step later for each rank', () => {
    const candidate = polled()
    candidate.heard('a', free(1), here, at(1))
    expect(candidate.plan(here, at(2))?.move).toBe('poll')
    candidate.heard('b', free(1), here, at(2))
    expect(candidate.plan(here, at(3))).toEqual({ move: 'ask', at: at(2 - leadMs(timing)) })
    expect(candidate.plan({ ...here, rank: 1 }, at(3))).toEqual({
      move: 'ask',
      at: at(2 - leadMs(timing) + stepMs(timing)),
    })
  })
  test('so that the question is there when the last grant of a majority runs out', () => {
    const candidate = polled()
    candidate.heard('a', busy(1, 50), here, at(1))
    candidate.heard('b', busy(1, 60), here, at(1))
    const plan = candidate.plan(here, at(2))
    expect(plan?.move).toBe('ask')
    expect((plan?.at ?? 0) + leadMs(timing) - at(61)).toBeLessThan(2)
  })
  test('not while the holder renews, whatever the voters said before; a named successor asks all the same', () => {
    const candidate = polled()
    candidate.heard('a', busy(1, 50), here, at(1))
    candidate.heard('b', busy(1, 60), here, at(1))
    const renewed = { ...here, renewedUntil: at(250) }
    expect(candidate.plan(renewed, at(70))).toEqual({ move: 'poll', at: at(250) })
    expect(candidate.plan({ ...here, renewedUntil: at(40) }, at(70))?.move).toBe('ask')
    candidate.named(timing, at(80))
    expect(candidate.plan(renewed, at(80))).toEqual({ move: 'ask', at: at(80) })
  })
  test('old words do not count, and an older answer does not replace a newer one', () => {
    const candidate = polled()
    candidate.heard('a', busy(7, 300), here, at(1))
    candidate.heard('b', busy(7, 300), here, at(1))
    candidate.heard('a', free(6), here, at(2))
    candidate.heard('b', free(6), here, at(2))
    expect(candidate.plan(here, at(3))?.move).toBe('poll')
    expect(candidate.plan(here, at(500)), 'stale').toMatchObject({ move: 'poll' })
  })
  test('polls again at once when something changed hands', () => {
    const candidate = polled()
    candidate.pollSoon()
    expect(candidate.plan(here, at(1))?.at).toBeLessThanOrEqual(at(1))
  })
  test('a poll right before the question would only hold it up', () => {
    const candidate = polled()
    candidate.heard('a', busy(1, 200), here, at(1))
    candidate.heard('b', busy(1, 200), here, at(1))
    const asks = (at(201) - leadMs(timing)) as number
    expect(candidate.plan(here, at(2))).toEqual({ move: 'poll', at: at(100) })
    candidate.polled(timing, at(80))
    expect(candidate.plan(here, at(90)), 'the next poll would be at 180').toMatchObject({ move: 'ask' })
    expect(candidate.plan(here, at(90))?.at).toBeGreaterThan(asks)
  })
  test('a named successor asks out of turn for one lease only', () => {
    const candidate = polled()
    candidate.named(timing, at(0))
    expect(candidate.plan(here, at(timing.leaseMs - 1))).toEqual({ move: 'ask', at: at(timing.leaseMs - 1) })
    expect(candidate.plan(here, at(timing.leaseMs))?.move).toBe('poll')
  })
  test('not at all when it is not eligible', () => {
    expect(polled().plan({ ...here, eligible: false }, at(500))).toBeNull()
  })
})

describe('an attempt', () => {
  const asking = (): Candidate => {
    const candidate = polled()
    candidate.heard('a', free(1, 3), here, at(1))
    candidate.heard('b', free(1, 5), here, at(1))
    return candidate
  }
  test('has a number above all others, is sent twice, and is withdrawn', () => {
    const candidate = asking()
    expect(candidate.asks(2, here, at(1))).toBe(6)
    expect(candidate.plan(here, at(2))).toEqual({ move: 'ask', at: at(26) })
    expect(candidate.asks(3, here, at(26))).toBe(6)
    expect(candidate.plan(here, at(27))).toEqual({ move: 'withdraw', at: at(51) })
  })
  test('is withdrawn as soon as no majority is left, then backs off', () => {
    const candidate = asking()
    candidate.asks(2, here, at(1))
    candidate.heard('b', busy(2, 300), here, at(2))
    candidate.heard('c', busy(2, 300), here, at(2))
    expect(candidate.plan(here, at(2))).toEqual({ move: 'withdraw', at: at(2) })
    candidate.withdrew(timing, at(2))
    expect(candidate.plan(here, at(2))?.at).toBeGreaterThan(at(2))
  })
  test('goes on with a higher number when a voter knows one', () => {
    const candidate = asking()
    candidate.asks(2, here, at(1))
    candidate.heard('c', busy(2, 0, 'number', 40), here, at(2))
    expect(candidate.plan(here, at(2))).toEqual({ move: 'ask', at: at(2) })
    expect(candidate.asks(3, here, at(2))).toBe(41)
  })
  test('and when a voter granted that very number to somebody else', () => {
    const candidate = asking()
    expect(candidate.asks(2, here, at(1))).toBe(6)
    candidate.heard('c', busy(2, 0, 'number', 6), here, at(2))
    expect(candidate.plan(here, at(2))).toEqual({ move: 'ask', at: at(2) })
    expect(candidate.asks(3, here, at(2))).toBe(7)
  })
  test('a number that is out of reach is no reason to ask again and again', () => {
    const candidate = asking()
    candidate.asks(2, here, at(1))
    candidate.heard('c', busy(2, 0, 'number', 2 ** 52), here, at(2))
    expect(candidate.plan(here, at(2))).toEqual({ move: 'ask', at: at(26) })
    candidate.heard('b', busy(2, 300), here, at(3))
    expect(candidate.plan(here, at(3)), 'two refusals: no majority is left').toEqual({ move: 'withdraw', at: at(3) })
  })
  test('answers to sends before it are not about it', () => {
    const candidate = asking()
    candidate.asks(5, here, at(1))
    candidate.heard('b', busy(4, 300), here, at(2))
    candidate.heard('c', busy(4, 300), here, at(2))
    expect(candidate.plan(here, at(2))).toEqual({ move: 'ask', at: at(26) })
  })
  test('refused twice by the same voter, the others may still make a majority', () => {
    const candidate = asking()
    candidate.asks(2, here, at(1))
    candidate.heard('b', busy(2, 300), here, at(2))
    candidate.heard('b', busy(2, 300), here, at(3))
    expect(candidate.plan(here, at(3))?.move).toBe('ask')
  })
  test('ends at once when the node may not take the group any more', () => {
    const candidate = asking()
    candidate.asks(2, here, at(1))
    expect(candidate.plan({ ...here, eligible: false }, at(2))).toEqual({ move: 'withdraw', at: at(2) })
  })
  test('an answer that another voter has a lower number changes nothing', () => {
    const candidate = asking()
    candidate.asks(2, here, at(1))
    candidate.heard('c', busy(2, 0, 'number', 5), here, at(2))
    expect(candidate.asks(3, here, at(26))).toBe(6)
  })
  test('won, it is over', () => {
    const candidate = asking()
    candidate.asks(2, here, at(1))
    expect(candidate.asking).toBe(true)
    candidate.won()
    expect(candidate.asking).toBe(false)
  })
  test('backs off for a time that rivals do not share, and looks again before', () => {
    const ends = new Set(
      Array.from({ length: 20 }, (_, seed) => {
        const candidate = new Candidate(seededRandom(seed))
        candidate.withdrew(timing, at(0))
        expect(candidate.plan(here, at(0))).toEqual({ move: 'poll', at: at(stepMs(timing) / 2) })
        candidate.polled(timing, at(1))
        for (const voter of ['a', 'b']) candidate.heard(voter, free(9), here, at(1))
        const plan = candidate.plan(here, at(2))
        expect(plan?.move).toBe('ask')
        expect(plan?.at).toBeGreaterThanOrEqual(at(stepMs(timing) / 2))
        expect(plan?.at).toBeLessThanOrEqual(at(3 * stepMs(timing)))
        return plan?.at
      }),
    )
    expect(ends.size).toBeGreaterThan(15)
  })
  test('a named successor asks at once, also when its last poll was long ago', () => {
    const candidate = polled()
    candidate.named(timing, at(500))
    expect(candidate.plan(here, at(500))).toEqual({ move: 'ask', at: at(500) })
  })
  test('a named successor that was asking already asks anew at once, and as a successor', () => {
    const candidate = asking()
    candidate.asks(2, here, at(1))
    candidate.named(timing, at(5))
    expect(candidate.plan(here, at(5))).toEqual({ move: 'ask', at: at(5) })
    candidate.asks(3, here, at(5))
    for (const voter of here.voters) candidate.heard(voter, busy(3, 200), here, at(6))
    expect(candidate.plan(here, at(6))).toEqual({ move: 'ask', at: at(5 + timing.keepaliveMs / 8) })
  })
  test('a named successor that gave up is named no more', () => {
    const candidate = polled()
    candidate.named(timing, at(0))
    candidate.asks(2, here, at(0))
    expect(candidate.plan({ ...here, eligible: false }, at(1))?.move).toBe('withdraw')
    candidate.withdrew(timing, at(1))
    expect(candidate.plan(here, at(2))?.move).toBe('poll')
  })
  test('a named successor asks at once, again and again while the votes are kept for it', () => {
    const candidate = polled()
    candidate.named(timing, at(5))
    expect(candidate.plan(here, at(5))).toEqual({ move: 'ask', at: at(5) })
    candidate.asks(2, here, at(5))
    for (const voter of here.voters) candidate.heard(voter, busy(2, 200), here, at(6))
    expect(candidate.plan(here, at(6))).toEqual({ move: 'ask', at: at(5 + timing.keepaliveMs / 8) })
    expect(candidate.plan(here, at(355))?.move).toBe('withdraw')
  })
})
