/** Joining again: a machine whose first answer was lost, by the token that it has. */
import { applyEntry, beginState, parseDocument } from '@lvsm/changes'
import { expect, test } from 'vitest'
import { SAMPLE_DOCUMENT } from '../../test/kit/configuration.ts'
import { joinPreviewReply } from './join.ts'

const { document } = parseDocument(SAMPLE_DOCUMENT)
if (!document) throw new Error('the sample has faults')
const KEY = 'ab'.repeat(32)
const DIGEST = '0d'.repeat(32)

const made = (id: string, node: string | null) =>
  ({
    kind: 'token',
    id,
    digest: DIGEST,
    uses: 1,
    until: 1000,
    node,
    roles: [],
    author: 'root',
    at: Number(id),
  }) as const
const enrol = (id: string, key = KEY) =>
  ({ kind: 'enrol', id, digest: DIGEST, name: 'rs1', key, node: null, model: 1, at: 2 }) as const

test.each([[['00000001']], [['00000001', '00000002']]])(
  'a machine that came in by %s may ask again by the last',
  (ids) => {
    const begun = beginState(document, { at: 0, author: 'init', comment: '' })
    const entries = ids.flatMap((id) => [made(id, 'rs1'), enrol(id)])
    const state = entries.reduce((before, entry) => applyEntry(before, entry).state, begun)
    expect(state.enrolled.nodes).toMatchObject([{ name: 'rs1', key: KEY }])
    const ask = (name: string) => {
      const body = { token: { id: ids.at(-1) ?? '', secret: '' }, name, node: null, model: 1 }
      return joinPreviewReply(state, body, { digest: DIGEST, at: 3 }, { members: [], heartbeatKeys: [] })
    }
    expect(ask('rs1')).toMatchObject({ status: 200, body: { present: true } })
    expect(ask('rs2')).toMatchObject({ status: 403 })
  },
)

test('a machine that was replaced is not told that its old token lets it in', () => {
  const begun = beginState(document, { at: 0, author: 'init', comment: '' })
  const [first, second] = ['00000001', '00000002'] as const
  const entries = [made(first, 'rs1'), enrol(first), made(second, 'rs1'), enrol(second, 'cd'.repeat(32))]
  const state = entries.reduce((before, entry) => applyEntry(before, entry).state, begun)
  expect(state.enrolled.nodes).toMatchObject([{ name: 'rs1', key: 'cd'.repeat(32) }])
  const ask = (id: string) => {
    const body = { token: { id, secret: '' }, name: 'rs1', node: null, model: 1 }
    return joinPreviewReply(state, body, { digest: DIGEST, at: 3 }, { members: [], heartbeatKeys: [] }).status
  }
  expect([ask(first), ask(second)]).toEqual([403, 200])
})
