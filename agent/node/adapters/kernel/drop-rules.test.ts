import type { DropRule } from '@lvsm/base'
import { expect, test } from 'vitest'
import { DropRules } from './drop-rules.ts'

const RULE: DropRule = {
  ...{ family: 'inet', table: 'site', chain: 'in', hook: 1, handle: 4, port: 80, more: false, packets: null },
}
const TEXT = JSON.stringify([RULE])
function reader(tookMs = 1) {
  let [now, reads] = [0, 0]
  let text: string | null = TEXT
  let waiting: (() => void) | null = null
  const rules = new DropRules(
    (done) => {
      reads++
      waiting = () => done(text)
    },
    () => now,
  )
  const answer = (): void => {
    now += tookMs
    waiting?.()
    waiting = null
  }
  return {
    /** So many readings within so long, with a look each second. */
    within(ms: number): number {
      const before = reads
      for (const end = now + ms; now < end; now += 1000) {
        rules.known()
        answer()
      }
      return reads - before
    },
    known: () => rules.known(),
    answer,
    says: (next: string | null) => (text = next),
    later: () => (now += 60_000),
    reads: () => reads,
  }
}

test('a look does not wait for a reading: it has what was read before it, and asks once', () => {
  const one = reader()
  expect(one.known()).toBeUndefined()
  one.later()
  expect(one.known()).toBeUndefined()
  expect(one.reads()).toBe(1)
  one.answer()
  expect(one.known()).toEqual([RULE])
})
test('a few rules are read every five seconds, and what is the same is the same object', () => {
  const one = reader()
  expect(one.within(60_000)).toBeLessThanOrEqual(12)
  expect(one.within(60_000)).toBeGreaterThanOrEqual(10)
  const first = one.known()
  one.later()
  one.known()
  one.answer()
  expect(one.known()).toBe(first)
})
test('many rules are read seldom, and once a minute at least', () => {
  expect(reader(300).within(120_000)).toBeLessThanOrEqual(20)
  const slow = reader(5000).within(660_000)
  expect(slow).toBeGreaterThanOrEqual(9)
  expect(slow).toBeLessThanOrEqual(12)
})
test('a reading that was interrupted takes nothing back; where none succeeds nobody knows', () => {
  const one = reader()
  one.within(5000)
  const known = one.known()
  one.answer()
  one.says(null)
  const look = (): readonly DropRule[] | undefined => {
    one.later()
    one.known()
    one.answer()
    return one.known()
  }
  expect(look()).toBe(known)
  one.answer()
  one.says(TEXT)
  expect(look()).toBe(known)
  one.says('{"no": "list"}')
  for (let at = 0; at < 4; at++) look()
  expect(one.known()).toBeUndefined()
  one.says(TEXT)
  expect(look()).toEqual([RULE])
})

test('the end of a filter counts when it is read twice: in the middle of a reload it stands there before what it lets in', () => {
  const end: DropRule = { ...RULE, handle: 9, behind: true, accepts: [] }
  const one = reader()
  one.says(JSON.stringify([RULE, end]))
  one.within(1000)
  const reads = one.reads()
  expect(one.known()).toEqual([RULE])
  expect(one.reads(), 'soon again').toBe(reads + 1)
  one.answer()
  expect(one.known()).toEqual([RULE, end])
  one.says(TEXT)
  one.within(6000)
  expect(one.known()).toEqual([RULE])
})
