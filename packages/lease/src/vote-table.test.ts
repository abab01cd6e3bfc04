import { type Busy, type BusyReason, type Free, HIGHEST_NUMBER } from '@lvsm/protocol'
import { DRIFT, instant } from '@lvsm/base'
import { describe, expect, test } from 'vitest'
import { isNext, MOST_AHEAD } from './number.ts'
import { VoteTable } from './vote-table.ts'

const at = (ms: number) => instant(1000 + ms)
const about = { group: 'web', digest: 'A', epoch: 1 }
const echo = (sequence: number) => ({ incarnation: 'me', sequence })
const free = (sequence: number, highWater = 0): Free => ({ kind: 'free', ...about, echo: echo(sequence), highWater })
const busy = (sequence: number, leftMs: number, reason: BusyReason = 'held', highWater = 0): Busy => ({
  kind: 'busy',
  ...about,
  echo: echo(sequence),
  reason,
  leftMs,
  highWater,
})
const voters = ['a', 'b', 'c']
const FRESH_MS = 300

describe('when a majority is free', () => {
  test('nobody knows before a majority was heard', () => {
    const voteTable = new VoteTable()
    voteTable.heard('a', free(1), at(0))
    expect(voteTable.majorityFreeAt(voters, 2, FRESH_MS, at(1))).toBeNull()
    voteTable.heard('b', busy(1, 100), at(0))
    expect(voteTable.majorityFreeAt(voters, 2, FRESH_MS, at(1))).not.toBeNull()
  })
  test('the slowest of the fastest majority counts, by the slowest clock', () => {
    const voteTable = new VoteTable()
    voteTable.heard('a', busy(1, 300), at(0))
    voteTable.heard('b', busy(1, 100), at(0))
    voteTable.heard('c', busy(1, 200), at(0))
    const freeAt = voteTable.majorityFreeAt(voters, 2, FRESH_MS, at(1)) ?? 0
    expect(freeAt).toBeGreaterThanOrEqual(at((200 * (1 + DRIFT)) / (1 - DRIFT)))
    expect(freeAt).toBeLessThan(at(203))
  })
  test('of voters that were named only', () => {
    const voteTable = new VoteTable()
    voteTable.heard('x', free(1), at(0))
    voteTable.heard('a', free(1), at(0))
    expect(voteTable.majorityFreeAt(voters, 2, FRESH_MS, at(1))).toBeNull()
  })
  test('words age', () => {
    const voteTable = new VoteTable()
    for (const voter of voters) voteTable.heard(voter, free(1), at(0))
    expect(voteTable.majorityFreeAt(voters, 2, FRESH_MS, at(FRESH_MS))).not.toBeNull()
    expect(voteTable.majorityFreeAt(voters, 2, FRESH_MS, at(FRESH_MS + 1))).toBeNull()
  })
  test('a voter that stays free is free since it first said so', () => {
    const voteTable = new VoteTable()
    for (const [sequence, ms] of [1, 2, 3].entries()) voteTable.heard('a', free(sequence), at(ms))
    expect(voteTable.majorityFreeAt(['a'], 1, FRESH_MS, at(4))).toBe(at(1))
    voteTable.heard('a', busy(4, 50), at(5))
    voteTable.heard('a', free(5), at(60))
    expect(voteTable.majorityFreeAt(['a'], 1, FRESH_MS, at(61)), 'it was not free in between').toBeGreaterThan(at(54))
  })
  test('once the votes changed hands only new words count, and a voter is free from when it says so', () => {
    const voteTable = new VoteTable()
    voteTable.heard('a', busy(4, 50), at(5))
    voteTable.outdate()
    expect(voteTable.majorityFreeAt(['a'], 1, FRESH_MS, at(56))).toBeNull()
    voteTable.heard('a', free(5), at(60))
    expect(voteTable.majorityFreeAt(['a'], 1, FRESH_MS, at(61))).toBe(at(60))
  })
  test('and the numbers that were heard are not forgotten', () => {
    const voteTable = new VoteTable()
    voteTable.heard('a', free(1, 7), at(0))
    voteTable.outdate()
    expect(voteTable.nextNumber(['a'], 1)).toBe(8)
  })
  test.each<[BusyReason, number]>([
    ['epoch', Number.POSITIVE_INFINITY],
    ['unknown-list', Number.POSITIVE_INFINITY],
    ['number', at(0)],
  ])('a voter that refuses for %s', (reason, freeAt) => {
    const voteTable = new VoteTable()
    voteTable.heard('a', busy(1, 0, reason), at(0))
    expect(voteTable.majorityFreeAt(['a'], 1, FRESH_MS, at(1))).toBe(freeAt)
  })
  test('a reservation is waited for like a grant', () => {
    const voteTable = new VoteTable()
    voteTable.heard('a', busy(1, 100, 'reserved'), at(0))
    expect(voteTable.majorityFreeAt(['a'], 1, FRESH_MS, at(1))).toBeGreaterThanOrEqual(at(100))
  })
  test('an answer to an older question does not replace one to a newer', () => {
    const voteTable = new VoteTable()
    voteTable.heard('a', busy(7, 100), at(0))
    voteTable.heard('a', free(6), at(1))
    expect(voteTable.majorityFreeAt(['a'], 1, FRESH_MS, at(2))).toBeGreaterThan(at(99))
    voteTable.heard('a', free(7), at(3))
    expect(voteTable.majorityFreeAt(['a'], 1, FRESH_MS, at(200)), 'the same question, answered again').toBe(at(3))
  })
})

describe('the number of a new lease', () => {
  const known = (...numbers: number[]): VoteTable => {
    const voteTable = new VoteTable()
    numbers.forEach((number, index) => voteTable.heard(voters[index] ?? '', free(1, number), at(0)))
    return voteTable
  }
  test('is above all that voters granted', () => {
    expect(known(4, 1005, 5).nextNumber(voters, 2)).toBe(1006)
    expect(known().nextNumber(voters, 2)).toBe(1)
  })
  test('and above that of the holder who hands over', () => {
    const voteTable = known(4, 5, 6)
    voteTable.raise(40)
    voteTable.raise(30)
    expect(voteTable.nextNumber(voters, 2)).toBe(41)
  })
  test('one voter that names an impossible one does not use the numbers up, a majority counts', () => {
    expect(known(4, HIGHEST_NUMBER, 5).nextNumber(voters, 2)).toBe(6)
    expect(known(4, 5 + MOST_AHEAD, 5).nextNumber(voters, 2), 'just possible').toBe(6 + MOST_AHEAD)
    expect(known(4, 6 + MOST_AHEAD, 5).nextNumber(voters, 2)).toBe(6)
    expect(known(9_000_000_000, 9_000_000_005, 5).nextNumber(voters, 2)).toBe(9_000_000_006)
  })
  test('whoever a majority is, one of it knows the highest number of any majority before', () => {
    expect(known(7, 0, 7).nextNumber(voters, 2)).toBe(8)
    expect(known(7, 7, 0).nextNumber(voters, 2)).toBe(8)
    expect(known(0, 7, 7).nextNumber(voters, 2)).toBe(8)
  })
})

test('a number is next when it is above, and within reach', () => {
  expect([7, 8, 7 + MOST_AHEAD, 8 + MOST_AHEAD].map((number) => isNext(number, 7))).toEqual([false, true, true, false])
  expect(isNext(HIGHEST_NUMBER, HIGHEST_NUMBER - 1)).toBe(true)
  expect(isNext(HIGHEST_NUMBER + 1, HIGHEST_NUMBER)).toBe(false)
})
