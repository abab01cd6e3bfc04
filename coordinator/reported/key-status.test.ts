/** What a status says of heartbeat keys: nothing, as long as none is being changed. */
import { beginState, parseDocument, type State } from '@lvsm/changes'
import type { Enrolment, NodeProgress } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { SAMPLE_DOCUMENT } from '../../test/kit/configuration.ts'
import { keyChanges } from './key-status.ts'

const { document } = parseDocument(SAMPLE_DOCUMENT)
if (!document) throw new Error('the sample is no document')
const BEGUN: State = beginState(document, { at: 0, author: 'init', comment: '' })
const names = BEGUN.config.nodes.map(({ name }) => name)
const [one = '', other = ''] = names
const key = (id: number, since: number) => ({ id, public: 'ab'.repeat(32), since })
type Heartbeat = NonNullable<Enrolment['heartbeat']>
const settled: Heartbeat = { keys: [key(1, 1)], signWith: 1, since: 1, shared: false }
/** Every node has a key of its own, the first one as given. */
const keyed = (first: Heartbeat, state: State = BEGUN): State => ({
  ...state,
  enrolled: {
    ...state.enrolled,
    ring: 2,
    nodes: names.map((name, at) => ({ name, key: `${at}`, heartbeat: at === 0 ? first : settled }) as Enrolment),
  },
})
const used = (rings: Readonly<Record<string, number>>, revision = 1): Map<string, NodeProgress> =>
  new Map(names.map((name) => [name, { name, revision, ring: rings[name] ?? 2 }]))
const twoKeys = (state: State): State => ({
  ...state,
  config: {
    ...state.config,
    revision: 5,
    keys: [1, 2].map((id) => ({ ...state.config.keys[0], id }) as State['config']['keys'][number]),
    signWith: 2,
  },
})

test('nothing, while no key is being changed', () => {
  expect(keyChanges(BEGUN, new Map())).toEqual([])
  expect(keyChanges(keyed(settled), used({}))).toEqual([])
})

test('whose key is being changed, what signs, and who does not have the new one yet', () => {
  const begun: Heartbeat = { ...settled, keys: [key(1, 1), key(2, 2)] }
  expect(keyChanges(keyed(begun), used({ [other]: 1 }))).toEqual([
    {
      text: `a new heartbeat key of ${one}: ${one} signs with the old one until every node has the new one`,
      waiting: [other],
    },
  ])
  const signs = { ...begun, signWith: 2, since: 2 }
  expect(keyChanges(keyed(signs), used({}))).toEqual([
    { text: expect.stringMatching(/: the new one signs, and the old one counts until/), waiting: [] },
  ])
})

test('of the keys of the configuration which signs, who is at an older revision, and then how it ends', () => {
  expect(keyChanges(twoKeys(BEGUN), used({}))).toEqual([
    { text: 'heartbeat keys 1, 2 of the configuration count, and 2 signs', waiting: names },
  ])
  expect(keyChanges(twoKeys(BEGUN), used({}, 5))).toEqual([
    { text: expect.any(String), waiting: [], hint: 'where 2 is the new one: lvsm key remove 1' },
  ])
  expect(keyChanges(twoKeys(keyed(settled)), used({}))[0]).toMatchObject({
    text: expect.stringMatching(/every node has a key of its own, and machines that join use it/),
    waiting: [],
  })
})

test('a new key that does not sign yet is not said to be the one to remove', () => {
  const state = twoKeys(BEGUN)
  const [change] = keyChanges({ ...state, config: { ...state.config, signWith: 1 } }, used({}, 5))
  expect(change?.hint).toMatch(
    /^where 2 is the new one: .*lvsm cluster set sign-with=2; where 1 is the new one: lvsm key remove 2$/,
  )
})
