import { checkConfig } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import type { Action } from '../command/command.ts'
import { COMMAND_MODEL } from '../command/version.ts'
import { type Document, writtenOf } from '../document/document.ts'
import { deepFreeze, DOCUMENT } from '../fixture.ts'
import { commit } from './commit.ts'
import { applyDifferences, diffDocuments, inverse } from './difference.ts'
import {
  addRevision,
  beginHistory,
  differenceBetween,
  documentAt,
  type History,
  newestOf,
  refuseStale,
  revisionAt,
} from './history.ts'
import { lineText, linesOf, summaryOf } from './lines.ts'
import { whatNodesWouldDo } from './nodes.ts'
import { type Preview, preview } from './preview.ts'

const signature = (author = 'alice') => ({ at: 1000, author, comment: 'why' })
const weight = (value: number, server = 'rs1'): Action => ({
  verb: 'set',
  noun: 'server',
  which: { service: 'http', server },
  values: { weight: value },
})
const write = (history: History, action: Action, base: number | null = null, author?: string) =>
  commit(deepFreeze(history), deepFreeze({ command: { model: COMMAND_MODEL, ...action }, base }), signature(author), {
    finalized: 1,
    voters: 'stay',
  })
function written(history: History, ...actions: readonly Action[]): History {
  return actions.reduce((before, action) => {
    const result = write(before, action)
    if (!result.history) throw new Error(JSON.stringify(result.refusals))
    return result.history
  }, history)
}
const begin = (limit?: number): History => beginHistory(DOCUMENT, signature(), COMMAND_MODEL, limit)
const weightOf = (document: Document | null): unknown => document?.services['http']?.realservers?.['rs1']?.weight

describe('revisions', () => {
  it('have number, time, author, comment and the change', () => {
    const { revision, config } = write(begin(), weight(5), 1, 'bob')
    expect(revision).toEqual({
      number: 2,
      at: 1000,
      author: 'bob',
      comment: 'why',
      model: 1,
      change: [{ path: ['services', 'http', 'realservers', 'rs1', 'weight'], from: 1, to: 5 }],
      size: 75,
    })
    expect(config?.revision).toBe(2)
    expect(linesOf(begin().revisions[0]?.change ?? []).map(lineText)).toContain(
      '+ service https: group web, address 10.11.0.10, port 443, protocol tcp, scheduler wlc, pool secure',
    )
  })
  it('what changes nothing is none', () => {
    const history = begin()
    expect(write(history, weight(1), 1)).toMatchObject({ history, revision: null, change: [], config: { revision: 1 } })
  })
  it('each has its document', () => {
    const history = written(
      begin(),
      weight(2),
      weight(3),
      { verb: 'remove', noun: 'service', which: { service: 'https' } },
      weight(4),
    )
    expect([1, 2, 3, 4, 5].map((number) => weightOf(documentAt(history, number)))).toEqual([1, 2, 3, 3, 4])
    expect(JSON.stringify(documentAt(history, 1))).toBe(JSON.stringify(DOCUMENT))
    expect(documentAt(history, 6)).toBeNull()
    expect(differenceBetween(history, 2, 4)?.map(({ path }) => path.join('.'))).toEqual([
      'services.http.realservers.rs1.weight',
      'services.https',
    ])
    expect(differenceBetween(history, 0, 4)).toBeNull()
  })
  it('so many are kept, and no more', () => {
    const history = written(begin(3), weight(2), weight(3), weight(4), weight(5))
    expect(history.revisions.map(({ number }) => number)).toEqual([3, 4, 5])
    expect([documentAt(history, 2), weightOf(documentAt(history, 3))]).toEqual([null, 3])
    expect(write(history, { verb: 'rollback', revision: 2 }).refusals).toMatchObject([{ code: 'unknown-revision' }])
    expect(begin().limit).toBe(1000)
  })
  it('so many as the document says, from the change on that says so', () => {
    const keep = (kept: number | null): Action => ({
      verb: 'set',
      noun: 'cluster',
      which: {},
      values: { 'kept-revisions': kept },
    })
    const history = written(begin(), weight(2), weight(3), keep(2))
    expect(history.revisions.map(({ number }) => number)).toEqual([3, 4])
    expect(written(history, keep(null), weight(4)).revisions.map(({ number }) => number)).toEqual([3, 4, 5, 6])
    for (const none of [0, 1.5, 10_001]) expect(write(history, keep(none)).refusals).toHaveLength(1)
  })
})

it('so much room is taken, and no more: the newest is always there', () => {
  const signed = { at: 0, author: 'x', comment: '', model: 1 }
  const change = (size: number) => [{ path: ['cluster'], to: 'x'.repeat(size - 30) }]
  let history = begin()
  for (const size of [400, 300, 300]) history = addRevision(history, DOCUMENT, { ...signed, change: change(size) }, 700)
  expect(history.revisions.map(({ number, size }) => [number, size])).toEqual([
    [3, 300],
    [4, 300],
  ])
  history = addRevision(history, DOCUMENT, { ...signed, change: change(900) }, 700)
  expect(history.revisions.map(({ number }) => number)).toEqual([5])
})

describe('a rollback', () => {
  it('makes an older document the newest, as a change of its own', () => {
    const history = written(begin(), weight(2), { verb: 'remove', noun: 'service', which: { service: 'https' } })
    const { history: next, revision } = write(history, { verb: 'rollback', revision: 1 }, 3)
    expect(revision).toMatchObject({ number: 4, rollbackTo: 1 })
    expect(JSON.stringify(next?.document)).toBe(JSON.stringify(DOCUMENT))
    expect(linesOf(revision?.change ?? []).map(lineText)).toEqual([
      '~ service http, server rs1: weight 2 → 1',
      '+ service https: group web, address 10.11.0.10, port 443, protocol tcp, scheduler wlc, pool secure',
    ])
  })
  it('is refused where the older document no longer keeps the rules', () => {
    // As if a rule had been added since: the older one has a VIP that a node has for itself.
    const bad = {
      ...DOCUMENT,
      groups: {
        web: { ...DOCUMENT.groups['web'], vips: { ...DOCUMENT.groups['web']?.vips, '10.11.0.1': { prefix: 24 } } },
      },
    } as Document
    const history = written(beginHistory(bad, signature(), 1), { verb: 'apply', file: writtenOf(DOCUMENT, 0) })
    expect(write(history, { verb: 'rollback', revision: 1 }).refusals).toMatchObject([
      { code: 'vip-is-node-address', field: 'groups.web.vips.10.11.0.1' },
    ])
  })
})

describe('a write says on what it was made', () => {
  const history = written(begin(), weight(2), weight(3, 'rs2'))
  it('on the newest: good', () => expect(write(history, weight(9), 3).revision?.number).toBe(4))
  it('on another: refused, with what changed since', () => {
    const { refusals, ...rest } = write(history, weight(9), 1)
    expect(refusals).toEqual([
      {
        code: 'stale-revision',
        field: 'revision',
        message: 'this was made on revision 1, and the newest is 3; changed since by alice',
        hint: 'look at what changed since (lvsm config diff 1 3), and make the change on revision 3',
      },
    ])
    expect(linesOf(differenceBetween(history, 1, 3) ?? []).map(lineText)).toEqual([
      '~ service http, server rs1: weight 1 → 2',
      '~ service http, server rs2: weight 1 → 3',
    ])
    expect(rest).toEqual({})
  })
  it('on whatever is there, where its author says so', () =>
    expect(write(history, weight(9), null).revision?.number).toBe(4))
  it.each([4, 0, -1, 1.5, Number.NaN])('on revision %d, which is none', (base) =>
    expect(write(history, weight(9), base)).toEqual({
      refusals: [expect.objectContaining({ code: 'unknown-revision' })],
    }),
  )
  it('on one that is no longer kept: the difference cannot be told', () => {
    const short = written(begin(1), weight(2), weight(3))
    expect(refuseStale(short, 1)).toMatchObject({ code: 'stale-revision' })
    expect(differenceBetween(short, 1, 3)).toBeNull()
    expect([newestOf(short), revisionAt(short, 1), revisionAt(short, 3)?.number]).toEqual([3, undefined, 3])
  })
})

describe('differences', () => {
  const { document: other = DOCUMENT } = write(
    written(begin(), { verb: 'set', noun: 'check', which: { service: 'https' }, values: { type: 'none' } }),
    {
      verb: 'remove',
      noun: 'check',
      which: { service: 'http' },
    },
  )
  it('lead there and back', () => {
    const there = diffDocuments(DOCUMENT, other)
    expect(JSON.stringify(applyDifferences(DOCUMENT, there))).toBe(JSON.stringify(other))
    expect(JSON.stringify(applyDifferences(other, inverse(there)))).toBe(JSON.stringify(DOCUMENT))
    expect(diffDocuments(other, other)).toEqual([])
  })
  it('copy a mapping once, however many of them are in it, and never what they were given', () => {
    let copied = 0
    const services = new Proxy(DOCUMENT.services, {
      ownKeys: (target) => {
        copied += 1
        return Reflect.ownKeys(target)
      },
    })
    const many = Array.from({ length: 100 }, (_, at) => ({
      path: ['services', 'http', 'realservers', 'rs1', 'weight'],
      to: at,
    }))
    const after = applyDifferences({ ...DOCUMENT, services }, many)
    expect([after.services['http']?.realservers?.['rs1']?.weight, copied]).toEqual([99, 1])
    const given = deepFreeze({ a: { b: 1 } })
    const odd = [
      { path: ['x'], to: given },
      { path: ['x', 'a', 'b'], to: 2 },
      { path: ['x', '__proto__', 'weight'], to: 3 },
      { path: ['x', 'a', 'none'] },
    ]
    const made: unknown = Reflect.get(applyDifferences(DOCUMENT, odd), 'x')
    expect(JSON.stringify(made)).toBe('{"__proto__":{"weight":3},"a":{"b":2}}')
    expect([given, Reflect.get({}, 'weight')]).toEqual([{ a: { b: 1 } }, undefined])
  })
  it('have one line at the end', () => {
    expect(summaryOf(linesOf(diffDocuments(DOCUMENT, other)))).toBe('none added, 6 changed, none removed')
    expect(summaryOf([])).toBe('no difference')
  })
  it('paint nothing', () => expect(lineText({ kind: 'add', text: 'a\u001b[2Jb' })).toBe('+ a\u{fffd}[2Jb'))
})

describe('what each node would do', () => {
  const plan = (action: Action): string[] => {
    const before = checkConfig(JSON.stringify(writtenOf(DOCUMENT, 1))).config
    const { config: after } = write(begin(), action)
    if (!before || !after) throw new Error('accepted')
    return whatNodesWouldDo(before, after).flatMap(({ node, lines }) =>
      lines.map((line) => `${node} ${lineText(line)}`),
    )
  }
  it('a weight: the directors change one entry', () =>
    expect(plan(weight(5))).toEqual(
      ['dir1', 'dir2'].map(
        (node) => `${node} ~ realserver rs1 10.11.0.11:80 of tcp 10.11.0.10:80: dr, weight 1 → dr, weight 5`,
      ),
    ))
  it('a realserver less: its default route goes', () =>
    expect(plan({ verb: 'remove', noun: 'server', which: { service: 'http', server: 'rs3' } })).toEqual([
      'dir1 - realserver rs3 10.12.0.13:8080 of tcp 10.11.0.10:80: nat through 10.12.0.254, weight 1',
      'dir2 - realserver rs3 10.12.0.13:8080 of tcp 10.11.0.10:80: nat through 10.12.0.254, weight 1',
      'rs3 - default route: through 10.12.0.254',
    ]))
  it('timing: everybody', () =>
    expect(plan({ verb: 'set', noun: 'timing', which: {}, values: { drain: '100ms' } })).toHaveLength(5))
  it('before it is written', () => {
    const { config } = checkConfig(JSON.stringify(writtenOf(DOCUMENT, 1)))
    if (!config) throw new Error('the document is a configuration')
    const asked = (base: number, value: number) =>
      preview(
        begin(),
        config,
        { command: { model: COMMAND_MODEL, ...weight(value) }, base },
        { finalized: 1, voters: 'stay' },
      )
    const { nodes = [], change = [] } = asked(1, 5) as Extract<Preview, { nodes: unknown }>
    expect([change.length, nodes.map(({ node }) => node)]).toEqual([1, ['dir1', 'dir2']])
    expect(asked(1, 1)).toMatchObject({ change: [], nodes: [] })
    expect(asked(2, 5)).toMatchObject({ refusals: [{ code: 'unknown-revision' }] })
  })
  it('a VIP: the directors may own it', () =>
    expect(plan({ verb: 'add', noun: 'vip', which: { group: 'web', vip: '10.11.0.20/24' }, values: {} })).toEqual(
      ['dir1', 'dir2'].map(
        (node) =>
          `${node} ~ may own group web: 10.11.0.10/24, 10.12.0.254/24, preference dir1, dir2, pings 10.11.0.100 → 10.11.0.10/24, 10.11.0.20/24, 10.12.0.254/24, preference dir1, dir2, pings 10.11.0.100`,
      ),
    ))
  it('a voter more: everybody counts its vote', () => {
    const { config } = checkConfig(JSON.stringify(writtenOf(DOCUMENT, 1)))
    if (!config) throw new Error('the document is a configuration')
    const nodes = config.nodes.map((one) => (one.name === 'rs2' ? { ...one, voter: true } : one))
    const lines = whatNodesWouldDo(config, { ...config, nodes }).flatMap((one) => one.lines.map(lineText))
    expect(lines).toEqual(Array(5).fill(expect.stringMatching(/^~ heartbeats (with rs2|from): (.*) → \2, a voter$/)))
  })
  it('a new node: everybody hears it, and it begins', () => {
    const lines = plan({
      verb: 'add',
      noun: 'node',
      which: { node: 'rs4' },
      values: { roles: ['realserver'], links: [{ name: 'inside', address: '10.12.0.14' }] },
    })
    expect(lines.filter((line) => !line.startsWith('rs4'))).toEqual(
      ['dir1', 'dir2', 'rs1', 'rs2', 'rs3'].map((node) => `${node} + heartbeats with rs4: inside 10.12.0.14:6940`),
    )
    expect(lines).toContain('rs4 + roles: realserver')
  })
})
