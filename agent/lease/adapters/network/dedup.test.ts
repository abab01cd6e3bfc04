import { expect, test } from 'vitest'
import { Copies } from './dedup.ts'

const bytes = (text: string): Buffer => Buffer.from(text)
/** Datagrams end in their MAC: what is told apart by it is told apart at once, and the rest by its bytes. */
const datagram = (number: number): Buffer => bytes(`datagram ${number} ....`)

test('the same bytes over another link are a copy, over one that brought them a replay', () => {
  const copies = new Copies()
  expect(copies.judge(bytes('hello'), 0)).toBe('new')
  // Only what was authentic is noted.
  expect(copies.judge(bytes('hello'), 0)).toBe('new')
  copies.note(bytes('hello'), 0)
  expect(copies.judge(bytes('hello'), 0)).toBe('replay')
  expect(copies.judge(bytes('hello'), 1)).toBe('copy')
  expect(copies.judge(bytes('hello'), 1)).toBe('replay')
  expect(copies.judge(bytes('hello'), 2)).toBe('copy')
  expect(copies.judge(bytes('hello'), 0)).toBe('replay')
})

test.each([
  ['another end', 'hello', 'hellO'],
  ['another beginning', 'hello', 'Hello'],
  ['more', 'hello', 'hello!'],
  ['more before the same end', 'hello', 'oh, hello'],
  ['less', 'hello', 'ello'],
])('%s is another datagram', (_, one, other) => {
  const copies = new Copies()
  copies.note(bytes(one), 0)
  expect(copies.judge(bytes(other), 1)).toBe('new')
})

test.each(['', 'a', 'abc', 'abcd'])('as short as "%s" it is judged too', (text) => {
  const copies = new Copies()
  expect(copies.judge(bytes(text), 0)).toBe('new')
  copies.note(bytes(`${text}x`), 0)
  expect(copies.judge(bytes(text), 0)).toBe('new')
})

test('the last 64 are remembered', () => {
  const copies = new Copies()
  for (let number = 0; number < 64; number++) copies.note(datagram(number), 0)
  for (let number = 0; number < 64; number++) expect(copies.judge(datagram(number), 1)).toBe('copy')
  copies.note(datagram(64), 0)
  expect(copies.judge(datagram(0), 2)).toBe('new')
  expect(copies.judge(datagram(1), 2)).toBe('copy')
  expect(copies.judge(datagram(64), 2)).toBe('copy')
  for (let number = 65; number < 129; number++) copies.note(datagram(number), 0)
  expect([64, 65, 128].map((number) => copies.judge(datagram(number), 1))).toEqual(['new', 'copy', 'copy'])
})
