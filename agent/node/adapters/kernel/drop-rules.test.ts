import type { DropRule } from '@lvsm/base'
import { expect, test } from 'vitest'
import { pacedDropRules } from './drop-rules.ts'

const RULE: DropRule = {
  ...{ family: 'inet', table: 'site', chain: 'in', hook: 1, handle: 4, port: 80, more: false, packets: null },
}
function reader(tookMs: number) {
  let [now, reads, fails] = [0, 0, false]
  const get = pacedDropRules(
    () => {
      reads++
      now += tookMs
      if (fails) throw new Error('it changed under every attempt')
      return [{ ...RULE }]
    },
    () => now,
  )
  return {
    /** So many readings within so long, with a look each second. */
    within(ms: number): number {
      const before = reads
      for (const end = now + ms; now < end; now += 1000) get()
      return reads - before
    },
    get,
    fail: () => (fails = true),
  }
}

test('a few rules are read every five seconds, and what is the same is the same object', () => {
  const one = reader(1)
  const first = one.get()
  expect(one.within(60_000)).toBeLessThanOrEqual(12)
  expect(one.within(60_000)).toBeGreaterThanOrEqual(10)
  expect(one.get()).toBe(first)
})
test('many rules, which the loop waits for, are read seldom', () => {
  expect(reader(300).within(120_000)).toBeLessThanOrEqual(2)
  expect(reader(60_000).within(1_000_000)).toBeLessThanOrEqual(4)
})
test('where they cannot be read nobody knows of any', () => {
  const one = reader(1)
  one.fail()
  expect(one.get()).toBeUndefined()
})
