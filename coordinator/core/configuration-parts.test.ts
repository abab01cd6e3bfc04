import { applyEntry, beginState, type Outcome } from '@lvsm/changes'
import type { Entry } from '@lvsm/protocol'
import { expect, it } from 'vitest'
import { DOCUMENT } from '../../packages/changes/src/fixture.ts'
import { configurationOf, partsOfConfiguration } from './configuration-parts.ts'
import { weightOf } from '../../test/suites/configuration.ts'
import { changesBetween, readParts } from '../adapters/store/parts.ts'

const BEGUN = beginState(DOCUMENT, { at: 0, author: 'init', comment: '' })
const EXPIRE: Entry = { kind: 'expire', at: 5 }

/** Entry by entry as a database gets it, and back. */
function lived(entries: readonly Entry[], limit?: number) {
  let state = limit === undefined ? BEGUN : { ...BEGUN, history: { ...BEGUN.history, limit } }
  const kept = new Map(changesBetween(new Map(), partsOfConfiguration(state)).set)
  const steps: { outcome: Outcome['kind']; set: string[]; gone: string[] }[] = []
  for (const entry of entries) {
    const step = applyEntry(state, entry)
    const { set, gone } = changesBetween(partsOfConfiguration(state), partsOfConfiguration(step.state))
    for (const [key, body] of set) kept.set(key, body)
    for (const key of gone) kept.delete(key)
    steps.push({ outcome: step.outcome.kind, set: set.map(([key]) => key), gone: [...gone] })
    state = step.state
  }
  return { state, steps, back: configurationOf(readParts(kept) ?? new Map()) }
}

it('comes back as it was, and nothing is written again that stayed', () => {
  const { state, steps, back } = lived([weightOf(7), weightOf(7), weightOf(8), EXPIRE])
  expect(back).toEqual({ state })
  expect(steps.map(({ set }) => set)).toEqual([
    ['file', 'revision/0000000000000002'],
    [],
    ['file', 'revision/0000000000000003'],
    expect.not.arrayContaining(['file']),
  ])
})
it('forgets the revisions that are no longer kept', () => {
  const { state, steps, back } = lived([weightOf(7), weightOf(8)], 2)
  expect(steps.map(({ gone }) => gone)).toEqual([[], ['revision/0000000000000001']])
  expect(back).toEqual({ state })
})
it('is nothing before the first entry, and no state with a part too few', () => {
  expect(configurationOf(partsOfConfiguration(null))).toEqual({ state: null })
  for (const missing of ['file', 'facts', 'finalized', 'limit', 'revision/0000000000000001']) {
    const parts = new Map(partsOfConfiguration(BEGUN))
    expect(parts.delete(missing)).toBe(true)
    expect(configurationOf(parts)).toBe(null)
  }
})
