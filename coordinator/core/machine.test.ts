/** What entries of the log make of the state, and its way to a disk and to another coordinator. */
import { encodeEntry, encodeMember, type Entry as Change, type MemberRecord } from '@lvsm/protocol'
import type { Entry, Member } from '@lvsm/raft'
import { type Action, writtenOf } from '@lvsm/changes'
import { describe, expect, it, test } from 'vitest'
import { DOCUMENT } from '../../packages/changes/src/fixture.ts'
import { changesBetween, readParts } from '../adapters/store/parts.ts'
import {
  applyLogEntry,
  type Coordinated,
  doubtEntry,
  MACHINE,
  NOTHING,
  readText,
  refuseChange,
  textOf,
} from './machine.ts'

const record = (name: string): MemberRecord => ({
  name,
  addresses: [{ host: '192.0.2.1', port: 7446 }],
  key: 'ab'.repeat(32),
})
const member = (id: number, role: Member['role'] = 'voter'): Member => ({ id, store: `s${id}`, role })
const membership = (index: number, members: Member[], payload: string): Entry => ({
  kind: 'membership',
  index,
  term: 1,
  membership: { members },
  payload,
})
const FOUNDING = membership(
  1,
  [member(1)],
  encodeMember({
    member: record('dir1'),
    founding: { file: writtenOf(DOCUMENT, 1), author: 'root', at: 5, finalized: 1 },
  }),
)
const drain: Change = {
  kind: 'intent',
  author: 'bob',
  at: 2000,
  command: {
    model: 1,
    verb: 'drain',
    subject: { kind: 'server', node: 'rs1', service: null },
    forMs: null,
    comment: '',
  },
}
const command = (index: number, payload: string): Entry => ({ kind: 'command', index, term: 1, payload })
const live = (...entries: Entry[]): Coordinated =>
  entries.reduce((state, entry) => applyLogEntry(state, entry).state, NOTHING)

describe('a coordinator that is elsewhere', () => {
  const FINALIZE = command(2, encodeEntry({ kind: 'finalize', author: 'alice', at: 1, version: 2 }))
  const JOINED = membership(3, [member(1), member(3)], encodeMember({ member: record('dir2') }))
  const begun = live(FOUNDING, FINALIZE, JOINED)
  const there = { addresses: [{ host: '10.12.0.9', port: 7447 }], api: [{ host: '10.12.0.9', port: 7445 }] }
  const says = (more: object) =>
    command(4, encodeEntry({ kind: 'coordinator-address', at: 9, id: 3, key: 'ab'.repeat(32), ...there, ...more }))
  it('has its record replaced, and nothing else; a disk and another coordinator have it so', () => {
    const { state, result } = applyLogEntry(begun, says({}))
    expect(result).toEqual({ kind: 'outcome', outcome: { kind: 'addressed' } })
    const moved = { ...record('dir2'), ...there }
    expect([...state.members]).toEqual([
      [1, record('dir1')],
      [3, moved],
    ])
    expect(state.configured).toBe(begun.configured)
    expect(changesBetween(MACHINE.partsOf(begun), MACHINE.partsOf(state)).set.map(([key]) => key)).toEqual(['member/3'])
    expect(readText(textOf(state))?.members.get(3)).toEqual(moved)
    // People reach it no more.
    const { api: _, ...mute } = there
    const after = applyLogEntry(
      state,
      command(5, encodeEntry({ kind: 'coordinator-address', at: 9, id: 3, key: 'ab'.repeat(32), ...mute })),
    )
    expect(after.state.members.get(3)).toEqual({ ...record('dir2'), ...mute })
  })
  it.each([
    ['with another key', begun, { key: 'cd'.repeat(32) }, 'no-such-coordinator'],
    ['that was removed', begun, { id: 2 }, 'no-such-coordinator'],
    ['before the cluster agreed that such may be', live(FOUNDING, JOINED), {}, 'not-finalized'],
  ])('%s changes nothing', (_, state, more, code) =>
    expect(applyLogEntry(state, says(more))).toEqual({
      state,
      result: { kind: 'outcome', outcome: { kind: 'refused', refusals: [expect.objectContaining({ code })] } },
    }),
  )
})

test('a beginning of a later version waits for that', () => {
  const { payload } = FOUNDING as Extract<Entry, { kind: 'membership' }>
  expect(doubtEntry(FOUNDING)).toBeNull()
  const later = membership(1, [member(1)], payload.replace('"finalized":1', '"finalized":99'))
  expect(doubtEntry(later)).toContain('version 99')
})

test('the first entry begins the configuration and knows the first coordinator', () => {
  const { configured, members } = live(FOUNDING)
  expect(configured?.history.revisions).toMatchObject([{ number: 1, author: 'root', at: 5 }])
  expect(configured?.config.cluster).toBe(DOCUMENT.cluster)
  expect([...members]).toEqual([[1, record('dir1')]])
})

test('a member is known from the entry that adds it to the one that removes it; other changes of members keep it', () => {
  const added = membership(2, [member(1), member(2, 'learner')], encodeMember({ member: record('dir2') }))
  const promoted = membership(3, [member(1), member(2)], '')
  const removed = membership(4, [member(2)], '')
  expect([...live(FOUNDING, added, promoted).members.keys()]).toEqual([1, 2])
  expect([...live(FOUNDING, added, promoted, removed).members]).toEqual([[2, record('dir2')]])
})

test('a change comes to an outcome; what changes nothing leaves the same state', () => {
  const before = live(FOUNDING)
  const step = applyLogEntry(before, command(2, encodeEntry(drain)))
  expect(step.result).toMatchObject({ kind: 'outcome', outcome: { kind: 'wanted' } })
  expect(step.state.configured?.facts.list).toHaveLength(1)
  expect(applyLogEntry(before, { kind: 'noop', index: 2, term: 2 })).toEqual({
    state: before,
    result: { kind: 'nothing' },
  })
})

test('a node that is a coordinator is removed when it is none any more, whichever change removes it', () => {
  const values = { roles: ['realserver'], coordinator: true, links: [{ name: 'inside', address: '10.12.0.19' }] }
  const change = (index: number, action: Action): Entry => {
    const signature = { author: 'alice', at: 5, comment: '', base: null } as const
    return command(index, encodeEntry({ kind: 'change', ...signature, command: { model: 1, ...action } }))
  }
  const added = change(2, { verb: 'add', noun: 'node', which: { node: 'rs9' }, values })
  const joined = membership(3, [member(1), member(3)], encodeMember({ member: record('rs9') }))
  const state = live(FOUNDING, added, joined)
  const ways: Entry[] = [
    change(4, { verb: 'remove', noun: 'node', which: { node: 'rs9' } }),
    change(4, { verb: 'rollback', revision: 1 }),
    change(4, { verb: 'apply', file: writtenOf(DOCUMENT, 0) }),
  ]
  for (const way of ways) {
    const { state: after, result } = applyLogEntry(state, way)
    expect(after).toBe(state)
    const refusals = [{ code: 'still-coordinator', hint: expect.stringMatching(/lvsm coordinators remove rs9/) }]
    expect(result).toMatchObject({ outcome: { kind: 'refused', refusals } })
    const alone = applyLogEntry(state, membership(4, [member(1)], '')).state
    expect(applyLogEntry(alone, way).result).toMatchObject({ outcome: { kind: 'changed', revision: { number: 3 } } })
  }
})

describe('an entry that is not understood', () => {
  it.each<[string, Entry]>([
    ['of a later kind', command(2, JSON.stringify({ v: 2, least: 2, kind: 'tomorrow' }))],
    ['with a verb of later', command(2, encodeEntry(drain).replace('"verb":"drain"', '"verb":"rest"'))],
    [
      'of a member with one field more',
      membership(2, [member(1)], encodeMember({ member: record('x') }).replace('"name"', '"rank":1,"name"')),
    ],
    [
      'of a member for newer readers',
      membership(2, [member(1)], JSON.stringify({ v: 9, least: 9, member: record('x') })),
    ],
  ])('%s is a reason to stop', (_, entry) => expect(doubtEntry(entry)).toMatch(/^entry 2 is /))
  it('is none of those that are', () => {
    const known: Entry[] = [FOUNDING, command(2, encodeEntry(drain)), { kind: 'noop', index: 3, term: 1 }]
    expect(known.map(doubtEntry)).toEqual([null, null, null])
  })
})

describe('a state', () => {
  const state = live(FOUNDING, command(2, encodeEntry(drain)))
  it('comes back from its parts', () => {
    const kept = readParts(new Map(changesBetween(new Map(), MACHINE.partsOf(state)).set))
    expect(kept && MACHINE.stateOf(kept)).toEqual({ state })
  })
  it('comes back from its text', () => expect(readText(textOf(state))).toEqual(state))
  it('of nothing too', () => expect(readText(textOf(NOTHING))).toEqual(NOTHING))
  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['of a later version', '{"v":2,"least":2,"parts":{}}'],
    ['with brackets without end', `{"parts":{"a":${'['.repeat(1000)}${']'.repeat(1000)}}}`],
    ['with a member that is none', '{"parts":{"member/1":{"name":"x"}}}'],
    ['with a member without an id', `{"parts":{"member/x":${JSON.stringify(record('x'))}}}`],
    ['with half of a configuration', '{"parts":{"facts":{}}}'],
  ])('%s is none', (_, text) => expect(readText(text)).toBeNull())
})

test('what one coordinator could not apply gets into no log, nor a second beginning', () => {
  const record = { name: 'dir2', addresses: [{ host: '192.0.2.2', port: 7446 }], key: 'cd'.repeat(32) }
  const founding = { file: {}, author: 'root', at: 1, finalized: 1 }
  const codeOf = (kind: 'write' | 'change', payload: string) => refuseChange({ kind, payload })?.code ?? null
  expect(codeOf('write', encodeEntry({ kind: 'expire', at: 1 }))).toBeNull()
  for (const payload of ['', '{}', '{"kind":"tomorrow"}']) expect(codeOf('write', payload)).toBe('not-understood')
  for (const payload of ['', encodeMember({ member: record })]) expect(codeOf('change', payload)).toBeNull()
  for (const payload of ['{}', encodeEntry({ kind: 'expire', at: 1 }), encodeMember({ member: record, founding })])
    expect(codeOf('change', payload)).toBe('not-understood')
})
