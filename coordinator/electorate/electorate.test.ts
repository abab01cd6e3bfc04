import { instant } from '@lvsm/base'
import { describe, expect, it, test } from 'vitest'
import { type Electorate, isSettled, nextVoter, settlesAt, UNSEEN, watch } from './electorate.ts'

const at = (seconds: number) => instant(seconds * 1000)
const adopted = (...all: [string, number][]) => new Map(all)
const three: Electorate = { epoch: 3, voters: ['dir1', 'dir2', 'rs1'], before: ['dir1', 'dir2'] }
/** A second after the longest lease. */
const LONG = 32

describe('the next set', () => {
  it('waits for a majority of the voters before, and then for the longest lease', () => {
    let seen = watch(UNSEEN, three, adopted(['dir1', 3], ['rs1', 3]), at(0))
    // One of two is none.
    expect([isSettled(seen, three, at(LONG)), settlesAt(seen, three)]).toEqual([false, null])
    seen = watch(seen, three, adopted(['dir1', 3], ['dir2', 2]), at(LONG))
    expect(isSettled(seen, three, at(2 * LONG))).toBe(false)
    seen = watch(seen, three, adopted(['dir1', 3], ['dir2', 4]), at(2 * LONG))
    expect(isSettled(seen, three, at(2 * LONG + 30))).toBe(false)
    expect(isSettled(seen, three, at(3 * LONG))).toBe(true)
    expect(settlesAt(seen, three)).toBeGreaterThan(at(2 * LONG + 30))
  })
  it('counts what was reported once, whoever falls silent: disks do not go back', () => {
    const seen = watch(UNSEEN, three, adopted(['dir1', 3], ['dir2', 3]), at(0))
    const later = watch(seen, three, adopted(), at(10))
    expect(later.since).toBe(at(0))
    expect(isSettled(later, three, at(LONG))).toBe(true)
  })
  it('waits anew after each epoch, and at each leader', () => {
    const all = adopted(['dir1', 4], ['dir2', 4], ['rs1', 4])
    const seen = watch(UNSEEN, three, all, at(0))
    const four: Electorate = { epoch: 4, voters: ['dir1', 'dir2', 'rs1', 'rs2'], before: three.voters }
    expect(isSettled(seen, four, at(LONG))).toBe(false)
    const next = watch(seen, four, all, at(LONG))
    expect(next).toEqual({ epoch: 4, since: at(LONG) })
    expect(isSettled(next, four, at(LONG + 1))).toBe(false)
    expect(watch(UNSEEN, three, all, at(99)).since).toBe(at(99))
  })
  it('of a cluster that begins waits for nobody', () => {
    const first: Electorate = { epoch: 1, voters: ['dir1'], before: [] }
    const seen = watch(UNSEEN, first, adopted(), at(5))
    expect([isSettled(seen, first, at(5)), settlesAt(seen, first)]).toEqual([true, at(5)])
    expect(isSettled(UNSEEN, first, at(5))).toBe(false)
  })
})

test.each<[string, string[], string[], string[], string | null]>([
  ['one stays alone with one other', ['dir1'], ['dir1', 'dir2'], ['dir1', 'dir2'], null],
  ['one grows when two others are there', ['dir1'], ['dir1', 'dir2', 'rs1'], ['dir1', 'dir2', 'rs1'], 'dir2'],
  ['one that does not report is none', ['dir1'], ['dir1', 'dir2', 'rs1'], ['dir1', 'rs1'], null],
  ['one that is behind is none', ['dir1'], ['dir1', 'dir2', 'rs1'], ['dir1', 'rs1', '-dir2'], null],
  ['two become three', ['dir1', 'dir2'], ['dir1', 'dir2', 'rs1'], ['dir1', 'dir2', 'rs1'], 'rs1'],
  ['two stay where nobody is there', ['dir1', 'dir2'], ['dir1', 'dir2'], ['dir1', 'dir2'], null],
  ['three stay', ['dir1', 'dir2', 'rs1'], ['dir1', 'rs2', 'rs3'], ['dir1', 'rs2', 'rs3'], null],
])('%s', (_, voters, candidates, reporting, next) => {
  const electorate: Electorate = { epoch: 7, voters, before: [] }
  expect(
    nextVoter(
      electorate,
      candidates,
      new Map(reporting.map((name) => (name.startsWith('-') ? [name.slice(1), 6] : [name, 7]))),
      3,
    ),
  ).toBe(next)
})
