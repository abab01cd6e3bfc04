import type { DropRule } from '@lvsm/base'
import { expect, test } from 'vitest'
import { certain } from './drop-rules.ts'

const rule = (handle: number, more: Partial<DropRule> = {}): DropRule => ({
  ...{ family: 'inet', table: 'site', chain: 'in', hook: 1, handle, port: 80, more: false, packets: null },
  ...more,
})

test('what nobody tells of is not handed over, nor more than can be looked at beside everything else', () => {
  const rules = [rule(1), rule(2, { more: true }), rule(3, { behind: true }), rule(4, { hook: null })]
  expect(certain(rules)).toEqual([rule(1)])
  expect(certain([rule(5, { behind: true, accepts: [] })]), 'the end of a filter').toHaveLength(1)
  expect(certain(Array.from({ length: 20_000 }, (_, at) => rule(at)))).toHaveLength(5000)
})
