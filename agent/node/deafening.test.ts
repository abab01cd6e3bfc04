import { NO_FACTS } from '@lvsm/changes'
import { checkConfig, SAMPLE } from '@lvsm/model'
import { describe, expect, test } from 'vitest'
import type { Configuration } from './configuration.ts'
import { deafening } from './deafening.ts'

const [SECRET, OTHER] = ['5e'.repeat(32), 'c3'.repeat(32)]
interface Key {
  readonly id: number
  readonly algorithm?: 'sha256' | 'sha1'
  readonly secret?: string | null
}

function file(keys: readonly Key[], signWith: number, change: Partial<Configuration['config']> = {}): Configuration {
  const { config } = checkConfig(SAMPLE)
  if (!config) throw new Error('the sample has no faults')
  const all = keys.map(({ id, algorithm = 'sha256', secret = SECRET }) => ({ id, algorithm, secret, file: null }))
  return {
    config: { ...config, keys: all, signWith, ...change },
    secrets: new Map([[7, OTHER]]),
    facts: NO_FACTS,
    warnings: [],
  }
}
const one = file([{ id: 1 }], 1)
const both = [{ id: 1 }, { id: 2, secret: OTHER }]

describe('a file that is read by a running node', () => {
  test.each([
    ['the same', one, one],
    ['one more key', one, file(both, 1)],
    ['that key signs', file(both, 1), file(both, 2)],
    ['the old one is gone', file(both, 2), file([{ id: 2, secret: OTHER }], 2)],
    ['a secret that now stands in a file', file([{ id: 7, secret: OTHER }], 7), file([{ id: 7, secret: null }], 7)],
    ['any key, of a node without others', file([{ id: 1 }], 1, { nodes: one.config.nodes.slice(0, 1) }), file(both, 2)],
  ])('may say %s', (_, before, after) => expect(deafening(before, after)).toBeNull())

  test.each([
    ['another cluster', one, file([{ id: 1 }], 1, { cluster: 'other' }), 'cluster', /stop every node/],
    ['a key that signs at once', one, file(both, 2), 'sign-with', /in steps/],
    ['another secret under the same number', one, file([{ id: 1, secret: OTHER }], 1), 'sign-with', /in steps/],
    ['another algorithm', one, file([{ id: 1, algorithm: 'sha1' }], 1), 'sign-with', /in steps/],
    ['a key less than the others sign with', file(both, 1), file([{ id: 2, secret: OTHER }], 2), 'keys', /in steps/],
  ])('may not say %s', (_, before, after, field, hint) =>
    expect(deafening(before, after)).toMatchObject({ code: 'deafening', field, hint: expect.stringMatching(hint) }),
  )
})
