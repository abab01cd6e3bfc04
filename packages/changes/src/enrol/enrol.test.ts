/** Who comes into the cluster, under which name, and by which token: each way in, and each reason for none. */
import { decodeEntry, encodeEntry, type Entry, snapshot } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { deepFreeze, DOCUMENT } from '../fixture.ts'
import { writtenOf } from '../document/document.ts'
import { applyEntry, beginState, snapshotOf, type State, stateOf } from '../state.ts'

const ID = '0123abcd'
const SECRET = 'ab'.repeat(32)
const keyOf = (digits: string): string => digits.repeat(32)
const HOUR = 3_600_000

const token = (more: object = {}): Entry =>
  ({
    kind: 'token',
    author: 'alice',
    at: 1000,
    id: ID,
    digest: SECRET,
    uses: 1,
    until: HOUR,
    node: null,
    roles: [],
    ...more,
  }) as Entry
const rs9 = { roles: ['realserver'], links: [{ name: 'inside', address: '10.12.0.19' }] }
const enrol = (more: object = {}): Entry =>
  ({
    kind: 'enrol',
    at: 2000,
    id: ID,
    digest: SECRET,
    name: 'rs9',
    key: keyOf('09'),
    node: rs9,
    model: 1,
    ...more,
  }) as Entry
const revoke: Entry = { kind: 'revoke', author: 'alice', at: 1500, id: ID }
/** As it comes out of the log. */
const logged = (entry: Entry): Entry => {
  const read = decodeEntry(encodeEntry(entry))
  if (!read.ok) throw new Error(`${read.reason}: ${JSON.stringify(entry)}`)
  return read.entry
}

function run(...log: readonly Entry[]): { state: State; said: string[] } {
  let state = beginState(DOCUMENT, { at: 0, author: 'init', comment: '' })
  const said = log.map((entry) => {
    const { state: next, outcome } = applyEntry(deepFreeze(state), logged(entry))
    if (outcome.kind === 'refused') expect(next).toBe(state)
    state = next
    if (outcome.kind === 'refused') return outcome.refusals.map(({ code }) => code).join()
    if (outcome.kind === 'enrolled') return `${outcome.enrolment.name}, revision ${outcome.revision?.number ?? 'none'}`
    return outcome.kind
  })
  return { state, said }
}
const last = (...log: readonly Entry[]): string => run(...log).said.at(-1) ?? ''

describe('a machine with a token', () => {
  it('comes in as a node that is new to the configuration: one revision, signed by the token', () => {
    const { state, said } = run(token(), enrol())
    expect(said).toEqual(['token', 'rs9, revision 2'])
    expect(state.config.nodes.find(({ name }) => name === 'rs9')).toMatchObject({ roles: ['realserver'] })
    expect(state.history.revisions.at(-1)).toMatchObject({ author: `token ${ID}`, at: 2000, comment: 'rs9 joined' })
    expect(state.enrolled.nodes).toEqual([{ name: 'rs9', key: keyOf('09'), at: 2000, token: ID }])
  })
  it('comes in as a node that the configuration has: no revision', () => {
    const { state, said } = run(token(), enrol({ name: 'rs1', node: null }))
    expect(said[1]).toBe('rs1, revision none')
    expect(state.history.revisions).toHaveLength(1)
    expect(state.enrolled.tokens[0]?.used).toEqual(['rs1'])
  })
  it('that asks again, its answer lost, is let in again, once', () => {
    const { state, said } = run(token(), enrol(), enrol({ at: 3000 }))
    expect(said).toEqual(['token', 'rs9, revision 2', 'rs9, revision none'])
    expect(state.enrolled.nodes).toHaveLength(1)
    expect(state.enrolled.tokens[0]?.used).toEqual(['rs9'])
  })
  it.each<[string, string, readonly Entry[]]>([
    ['of another cluster', 'token-unknown', [enrol()]],
    ['whose secret is another', 'token-unknown', [token(), enrol({ digest: 'cd'.repeat(32) })]],
    ['that was revoked', 'token-revoked', [token(), revoke, enrol()]],
    ['that was revoked when it was used', 'token-revoked', [token(), enrol(), revoke, enrol()]],
    ['that is over', 'token-expired', [token(), enrol({ at: HOUR })]],
    ['that is over when its node asks again', 'token-expired', [token(), enrol(), enrol({ at: HOUR })]],
    ['that is used up', 'token-used', [token(), enrol(), enrol({ name: 'rs1', node: null, key: keyOf('01') })]],
    ['for another node', 'token-node', [token({ node: 'rs1' }), enrol()]],
    ['for another role', 'token-role', [token({ roles: ['director'] }), enrol()]],
    [
      'for another role of a node that is there',
      'token-role',
      [token({ roles: ['director'] }), enrol({ name: 'rs1' })],
    ],
    [
      'for realservers, as one that names itself a coordinator',
      'token-role',
      [token({ roles: ['realserver'] }), enrol({ node: { ...rs9, coordinator: true } })],
    ],
    ['and the key of another node', 'key-taken', [token({ uses: 2 }), enrol(), enrol({ name: 'rs1' })]],
    ['and the name of another machine', 'name-taken', [token({ uses: 2 }), enrol(), enrol({ key: keyOf('01') })]],
    ['and a node that nobody knows', 'unknown-node', [token(), enrol({ node: null })]],
    ['and a node that is none', 'missing,missing', [token(), enrol({ node: {} })]],
    [
      'and an address of another',
      'duplicate-address',
      [token(), enrol({ node: { ...rs9, links: [{ name: 'inside', address: '10.12.0.11' }] } })],
    ],
    ['of a later model', 'model-too-new', [token(), enrol({ model: 99 })]],
  ])('%s stays outside: %s', (_, code, log) => expect(last(...log)).toBe(code))
  it('that names the node takes the place of another machine', () => {
    const again = token({ id: '89abcdef', node: 'rs9' })
    const { state, said } = run(token(), enrol(), again, enrol({ id: '89abcdef', key: keyOf('aa') }))
    expect(said.at(-1)).toBe('rs9, revision none')
    expect(state.enrolled.nodes).toEqual([{ name: 'rs9', key: keyOf('aa'), at: 2000, token: '89abcdef' }])
  })
  it('that was used lets no second machine take the place of the first', () => {
    const log = [token({ node: 'rs9' }), enrol(), enrol({ key: keyOf('aa') })]
    const { state, said } = run(...log)
    expect(said).toEqual(['token', 'rs9, revision 2', 'token-used'])
    expect(state.enrolled.nodes).toMatchObject([{ name: 'rs9', key: keyOf('09') }])
    const twice = run(token({ node: 'rs9', uses: 2 }), ...log.slice(1), enrol({ key: keyOf('bb') }))
    expect(twice.said.slice(1)).toEqual(['rs9, revision 2', 'rs9, revision none', 'token-used'])
  })
  it('lets in as many as it says', () => {
    const two = enrol({ name: 'rs1', node: null, key: keyOf('01') })
    const three = enrol({ name: 'rs2', node: null, key: keyOf('02') })
    expect(run(token({ uses: 2 }), enrol(), two, three).said.slice(1)).toEqual([
      'rs9, revision 2',
      'rs1, revision none',
      'token-used',
    ])
  })
})

describe('a node', () => {
  const remove: Entry = {
    kind: 'change',
    author: 'alice',
    at: 3000,
    comment: '',
    base: null,
    command: { verb: 'remove', noun: 'node', which: { node: 'rs9' }, model: 1 },
  }
  it('that leaves the configuration is out, and comes back by a token alone', () => {
    const back: Entry = { ...remove, command: { verb: 'rollback', revision: 2, model: 1 } }
    const { state, said } = run(token(), enrol(), remove, back)
    expect(said.slice(2)).toEqual(['changed', 'changed'])
    expect(state.config.nodes.map(({ name }) => name)).toContain('rs9')
    expect(state.enrolled.nodes).toEqual([])
  })
  it('that was removed is not let in again by the token that let it in, unless that lets in more', () => {
    expect(run(token(), enrol(), remove, enrol({ at: 4000 })).said.at(-1)).toBe('token-used')
    const two = run(token({ uses: 2 }), enrol(), remove, enrol({ at: 4000 }), remove, enrol({ at: 5000 }))
    expect(two.said.slice(1)).toEqual(['rs9, revision 2', 'changed', 'rs9, revision 4', 'changed', 'token-used'])
  })
  it('is not put out by a document from before it joined, which nobody meant and nothing undoes', () => {
    const back: Entry = { ...remove, command: { verb: 'rollback', revision: 1, model: 1 } }
    const { state, said } = run(token(), enrol(), back)
    expect(said.at(-1)).toBe('ends-membership')
    expect([state.enrolled.nodes.length, state.history.revisions.length]).toEqual([1, 2])
    const file: Entry = { ...remove, command: { verb: 'apply', file: writtenOf(DOCUMENT, 1), model: 1 } }
    expect(run(token(), enrol(), file).said.at(-1)).toBe('ends-membership')
    // Who was taken out first, by a word about him, is gone for certain.
    expect(run(token(), enrol(), remove, back).said.slice(2)).toEqual(['changed', 'changed'])
  })
  it('stays in whatever else changes', () => {
    const other: Entry = {
      ...remove,
      command: {
        verb: 'set',
        noun: 'server',
        which: { service: 'http', server: 'rs1' },
        values: { weight: 9 },
        model: 1,
      },
    }
    expect(run(token(), enrol(), other).state.enrolled.nodes).toHaveLength(1)
  })
})

describe('tokens', () => {
  it('are there once, end after they begin, and are forgotten a week after their end', () => {
    expect(last(token(), token())).toBe('token-exists')
    expect(last(token({ until: 1000 }))).toBe('token-over')
    expect(last(revoke)).toBe('unknown-token')
    const late = token({ id: '89abcdef', at: HOUR + 7 * 86_400_000, until: HOUR + 8 * 86_400_000 })
    expect(run(token(), late).state.enrolled.tokens.map(({ id }) => id)).toEqual(['89abcdef'])
    // A moment sooner, whoever comes with it is told that it is over.
    const sooner = token({ id: '89abcdef', at: HOUR + 7 * 86_400_000 - 1, until: HOUR + 8 * 86_400_000 })
    expect(run(token(), sooner, enrol({ at: HOUR + 7 * 86_400_000 })).said.slice(1)).toEqual(['token', 'token-expired'])
  })
  it('are not made without end, and make room when they are forgotten', () => {
    const many = Array.from({ length: 1001 }, (_, at) => token({ id: at.toString(16).padStart(8, '0') }))
    const { said } = run(...many)
    expect(said.slice(-2)).toEqual(['token', 'too-many-tokens'])
    const late = token({ id: 'ffffffff', at: HOUR + 7 * 86_400_000, until: HOUR + 8 * 86_400_000 })
    expect(last(...many, late)).toBe('token')
  })
  it('come through a snapshot with everybody who is in', () => {
    const { state } = run(token(), enrol(), revoke)
    const read = snapshot.parse(JSON.parse(JSON.stringify(snapshotOf(state))))
    expect(stateOf(read)?.enrolled).toEqual(state.enrolled)
  })
})
