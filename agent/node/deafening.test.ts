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
type Link = Configuration['config']['nodes'][number]['links'][number]
/** The file with other links; `change` gets each of them, and whose it is. */
const moved = (change: (link: Link, node: string) => Partial<Link> | null): Configuration =>
  file([{ id: 1 }], 1, {
    nodes: one.config.nodes.map((node) => ({
      ...node,
      links: node.links.flatMap((link) => {
        const changed = change(link, node.name)
        return changed === null ? [] : [{ ...link, ...changed }]
      }),
    })),
  })
const isMoved =
  (...names: string[]) =>
  (_: Link, node: string): Partial<Link> =>
    names.includes(node) ? { port: 7000 } : {}
const both = [{ id: 1 }, { id: 2, secret: OTHER }]

describe('a file that is read by a running node', () => {
  test.each([
    ['the same', one, one],
    ['one more key', one, file(both, 1)],
    ['that key signs', file(both, 1), file(both, 2)],
    ['the old one is gone', file(both, 2), file([{ id: 2, secret: OTHER }], 2)],
    ['a secret that now stands in a file', file([{ id: 7, secret: OTHER }], 7), file([{ id: 7, secret: null }], 7)],
    ['any key, of a node without others', file([{ id: 1 }], 1, { nodes: one.config.nodes.slice(0, 1) }), file(both, 2)],
    ['another port on one of two links', one, moved(({ name }) => (name === 'inside' ? { port: 7000 } : {}))],
    ['where this node is now', one, moved(isMoved('dir1'))],
    ['where another one is now', one, moved(isMoved('dir2'))],
    ['where this node and one more are now: the others make a majority with it', one, moved(isMoved('dir1', 'rs1'))],
    ['other names of the links', one, moved(({ name }) => ({ name: `${name}-2` }))],
    ['a link less', one, moved(({ name }) => (name === 'inside' ? null : {}))],
  ])('may say %s', (_, before, after) => expect(deafening('dir1', before, after)).toBeNull())

  test.each([
    ['another cluster', one, file([{ id: 1 }], 1, { cluster: 'other' }), 'cluster', /stop every node/],
    ['a key that signs at once', one, file(both, 2), 'sign-with', /in steps/],
    ['another secret under the same number', one, file([{ id: 1, secret: OTHER }], 1), 'sign-with', /in steps/],
    ['another algorithm', one, file([{ id: 1, algorithm: 'sha1' }], 1), 'sign-with', /in steps/],
    ['a key less than the others sign with', file(both, 1), file([{ id: 2, secret: OTHER }], 2), 'keys', /in steps/],
    ['another port, everywhere at once', one, moved(() => ({ port: 7000 })), 'nodes', /one link after the other/],
    ['other addresses of two others and itself', one, moved(isMoved('dir1', 'dir2', 'rs1')), 'nodes', /in steps/],
    [
      'another network in place of the one that all share',
      moved(({ name }) => (name === 'inside' ? null : {})),
      moved(({ name }) => (name === 'outside' ? null : {})),
      'nodes',
      /stop every node/,
    ],
  ])('may not say %s', (_, before, after, field, hint) =>
    expect(deafening('dir1', before, after)).toMatchObject({
      code: 'deafening',
      field,
      hint: expect.stringMatching(hint),
    }),
  )
})
