import { applyEntry, beginState, parseDocument, renderDocument } from '@lvsm/changes'
import { changeReport } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { SAMPLE_DOCUMENT } from '../../test/kit/configuration.ts'
import { historyReply, revisionReply } from './answers.ts'
import { baseOf } from './request.ts'
import { changeEntry, changeReply, intentPreviewReply, previewReply } from './writes.ts'

const BY = { author: 'alice', at: 5 }
const { document } = parseDocument(SAMPLE_DOCUMENT)
if (!document) throw new Error('the sample has faults')
const STATE = beginState(document, { at: 0, author: 'init', comment: '' })
const set = (weight: number) =>
  ({
    command: {
      verb: 'set',
      noun: 'server',
      which: { service: 'http', server: 'rs1' },
      values: { weight },
      model: 1,
    },
  }) as const

describe('the base of a change', () => {
  it.each<[number | null | undefined, string | undefined, unknown]>([
    [undefined, undefined, { base: undefined }],
    [3, undefined, { base: 3 }],
    [null, undefined, { base: null }],
    [undefined, '"3"', { base: 3 }],
    [undefined, '*', { base: null }],
    [3, '"3"', { base: 3 }],
    [null, '*', { base: null }],
    [3, '"4"', { reply: { status: 400 } }],
    [3, '*', { reply: { status: 400 } }],
    [undefined, '3', { reply: { status: 400 } }],
    [undefined, 'W/"3"', { reply: { status: 400 } }],
    [undefined, '"1", "2"', { reply: { status: 400 } }],
  ])('said as %j and %j', (said, ifMatch, found) => expect(baseOf(said, ifMatch)).toMatchObject(found as object))

  it('is what an exported document says of itself, unless the request says another', () => {
    const yaml = renderDocument(document, 7)
    const entry = (base: { base?: number | null }) =>
      changeEntry({ change: { yaml }, comment: '', ...base }, undefined, BY, STATE)
    expect(entry({})).toMatchObject({ entry: { base: 7, author: 'alice', at: 5, command: { verb: 'apply' } } })
    expect(entry({ base: 9 })).toMatchObject({ entry: { base: 9 } })
    expect(entry({ base: null })).toMatchObject({ entry: { base: null } })
    const fresh = { yaml: renderDocument(document, 0) }
    expect(changeEntry({ change: fresh, comment: '' }, undefined, BY, STATE)).toMatchObject({ reply: { status: 428 } })
  })
})

describe('one vote more, or one less', () => {
  const voting = (voter: unknown, more: object = {}, node = 'rs1') =>
    ({ command: { verb: 'set', noun: 'node', which: { node }, values: { voter, ...more }, model: 1 } }) as never
  const entry = (change: never) => changeEntry({ change, base: null, comment: '' }, undefined, BY, STATE)
  it.each<[string, never, object]>([
    ['goes', voting(false), { kind: 'voters', epoch: 2, add: null, remove: 'rs1', author: 'alice' }],
    ['goes, when nothing is said of it any more', voting(null), { kind: 'voters', remove: 'rs1' }],
    ['comes', voting(true, {}, 'rs2'), { kind: 'voters', epoch: 2, add: 'rs2', remove: null }],
    ['is there already', voting(true), { kind: 'change' }],
    ['is none', voting('perhaps'), { kind: 'change' }],
    ['comes with something else', voting(false, { coordinator: true }), { kind: 'change' }],
    ['is of nobody', voting(true, {}, 'rs9'), { kind: 'change' }],
  ])('%s: the entry is %s', (_, change, wanted) => expect(entry(change)).toMatchObject({ entry: wanted }))
  it('counts on the revision that it was made on, as every change, and is signed as one', () => {
    const { state } = applyEntry(STATE, { ...BY, kind: 'change', comment: '', base: 1, command: set(4).command })
    const made = (base: { base?: number }) => {
      const read = changeEntry({ change: voting(false), comment: 'it is slow', ...base }, undefined, BY, state)
      return 'entry' in read ? applyEntry(state, read.entry) : read
    }
    const change = [{ path: ['services', 'http', 'realservers', 'rs1', 'weight'], to: 4 }]
    expect(made({ base: 1 })).toMatchObject({
      outcome: { kind: 'refused', refusals: [{ code: 'stale-revision' }] },
    })
    expect(previewReply(state, { change: voting(false), comment: '', base: 1 }, undefined)).toMatchObject({
      status: 409,
      body: { since: { change } },
    })
    expect(made({})).toMatchObject({ reply: { status: 428 } })
    expect(made({ base: 2 })).toMatchObject({
      outcome: { kind: 'changed', revision: { number: 3, comment: 'rs1 votes no more: epoch 2: it is slow' } },
    })
  })
  it('is shown beforehand, and refused with anything else', () => {
    const seen = (change: never) => previewReply(STATE, { change, base: null, comment: '' }, undefined)
    expect(seen(voting(false))).toMatchObject({ status: 200 })
    expect(seen(voting(false, { coordinator: true }))).toMatchObject({
      body: { refusals: [{ code: 'voters-would-change', hint: expect.stringMatching(/voter=false/) }] },
    })
  })
})

describe('what came of a change', () => {
  const outcome = (weight: number, base: number | null) => {
    const made = changeEntry({ change: set(weight), base, comment: '' }, undefined, BY, STATE)
    if (!('entry' in made)) throw new Error('refused')
    const { state, outcome } = applyEntry(STATE, made.entry)
    return changeReply({ kind: 'done', outcome, state }, base)
  }
  it('is a revision, or null where everything was so before', () => {
    expect(outcome(4, 1)).toMatchObject({ status: 200, revision: 2, body: { revision: 2, newest: 2 } })
    expect(outcome(1, 1)).toMatchObject({ status: 200, revision: 1, body: { revision: null, newest: 1, lines: [] } })
  })
  it('says of a stale one what changed since, where that is kept yet', () => {
    const { state } = applyEntry(STATE, { ...BY, kind: 'change', comment: '', base: 1, command: set(4).command })
    const made = changeEntry({ change: set(5), base: 1, comment: '' }, undefined, BY, state)
    if (!('entry' in made)) throw new Error('refused')
    const { outcome } = applyEntry(state, made.entry)
    expect(outcome).not.toHaveProperty('since')
    const [newest] = state.history.revisions.slice(-1)
    expect(changeReply({ kind: 'done', outcome, state }, 1)).toMatchObject({
      status: 409,
      body: { refusals: [{ code: 'stale-revision' }], since: { change: newest?.change, lines: [{ kind: 'change' }] } },
    })
    const short = { ...state, history: { ...state.history, revisions: state.history.revisions.slice(-1) } }
    expect(changeReply({ kind: 'done', outcome, state: short }, 1).body).not.toHaveProperty('since')
  })
  it('is never read as another end: each has a status and a shape of its own', () => {
    const refusal = { code: 'no-leader', message: 'none' }
    const unknown = changeReply({ kind: 'unknown' }, 1)
    const replies = [outcome(4, 1), outcome(-1, 1), changeReply({ kind: 'refused', refusal }, 1), unknown]
    expect(replies.map(({ status }) => status)).toEqual([200, 422, 503, 202])
    expect(replies.map(({ body }) => changeReport.safeParse(body).success)).toEqual([true, false, false, true])
    expect(unknown.body).toMatchObject({ outcome: 'unknown' })
  })
})

describe('what would be', () => {
  it('is shown with what each node would do, on the newest revision where none is named', () => {
    const reply = previewReply(STATE, { change: set(4), comment: '' }, undefined)
    expect(reply).toMatchObject({
      status: 200,
      body: {
        base: 1,
        lines: [{ kind: 'change', text: 'service http, server rs1: weight 1 → 4' }],
        nodes: [{ node: 'dir1' }, { node: 'dir2' }],
      },
    })
    expect(previewReply(STATE, { change: set(-4), comment: '' }, undefined)).toMatchObject({ status: 422 })
  })
  it('is refused of a node that is a coordinator, as it is when it is done', () => {
    const values = { roles: ['realserver'], links: [{ name: 'inside', address: '10.12.0.19' }] }
    const node = { noun: 'node', which: { node: 'rs9' }, model: 1 } as const
    const added = { command: { verb: 'add', ...node, values } } as const
    const { state } = applyEntry(STATE, { ...BY, kind: 'change', comment: '', base: 1, ...added })
    const body = { change: { command: { verb: 'remove', ...node } }, comment: '' } as const
    const member = { name: 'rs9', addresses: [{ host: '10.12.0.19', port: 7446 }], key: 'ab'.repeat(32) }
    expect(previewReply(state, body, undefined, [member])).toMatchObject({
      status: 422,
      body: { refusals: [{ code: 'still-coordinator' }] },
    })
    expect(previewReply(state, body, undefined, [])).toMatchObject({ status: 200 })
  })
  it('is shown of what operators want, too, and kept by nobody', () => {
    const subject = { kind: 'server', node: 'rs1', service: null } as const
    const command = { verb: 'drain', subject, forMs: 60_000, comment: '', model: 1 } as const
    expect(intentPreviewReply(STATE, { command }, BY)).toMatchObject({
      status: 200,
      body: { added: [{ intent: 'drain', until: 60_005, author: 'alice' }], removed: [] },
    })
    expect(STATE.facts.list).toEqual([])
  })
})

describe('the history', () => {
  it('comes in pages, newest first, each with the way to the next', () => {
    const entries = [2, 3, 4, 5].map((weight) =>
      changeEntry({ change: set(weight), base: null, comment: '' }, undefined, BY, STATE),
    )
    const state = entries.reduce(
      (before, made) => ('entry' in made ? applyEntry(before, made.entry).state : before),
      STATE,
    )
    const page = (before: number | undefined) =>
      historyReply(state, { limit: 2, stale: false, ...(before === undefined ? {} : { before }) }).body as {
        readonly revisions: readonly { readonly number: number }[]
        readonly next: number | null
      }
    const pages = [page(undefined), page(4), page(2)]
    expect(pages.map(({ revisions, next }) => [revisions.map(({ number }) => number), next])).toEqual([
      [[5, 4], 4],
      [[3, 2], 2],
      [[1], null],
    ])
    expect(revisionReply(state, { number: 5, stale: false }).body).toMatchObject({ revision: { number: 5 } })
    expect(revisionReply(state, { number: 6, stale: false }).status).toBe(404)
  })
})
