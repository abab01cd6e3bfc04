/** A node compares what it has with every word of nodes that have something else: the comparison rests on tables that are worked out once. */
import { expect, test } from 'vitest'
import { fieldsOf, NO_LINES } from './by-field.ts'
import { checkConfig } from './check.ts'
import type { Config } from './config.ts'
import { subjectOf } from './parts.ts'
import { SAMPLE } from './sample.ts'

const configOf = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const ONE = configOf(SAMPLE)

test('each configuration has its table once', () => {
  expect(fieldsOf(ONE)).toBe(fieldsOf(ONE))
  expect(fieldsOf(configOf(SAMPLE))).not.toBe(fieldsOf(ONE))
})

test('the sum of a field is that of its values, in whatever order they stand, and of no other field', () => {
  const other = fieldsOf(configOf(SAMPLE.replace('weight: 1', 'weight: 7')))
  const differing = [...fieldsOf(ONE)].filter(([field, { sum }]) => other.get(field)?.sum !== sum)
  expect(differing.map(([field]) => [field, subjectOf(field)])).toEqual([
    ['services.realservers.weight', 'realservers'],
  ])
  expect([...other.values()].some(({ sum }) => sum === NO_LINES)).toBe(false)
})
