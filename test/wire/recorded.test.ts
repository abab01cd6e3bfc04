/**
 * Version 1 stays as it was recorded: a node of it is understood for ever, and understands what this one says. There is no way
 * to record anew: whoever has to change bytes makes version 2.
 */
import { expect, test } from 'vitest'
import { BORDERS } from './borders.ts'
import { RECORDED } from './recorded.ts'

test('there is a record of every kind of every border, and of nothing else', () => {
  const kinds = BORDERS.flatMap(({ name, kinds: all }) => all.map((kind) => `${name} ${kind}`))
  const recorded = new Set(RECORDED.map(({ border, kind }) => `${border} ${kind}`))
  expect([...recorded].toSorted()).toEqual(kinds.toSorted())
})

test.each(RECORDED.map((one) => [one.name, one] as const))('%s', (_, { border, kind, value, bytes }) => {
  const { encode, decode } = BORDERS.find(({ name }) => name === border) ?? {}
  expect(decode?.(kind, bytes)).toEqual({ ok: true, value })
  expect(Buffer.from(encode?.(kind, value) ?? []).toString('hex')).toBe(Buffer.from(bytes).toString('hex'))
})
