import { expect, it } from 'vitest'
import { matches, TOO_LONG } from './matching.ts'
import { pageOf } from './probes/page.ts'

it('finds what is there', () => {
  expect([matches('a+b', 'xaab'), matches('^b', 'ab'), matches('(?i:OK)', 'ok')]).toEqual([true, false, true])
})

it('of an expression that goes back for ever the time is bounded, and it is left alone for a while', () => {
  const hard = '(a+)+$'
  const text = `${'a'.repeat(40)}!`
  let now = 0
  const clock = (): number => now
  const began = performance.now()
  expect(matches(hard, text, clock)).toBeNull()
  // Without a bound it would be years.
  expect(performance.now() - began).toBeLessThan(30_000)
  expect(matches(hard, 'aaa', clock), 'also on a text that would be quick').toBeNull()
  expect(matches('b', 'b', clock), 'others go on').toBe(true)
  now = 10_000
  expect(matches(hard, 'aaa', clock)).toBe(true)
})

it('what takes too long is no verdict on the server: it may be well, and the page is not known', () => {
  const said: unknown[] = []
  const page = pageOf({ body: '(b+)+$' }, (ok, reason) => said.push([ok, reason]))
  page.head(200)
  page.piece(Buffer.from(`${'b'.repeat(40)}!`))
  page.whole()
  expect(said).toEqual([[null, TOO_LONG]])
  const another = pageOf({ body: 'wanted', 'body-digest': 'ab'.repeat(32) }, (ok) => said.push(ok))
  another.head(200)
  another.piece(Buffer.from('wanted'))
  another.whole()
  expect(said.at(-1), 'another digest is one').toBe(false)
})
