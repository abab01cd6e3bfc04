import { describe, expect, it } from 'vitest'
import { type Bound, Tries } from './tries.ts'

const one = (key: string): Bound[] => [
  { key, perMinute: 6 },
  { key: 'all', perMinute: 12 },
]
const failing = (tries: Tries, key: string, now: number): number | null => tries.begin(one(key), now)

describe('failed tries', () => {
  it('are so many a minute, of each and of all, and come back one by one', () => {
    const tries = new Tries()
    expect(Array.from({ length: 7 }, () => failing(tries, 'a', 0))).toEqual([...Array(6).fill(null), 10_000])
    expect(Array.from({ length: 7 }, () => failing(tries, 'b', 0))).toEqual([...Array(6).fill(null), 10_000])
    // All have used up what there is.
    expect(failing(tries, 'c', 0)).toBe(5000)
    expect(failing(tries, 'a', 9999)).toBeGreaterThan(0)
    expect([failing(tries, 'a', 10_000), failing(tries, 'a', 10_000)]).toEqual([null, 10_000])
  })
  it('that succeeded are none, also of many at the same time', () => {
    const tries = new Tries()
    for (let at = 0; at < 100; at++) {
      expect(failing(tries, 'a', at)).toBeNull()
      tries.succeeded(one('a'), at)
    }
    for (let at = 0; at < 6; at++) failing(tries, 'a', 100)
    expect(failing(tries, 'a', 100)).toBeGreaterThan(0)
  })
  it('that wait are not counted: who asks without end waits no longer', () => {
    const tries = new Tries()
    for (let at = 0; at < 500; at++) failing(tries, 'a', 0)
    expect(failing(tries, 'a', 10_000)).toBeNull()
  })
  it('of names without end take no memory without end', () => {
    const tries = new Tries()
    for (let at = 0; at < 20_000; at++) tries.begin([{ key: `a${at}`, perMinute: 1 }], 0)
    expect(tries.begin([{ key: 'a0', perMinute: 1 }], 0)).toBeNull()
    expect(tries.begin([{ key: 'a19999', perMinute: 1 }], 0)).toBeGreaterThan(0)
  })
})
