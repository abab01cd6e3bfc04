import { expect, test } from 'vitest'
import { canonicalText } from './canonical.ts'

test('the order of keys means nothing, at any depth; that of lists does', () => {
  const one = { b: [{ y: 1, x: 2 }], a: { '10': 1, '9': 2, z: null } }
  const other = { a: { z: null, '9': 2, '10': 1 }, b: [{ x: 2, y: 1 }] }
  expect(canonicalText(one)).toBe(canonicalText(other))
  expect(canonicalText([1, 2])).not.toBe(canonicalText([2, 1]))
})
test('what is undefined is not there, and what is another value is another text', () => {
  expect(canonicalText({ a: undefined, b: 1 })).toBe(canonicalText({ b: 1 }))
  expect(canonicalText({ b: 1 })).not.toBe(canonicalText({ b: '1' }))
})
