import { expect, it } from 'vitest'
import { matcherOf, matches, TOO_LONG } from './matching.ts'
import { pageOf } from './probes/page.ts'

it('finds what is there', () => {
  expect([matches('a+b', 'xaab', 'rs1'), matches('^b', 'ab', 'rs1'), matches('(?i:OK)', 'ok', 'rs1')]).toEqual([
    true,
    false,
    true,
  ])
})

it('of an expression that goes back for ever the time is bounded, and it is left alone for a while', () => {
  const hard = '(a+)+$'
  const text = `${'a'.repeat(40)}!`
  let now = 0
  const clock = (): number => now
  const began = performance.now()
  expect(matches(hard, text, 'rs1', clock)).toBeNull()
  // Without a bound it would be years.
  expect(performance.now() - began).toBeLessThan(30_000)
  expect(matches(hard, 'aaa', 'rs1', clock), 'also on a text that would be quick').toBeNull()
  expect(matches('b', 'b', 'rs1', clock), 'others go on').toBe(true)
  now = 10_000
  expect(matches(hard, 'aaa', 'rs1', clock)).toBe(true)
})

it('what takes too long is no verdict on the server: it may be well, and the page is not known', () => {
  const said: unknown[] = []
  const page = pageOf({ address: 'rs1', keys: { body: '(b+)+$' } }, (ok, reason) => said.push([ok, reason]))
  page.head(200)
  page.piece(Buffer.from(`${'b'.repeat(40)}!`))
  page.whole()
  expect(said).toEqual([[null, TOO_LONG]])
  const another = pageOf({ address: 'rs1', keys: { body: 'wanted', 'body-digest': 'ab'.repeat(32) } }, (ok) =>
    said.push(ok),
  )
  another.head(200)
  another.piece(Buffer.from('wanted'))
  another.whole()
  expect(said.at(-1), 'another digest is one').toBe(false)
})

it('it is left alone with that server, and with all where several are so', () => {
  const hard = '(c+)+$'
  const text = `${'c'.repeat(40)}!`
  expect(matches(hard, text, 'rs1', () => 0)).toBeNull()
  expect(
    matches(hard, 'ccc', 'rs2', () => 0),
    'of another one',
  ).toBe(true)
  for (const server of ['rs2', 'rs3', 'rs4']) expect(matches(hard, text, server, () => 0)).toBeNull()
  expect(matches(hard, 'ccc', 'rs5', () => 9999)).toBeNull()
  expect(matches(hard, 'ccc', 'rs5', () => 10_000)).toBe(true)
})

it('all looks at one answer that comes in pieces have the time of one together', () => {
  let now = 0
  const look = matcherOf('wanted', 'rs1', () => (now += 20))
  const found = Array.from({ length: 8 }, () => look('something else'))
  expect(found).toEqual([...Array.from({ length: 6 }, () => false), null, null])
})
