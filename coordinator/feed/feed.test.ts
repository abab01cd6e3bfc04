/** What is due to a follower, whatever it has. */
import { createHash } from 'node:crypto'
import { applyEntry, beginState, canonicalText, documentAt, type State, writtenOf } from '@lvsm/changes'
import { instant } from '@lvsm/base'
import { MOST_DIFFERENCES } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { DOCUMENT } from '../../packages/changes/src/fixture.ts'
import { weightOf } from '../../test/suites/configuration.ts'
import { AppliedRevisions } from './applied.ts'
import { Publication } from './publication.ts'
import { due, followed, NEW_SESSION, type View } from './session.ts'
import { coordinatorsOf } from './source.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const LIMIT = 4
const BEGIN = beginState(DOCUMENT, { at: 0, author: 'init', comment: '' }, 1, LIMIT)
/** Revision by revision; [0] is revision 1. */
const STATES: readonly State[] = [2, 3, 4, 5, 6, 7].reduce<State[]>(
  (states, weight) => [...states, applyEntry(states.at(-1) ?? BEGIN, weightOf(weight)).state],
  [BEGIN],
)
const stateAt = (revision: number): State => STATES[revision - 1] ?? BEGIN
const sumAt = (revision: number): string =>
  sha256(canonicalText(writtenOf(documentAt(stateAt(revision).history, revision) ?? DOCUMENT, revision)))
const at = (revision: number): Publication => new Publication(stateAt(revision), sha256, null)
const RECORDS = new Map([[1, { name: 'dir1', addresses: [{ host: '192.0.2.1', port: 7446 }], key: 'ab'.repeat(32) }]])
const view = (revision: number, more: Partial<View> = {}): View => ({
  publication: at(revision),
  records: RECORDS,
  coordinators: coordinatorsOf(RECORDS),
  leaderless: false,
  ...more,
})

test('who has the newest gets nothing', () =>
  expect(at(7).answer({ revision: 7, sum: sumAt(7) })).toEqual({ kind: 'nothing' }))

test('who has one that is kept gets the differences since, all of them in their order', () => {
  const answer = at(7).answer({ revision: 4, sum: sumAt(4) })
  const changes = stateAt(7)
    .history.revisions.filter(({ number }) => number > 4)
    .flatMap(({ change }) => change)
  expect(changes).toHaveLength(3)
  expect(answer).toEqual({ kind: 'news', news: { kind: 'change', from: 4, to: 7, change: changes, sum: sumAt(7) } })
})

test.each<[string, number, string | null]>([
  ['has one that is kept no more', 3, sumAt(3)],
  ['has nothing', 0, null],
  ['does not trust what it has', 7, null],
  ['has the newest number, and another text', 7, sumAt(6)],
  ['has a kept number, and another text', 5, sumAt(6)],
])('who %s gets the whole', (_, revision, sum) =>
  expect(at(7).answer({ revision, sum })).toEqual({
    kind: 'news',
    news: { kind: 'whole', revision: 7, file: writtenOf(stateAt(7).history.document, 7), sum: sumAt(7) },
  }),
)

test('who is ahead is refused, and told nothing more until it says again what it has', () => {
  const { session, messages } = due(followed({ revision: 8, sum: sumAt(7) }), view(7))
  expect(messages).toEqual([{ kind: 'refused', refusal: expect.objectContaining({ code: 'coordinator-behind' }) }])
  expect(due(session, view(7)).messages).toEqual([])
})

test('differences that are longer than the whole are sent as the whole', () => {
  const { history } = stateAt(7)
  const revisions = history.revisions.map((one) => ({ ...one, size: 1 << 20 }))
  const summed: string[] = []
  const digest = (text: string) => (summed.push(text), sha256(text))
  const long = new Publication({ ...stateAt(7), history: { ...history, revisions } }, digest, null)
  for (const revision of [6, 5, 4])
    expect(long.answer({ revision, sum: sumAt(revision) })).toMatchObject({ kind: 'news', news: { kind: 'whole' } })
  // What the documents were then, which takes the longer the older they are, was of no interest.
  expect(summed).toEqual([canonicalText(writtenOf(history.document, 7))])
})

test('more differences than one message has are sent as the whole, however short they are', () => {
  const { history } = stateAt(7)
  const change = Array.from({ length: MOST_DIFFERENCES + 1 }, () => ({ path: ['profile'] }))
  const revisions = history.revisions.map((one) => (one.number === 7 ? { ...one, change } : one))
  const many = new Publication({ ...stateAt(7), history: { ...history, revisions } }, sha256, null)
  // What is kept of a revision says also what the one before was: nothing is different here.
  expect(many.answer({ revision: 6, sum: sha256(canonicalText(writtenOf(history.document, 6))) })).toMatchObject({
    news: { kind: 'whole' },
  })
})

test('whoever hears of a node has its keys: they come first, and once', () => {
  const state = stateAt(7)
  const key = { id: 1, public: 'ab'.repeat(32), since: 1 }
  const heartbeat = { keys: [key], signWith: 1, since: 1, shared: false }
  const enrolled = {
    tokens: [],
    nodes: [{ name: 'rs1', key: 'cd'.repeat(32), at: 0, token: null, heartbeat }],
    ring: 1,
  }
  const publication = new Publication({ ...state, enrolled }, sha256, at(7))
  const now = view(7, { publication })
  const first = due(followed({ revision: 6, sum: sumAt(6) }), now)
  expect(first.messages.map(({ kind }) => kind)).toEqual(['keys', 'change', 'facts', 'coordinators'])
  expect(first.messages[0]).toMatchObject({ ring: { number: 1, nodes: [{ name: 'rs1' }] } })
  expect(due(first.session, now).messages).toEqual([])
})

test('what was worked out for one state serves the next, and is still true', () => {
  const first = at(6)
  first.answer({ revision: 5, sum: sumAt(5) })
  const next = new Publication(stateAt(7), sha256, first)
  expect(next.answer({ revision: 6, sum: sumAt(6) })).toEqual(at(7).answer({ revision: 6, sum: sumAt(6) }))
  expect(next.answer({ revision: 5, sum: sumAt(5) })).toEqual(at(7).answer({ revision: 5, sum: sumAt(5) }))
  // The same for all who ask.
  expect(next.answer({ revision: 5, sum: sumAt(5) })).toEqual(next.answer({ revision: 5, sum: sumAt(5) }))
})

test('what was worked out for a revision that is forgotten since serves nobody: who has that gets the whole', () => {
  const first = at(5)
  expect(first.answer({ revision: 2, sum: sumAt(2) })).toMatchObject({ news: { kind: 'change', from: 2 } })
  const next = new Publication(stateAt(7), sha256, new Publication(stateAt(6), sha256, first))
  expect(next.answer({ revision: 2, sum: sumAt(2) })).toEqual(at(7).answer({ revision: 2, sum: sumAt(2) }))
  expect(next.answer({ revision: 2, sum: sumAt(2) })).toMatchObject({ news: { kind: 'whole' } })
})

test('news come first, then the facts, then who the coordinators are; each again only when it is another', () => {
  expect(due(NEW_SESSION, view(7)).messages).toEqual([])
  const one = view(6)
  const first = due(followed({ revision: 5, sum: sumAt(5) }), one)
  expect(first.messages.map(({ kind }) => kind)).toEqual(['change', 'facts', 'coordinators'])
  expect(due(first.session, one).messages).toEqual([])
  const publication = new Publication(stateAt(7), sha256, one.publication)
  const second = due(first.session, { ...one, publication })
  expect(second.messages).toMatchObject([{ kind: 'change', from: 6, to: 7 }])
  const moved = due(second.session, { ...one, publication, coordinators: [] })
  expect(moved.messages).toEqual([{ kind: 'coordinators', list: [] }])
})

test('who says that it has the newest is told the facts all the same: it knows then that nothing is missing', () =>
  expect(due(followed({ revision: 7, sum: sumAt(7) }), view(7)).messages.map(({ kind }) => kind)).toEqual([
    'facts',
    'coordinators',
  ]))

test('without a leader everybody is sent to others', () => {
  const { session, messages } = due(followed({ revision: 5, sum: sumAt(5) }), view(7, { leaderless: true }))
  expect(messages).toEqual([{ kind: 'refused', refusal: expect.objectContaining({ code: 'no-leader' }) }])
  expect(due(session, view(7, { leaderless: true })).messages).toEqual([])
})

test('what a node uses is kept since when it began, until the node is in the cluster no more', () => {
  const applied = new AppliedRevisions()
  applied.note('rs1', { revision: 3 }, instant(10))
  applied.note('rs1', { revision: 3, ring: 2 }, instant(20))
  applied.note('rs2', { revision: 4 }, instant(30))
  applied.note('rs2', { revision: 2 }, instant(40))
  expect([...applied.all()]).toEqual([
    ['rs1', { revision: 3, since: 10, ring: 2 }],
    ['rs2', { revision: 2, since: 40 }],
  ])
  applied.keep(new Set(['rs2']))
  expect([...applied.all().keys()]).toEqual(['rs2'])
})
