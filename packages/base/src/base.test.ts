import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  after,
  between,
  describeRefusal,
  digest64,
  earlier,
  instant,
  InvariantError,
  invariant,
  later,
  NEVER_BEFORE,
  randomBetween,
  seededRandom,
} from './index.ts'

test('FNV-1a, by its published vectors', () => {
  expect(digest64('')).toBe('cbf29ce484222325')
  expect(digest64('a')).toBe('af63dc4c8601ec8c')
  expect(digest64('foobar')).toBe('85944171f73967e8')
})

describe('time', () => {
  test('goes on, and is compared', () => {
    const [early, late] = [instant(1000), instant(1250.5)]
    expect([after(early, 250.5), between(early, late), between(late, early)]).toEqual([late, 250.5, -250.5])
    expect([earlier(early, late), earlier(late, early), later(early, late), later(late, early)]).toEqual([
      early,
      early,
      late,
      late,
    ])
    expect(later(NEVER_BEFORE, early)).toBe(early)
  })
})

describe('randomness', () => {
  test('is a function of its seed, and another for another seed', () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed)
      return Array.from({ length: 5 }, () => random.next())
    }
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })
  test('is spread over the whole range, and leaves its end out', () => {
    const random = seededRandom(1)
    const tenths = new Array<number>(10).fill(0)
    for (let at = 0; at < 10_000; at++) {
      const value = random.next()
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThan(1)
      tenths[Math.floor(value * 10)] = (tenths[Math.floor(value * 10)] ?? 0) + 1
    }
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })
  test('between two bounds', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: -1000, max: 1000, noNaN: true }), (seed, low) => {
        const value = randomBetween(seededRandom(seed), low, low + 10)
        expect(value).toBeGreaterThanOrEqual(low)
        expect(value).toBeLessThan(low + 10)
      }),
    )
    expect(randomBetween({ next: () => 0.5 }, 4, 8)).toBe(6)
  })
})

test('an invariant that holds says nothing, one that does not says which', () => {
  expect(() => invariant(true, 'holds')).not.toThrow()
  expect(() => invariant(0, 'a law')).toThrow(new InvariantError('a law'))
})

describe('a refusal', () => {
  test('names place, field, fault and way out', () => {
    const whole = { code: 'bad', field: 'groups[0]', line: 3, column: 7, message: 'is wrong', hint: 'right it' }
    expect(describeRefusal(whole, 'lvsm.yaml')).toBe('lvsm.yaml:3:7: groups[0]: is wrong\n  → right it')
    expect(describeRefusal({ code: 'bad', message: 'is wrong' })).toBe('is wrong')
    expect(describeRefusal({ code: 'bad', line: 3, message: 'is wrong' }, 'f')).toBe('f:3: is wrong')
    expect(describeRefusal({ code: 'bad', field: 'to', message: 'is wrong' })).toBe('to: is wrong')
  })
})
