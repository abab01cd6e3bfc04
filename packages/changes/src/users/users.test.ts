import { decodeEntry, encodeEntry, type Entry, type PasswordHash, snapshot } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { deepFreeze, DOCUMENT } from '../fixture.ts'
import { applyEntry, beginState, snapshotOf, type State, stateOf } from '../state.ts'

const BY = { author: 'root', at: 1000 } as const
const password: PasswordHash = { scheme: 'scrypt', n: 16, r: 1, p: 1, salt: 'ab'.repeat(16), hash: 'cd'.repeat(32) }
const add = (name = 'alice'): Entry => ({ kind: 'user-add', ...BY, name, role: 'viewer' })
const set = (more: object, name = 'alice'): Entry => ({ kind: 'user-set', ...BY, name, ...more })
const remove = (name = 'alice'): Entry => ({ kind: 'user-remove', ...BY, name })
const token = (more: object = {}): Entry => ({
  ...{ kind: 'api-token', ...BY, id: '0123abcd', name: 'ci', role: 'operator', digest: 'ef'.repeat(32), until: null },
  ...more,
})
const removeToken: Entry = { kind: 'api-token-remove', ...BY, id: '0123abcd' }

function run(...log: readonly Entry[]): { state: State; said: string[] } {
  let state = beginState(DOCUMENT, { at: 0, author: 'init', comment: '' })
  const said = log.map((entry) => {
    const read = decodeEntry(encodeEntry(entry))
    if (!read.ok) throw new Error(read.reason)
    const { state: next, outcome } = applyEntry(deepFreeze(state), read.entry)
    if (outcome.kind === 'refused') expect(next).toBe(state)
    state = next
    return outcome.kind === 'refused' ? outcome.refusals.map(({ code }) => code).join() : outcome.kind
  })
  return { state, said }
}
const last = (...log: readonly Entry[]): string => run(...log).said.at(-1) ?? ''

describe('users', () => {
  it('are made, changed in what is said, and removed; no revision comes of it', () => {
    const { state, said } = run(add(), set({ password }), set({ role: 'admin' }), add('bob'), remove('bob'))
    expect(said).toEqual(Array(5).fill('people'))
    expect(state.people.users).toEqual([{ name: 'alice', role: 'admin', password, ...BY }])
    expect(state.history.revisions).toHaveLength(1)
    const both = run(add(), set({ role: 'operator', password })).state.people.users
    expect(both).toMatchObject([{ role: 'operator', password }])
  })
  it.each<[string, string, readonly Entry[]]>([
    ['twice', 'name-taken', [add(), add()]],
    ['who are not there, changed', 'unknown-user', [set({ role: 'admin' })]],
    ['who are not there, removed', 'unknown-user', [remove()]],
    ['the last administrator, removed', 'last-admin', [add(), set({ role: 'admin' }), add('bob'), remove()]],
    ['the last administrator, less than that', 'last-admin', [add(), set({ role: 'admin' }), set({ role: 'viewer' })]],
    ['without end', 'too-many', Array.from({ length: 1001 }, (_, at) => add(`u${at}`))],
  ])('%s: refused', (_, code, log) => expect(last(...log)).toBe(code))
  it('an administrator of several goes', () =>
    expect(last(add(), set({ role: 'admin' }), add('bob'), set({ role: 'admin' }, 'bob'), remove())).toBe('people'))
})

describe('API tokens', () => {
  it('are made and removed', () => {
    expect(run(token()).state.people.tokens).toMatchObject([{ name: 'ci', role: 'operator', until: null }])
    expect(run(token(), removeToken).state.people.tokens).toEqual([])
  })
  it.each<[string, string, readonly Entry[]]>([
    ['of one name', 'name-taken', [token(), token({ id: '89abcdef' })]],
    ['of one id', 'name-taken', [token(), token({ name: 'other' })]],
    ['that would be over', 'token-over', [token({ until: 1000 })]],
    ['that are not there', 'unknown-api-token', [removeToken]],
  ])('%s: refused', (_, code, log) => expect(last(...log)).toBe(code))
  it('that are over give their name free', () => {
    expect(last(token({ until: 2000 }), token({ id: '89abcdef', at: 2000 }))).toBe('people')
  })
})

describe('people', () => {
  it('come through a snapshot, and a state of before there were any has none', () => {
    const { state } = run(add(), set({ password }), token())
    const text = JSON.stringify(snapshotOf(state))
    expect(stateOf(snapshot.parse(JSON.parse(text)))?.people).toEqual(state.people)
    const { people: _, ...before } = snapshotOf(state)
    expect(stateOf(snapshot.parse(before))?.people).toEqual({ users: [], tokens: [] })
  })
  it('stay whatever changes in the configuration, and are in none of its revisions', () => {
    const change = { verb: 'remove', noun: 'service', which: { service: 'https' }, model: 1 } as const
    const removal: Entry = { kind: 'change', ...BY, comment: '', base: null, command: change }
    const back: Entry = { ...removal, command: { verb: 'rollback', revision: 1, model: 1 } }
    const { state, said } = run(add(), set({ password }), removal, back)
    expect(said.slice(2)).toEqual(['changed', 'changed'])
    expect(state.people.users).toHaveLength(1)
    expect(JSON.stringify(state.history)).not.toContain(password.hash)
  })
})
