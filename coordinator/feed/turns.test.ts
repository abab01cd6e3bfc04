import { instant } from '@lvsm/base'
import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

/** Each of `floods` says `longest` bytes as soon as it may; gives how many bytes were read of all of them in `ms`. */
function flooded(
  turns: Turns<string>,
  floods: readonly string[],
  longest: number,
  { from = 0, ms = 10_000 } = {},
): number {
  let read = 0
  const waiting = new Set<string>()
  for (let now = from; now < from + ms; now += 10) {
    for (const who of floods) {
      if (waiting.has(who)) continue
      if (turns.mayRead(who, longest, instant(now))) read += longest
      else waiting.add(who)
    }
    const who = turns.next(instant(now))
    if (who === null) continue
    waiting.delete(who)
    read += longest
  }
  return read
}
const ROGUES = Array.from({ length: 50 }, (_, at) => `rogue ${at}`)

test.each([1 << 20, 70_000, 30_000, 100])(
  'fifty nodes that say %d bytes again and again cost no more than a few',
  (longest) => {
    // What each may say without waiting, and what all may together.
    const most = 50 * (65_536 + 10 * 32_768) + 10 * (1 << 20) + longest
    expect(flooded(new Turns(), ROGUES, longest)).toBeLessThan(most)
  },
)

test('beside them small words are read at once, and a large report after a moment', () => {
  const turns = new Turns<string>()
  flooded(turns, ROGUES, 1 << 20)
  for (let now = 10_000; now < 20_000; now += 1000) expect(turns.mayRead('rs1', 4000, instant(now))).toBe(true)
  expect(turns.mayRead('dir1', 400_000, instant(10_000))).toBe(false)
  const [first, second] = [turns.next(instant(11_000)), turns.next(instant(12_000))]
  expect([first, second]).toContain('dir1')
})

test('words that wait come in turn, also of one that says a little less than all others', () => {
  const turns = new Turns<string>()
  const count = new Map<string, number>()
  const waiting = new Set<string>()
  const sizes = new Map([
    ['small', 70_000],
    ['large', 500_000],
  ])
  for (let now = 0; now < 60_000; now += 10) {
    for (const [who, bytes] of sizes)
      if (!waiting.has(who) && !turns.mayRead(who, bytes, instant(now))) waiting.add(who)
    const who = turns.next(instant(now))
    if (who === null) continue
    waiting.delete(who)
    count.set(who, (count.get(who) ?? 0) + 1)
  }
  expect(count.get('large')).toBeGreaterThan(20)
  expect(count.get('small')).toBeGreaterThan(100)
})

test('of who is gone nothing is left', () => {
  const turns = new Turns<string>()
  expect(turns.mayRead('rs1', 1 << 20, instant(0))).toBe(false)
  expect(turns.dueAt()).not.toBeNull()
  turns.forget('rs1')
  expect([turns.dueAt(), turns.next(instant(0))]).toEqual([null, null])
  expect(turns.mayRead('rs1', 60_000, instant(0))).toBe(true)
})
