import { expect, it } from 'vitest'
import { type Fields, readFields } from './fields.ts'

interface Shape {
  readonly name: string
  readonly count: number
  readonly on?: boolean
  readonly list: readonly string[]
  readonly map: Readonly<Record<string, number>>
  readonly free: string | false
}
const FIELDS: Fields<Shape> = { name: 'text', count: 'number', on: 'truth?', list: 'list', map: 'record', free: 'any' }
const GOOD = { name: 'a', count: 1, list: ['b'], map: { c: 2 }, free: false }
const read = (change: object): Shape => readFields('the report', JSON.stringify({ ...GOOD, ...change }), FIELDS)

it('what is whole is read, with fields that nobody knows', () => {
  expect(read({})).toEqual(GOOD)
  expect(read({ on: true, later: 'x' })).toEqual({ ...GOOD, on: true, later: 'x' })
})

it.each([
  [{ name: 1 }, 'name is no text'],
  [{ name: undefined }, 'name is no text'],
  [{ count: '1' }, 'count is no number'],
  [{ on: 'yes' }, 'on is no truth'],
  [{ list: {} }, 'list is no list'],
  [{ map: [] }, 'map is no record'],
  [{ map: null }, 'map is no record'],
  [{ free: undefined }, 'free is no any'],
])('%j: %s', (change, message) => expect(() => read(change)).toThrow(`the report: ${message}`))

it.each(['[]', 'null', '"text"'])('no object: %s', (text) =>
  expect(() => readFields('the report', text, FIELDS)).toThrow('the report is no JSON object'),
)
it('no JSON', () => expect(() => readFields('the report', '{', FIELDS)).toThrow(SyntaxError))
