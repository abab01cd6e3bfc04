import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Claim, judge, silencesOf, unionLength } from './claims.ts'

const measure = { quiet: 250, quantum: 10 }
/** `run('A', 0, 100)`: an answer every 10 ms. */
const run = (owner: string, from: number, to: number): Claim[] =>
  Array.from({ length: Math.floor((to - from) / 10) + 1 }, (_, i) => ({ at: from + 10 * i, owner, kind: 'answer' }))
const twoOwners = (...claims: Claim[][]) => judge(claims.flat(), measure).twoOwnersMs

describe('two owners', () => {
  it('a clean change counts nothing, however fast', () => {
    expect(twoOwners(run('A', 0, 1000), run('B', 1000.01, 2000))).toBe(0)
  })
  it('a silence between the owners is a gap of the change', () => {
    const { changes, twoOwnersMs } = judge([...run('A', 0, 1000), ...run('B', 1330, 2000)], measure)
    expect(changes).toEqual([{ from: 'A', to: 'B', at: 1330, gap: 330 }])
    expect(twoOwnersMs).toBe(0)
  })
  it('there and back by two clean moves counts nothing', () => {
    expect(twoOwners(run('A', 0, 1000), run('B', 1100, 2000), run('A', 2100, 3000))).toBe(0)
  })
  it('an answer of B, then A goes on: at least one interval', () => {
    expect(twoOwners(run('A', 0, 1000), run('B', 505, 505))).toBe(10)
  })
  it('one stale frame of A in the middle of the reign of B', () => {
    expect(twoOwners(run('A', 0, 1000), run('B', 1300, 4000), run('A', 3005, 3005))).toBe(10)
  })
  it('A goes on for a while after B began', () => {
    expect(twoOwners(run('A', 0, 1400), run('B', 1300, 4000))).toBe(100)
  })
  it('both for as long as a partition lasts', () => {
    expect(twoOwners(run('A', 0, 5000), run('B', 1003, 4003))).toBe(3000)
  })
  it('names the frames, because one that was held up on its way is another thing than two who both answer', () => {
    const stale: Claim[] = [{ at: 3005, owner: 'A', kind: 'source' }]
    const { overlaps } = judge([...run('A', 0, 1000), ...run('B', 1300, 4000), ...stale], measure)
    expect(overlaps[0]?.frames.slice(3, 8)).toEqual([
      'B answer -15.00 ms',
      'B answer -5.00 ms',
      'A source 0.00 ms',
      'B answer 5.00 ms',
      'B answer 15.00 ms',
    ])
  })
  it('answers that get lost do not hide it', () => {
    const thin = (claims: Claim[]) => claims.filter((_, i) => i % 7 === 0)
    expect(twoOwners(thin(run('A', 0, 5000)), thin(run('B', 1000, 4000)))).toBeGreaterThan(2900)
  })
  it('announcements and sources count as answers do', () => {
    const stale: Claim[] = [{ at: 2000, owner: 'A', kind: 'source' }]
    expect(twoOwners(run('A', 0, 1000), run('B', 1300, 3000), stale)).toBe(10)
  })
  it('three owners are not counted twice', () => {
    expect(twoOwners(run('A', 0, 1000), run('B', 0, 1000), run('C', 0, 1000))).toBe(1000)
  })
  it('the order of the claims does not matter, and one owner alone counts nothing', () => {
    const claim = fc.record({
      at: fc.integer({ min: 0, max: 5000 }),
      owner: fc.constantFrom('A', 'B'),
      kind: fc.constant('answer' as const),
    })
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 60 }), (claims) => {
        const { twoOwnersMs } = judge(claims, measure)
        expect(judge(claims.toReversed(), measure).twoOwnersMs).toBe(twoOwnersMs)
        expect(
          judge(
            claims.filter(({ owner }) => owner === 'A'),
            measure,
          ).twoOwnersMs,
        ).toBe(0)
      }),
    )
  })
})

describe('lengths', () => {
  it('the union of intervals', () => {
    expect(
      unionLength([
        { from: 5, to: 10 },
        { from: 0, to: 6 },
        { from: 7, to: 8 },
        { from: 20, to: 21 },
      ]),
    ).toBe(11)
  })
  it('silences, with the beginning and the end', () => {
    expect(silencesOf([100, 110, 300], 0, 400, 50)).toEqual([
      { from: 0, ms: 100 },
      { from: 110, ms: 190 },
      { from: 300, ms: 100 },
    ])
  })
})
