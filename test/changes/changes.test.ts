/** Whatever operators do, one after the other: the document keeps its rules, and the way back is open. */
import {
  applyDifferences,
  beginHistory,
  commit,
  type Document,
  documentAt,
  documentOf,
  type History,
  inverse,
  lineText,
  linesOf,
  COMMAND_MODEL,
  MODEL_VERSION,
  parseDocument,
  renderDocument,
  whatNodesWouldDo,
  writtenOf,
} from '@lvsm/changes'
import { checkConfig, type Config, judge, nodeView } from '@lvsm/model'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deepFreeze, DOCUMENT } from '../../packages/changes/src/fixture.ts'
import { Writer } from '../sim/configurations/writer.ts'
import { Operator } from './operator.ts'

const RUNS = 40
const COMMANDS = 25
const LIMIT = 20

const textOf = (document: Document | null | undefined): string => JSON.stringify(document)

/** Without what a rollback leaves as it is: who votes. */
const voteless = (document: Document | undefined): string =>
  JSON.stringify(document, (key, value: unknown) => (key === 'voter' || key === 'epoch' ? undefined : value))
/** The text of `after` if each node that `before` has too voted as there; who votes is said by true alone. */
function withVotesOf(before: Document, after: Document): string {
  const same = Object.entries(after.nodes).every(([name, { voter }]) => {
    const was = Object.hasOwn(before.nodes, name) && before.nodes[name]?.voter === true
    return (voter === true) === was
  })
  return same ? textOf(after) : 'other voters'
}

function configOf(document: Document): Config {
  const { config, faults } = judge(writtenOf(document, 1))
  if (!config) throw new Error(JSON.stringify(faults))
  return config
}

/** What an accepted change has to be. */
function judgeChange(before: History, after: History, change: Parameters<typeof linesOf>[0]): void {
  const { document } = after
  expect(textOf(documentOf(writtenOf(document, 1))), 'canonical').toBe(textOf(document))
  expect(textOf(applyDifferences(before.document, change)), 'there').toBe(textOf(document))
  expect(textOf(applyDifferences(document, inverse(change))), 'back').toBe(textOf(before.document))
  const exported = renderDocument(document, 3)
  expect(textOf(parseDocument(exported).document), 'exported').toBe(textOf(document))
  expect(checkConfig(exported).config, 'means the same').toEqual({ ...configOf(document), revision: 3 })
  const lines = linesOf(change).map(lineText)
  expect(lines.length).toBeGreaterThan(0)
  expect(lines.join('\n')).not.toMatch(/undefined|\[object/)
  judgePlan(configOf(before.document), configOf(document))
}

/** Nodes that have the same to do have nothing to do, and the others have. */
function judgePlan(before: Config, after: Config): void {
  for (const { node, lines } of whatNodesWouldDo(before, after)) {
    const [was, is] = [before, after].map((config) => {
      const view = nodeView(config, node)
      // What it only looks at is nothing to do.
      const { serves: _, ownView, ...own } = view ?? { serves: [], ownView: null }
      return JSON.stringify([
        own,
        ownView && [ownView.looks, ownView.directors],
        config.timing,
        config.keys,
        config.signWith,
        view && config.nodes.map(({ roles: __, ...one }) => one),
      ])
    })
    expect(lines.length > 0, `${node}: ${lines.map(lineText).join('; ')}`).toBe(was !== is)
  }
}

test(`${RUNS} histories of ${COMMANDS} commands: the rules hold, and every revision can be had again`, {
  timeout: 120_000,
}, () => {
  const [done, refusedFor] = [new Map<string, number>(), new Map<string, number>()]
  const count = (map: Map<string, number>, key: string): unknown => map.set(key, (map.get(key) ?? 0) + 1)
  fc.assert(
    fc.property(fc.gen(), (gen) => {
      let history = beginHistory(deepFreeze(DOCUMENT), { at: 0, author: 'init', comment: '' }, MODEL_VERSION, LIMIT)
      const documents = [history.document]
      for (let at = 1; at <= COMMANDS; at++) {
        const action = deepFreeze(new Operator(gen, history.document, documents).command())
        const before = textOf(history.document)
        const voters = gen(fc.boolean) ? 'may-change' : 'stay'
        const command = { model: COMMAND_MODEL, ...action }
        const result = commit(
          deepFreeze(history),
          { command, base: null },
          { at, author: 'x', comment: '' },
          { finalized: 1, voters },
        )
        const what = 'noun' in action ? `${action.verb} ${action.noun}` : action.verb
        expect(textOf(history.document)).toBe(before)
        if (result.refusals) {
          expect(result.refusals.length).toBeGreaterThan(0)
          for (const { code, field, message, hint } of result.refusals) {
            expect([typeof field, message === '', hint === undefined], `${code} ${message}`).toEqual([
              'string',
              false,
              false,
            ])
            expect(`${field} ${message}`).not.toMatch(/undefined|\[object/)
            count(refusedFor, code)
          }
          continue
        }
        count(done, result.revision ? what : `${what}, which changes nothing`)
        if (!result.revision) continue
        judgeChange(history, result.history, result.change)
        if (action.verb === 'rollback') {
          expect(voteless(result.document)).toBe(voteless(documents[action.revision - 1]))
          expect(withVotesOf(history.document, result.document), 'votes stay').toBe(textOf(result.document))
        }
        history = result.history
        documents.push(history.document)
      }
      for (const [at, document] of documents.entries())
        expect(textOf(documentAt(history, at + 1))).toBe(at < documents.length - LIMIT ? 'null' : textOf(document))
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
  const nouns = 'node link group vip gateway pool service server override key'.split(' ')
  const all = [
    ...nouns.flatMap((noun) => ['add', 'set', 'remove'].map((verb) => `${verb} ${noun}`)),
    'set check',
    'remove check',
    'set timing',
    'remove timing',
    'set cluster',
    'apply',
    'rollback',
  ]
  // Chance leaves some out; each of them has an example beside `applyCommand`.
  expect(all.filter((what) => done.has(what)).length, JSON.stringify([...done])).toBeGreaterThan(all.length - 8)
  expect(refusedFor.size, JSON.stringify([...refusedFor])).toBeGreaterThan(15)
})

test('every configuration of the model is a document, and the document means the same', { timeout: 60_000 }, () => {
  let accepted = 0
  fc.assert(
    fc.property(fc.gen(), (gen) => {
      const text = new Writer(gen).write().replaceAll(/"secret":"\w+"/g, '"file":"key"')
      const { written, config } = checkConfig(text)
      if (!config) return
      accepted += 1
      const document = documentOf(deepFreeze(written))
      const { config: again } = judge(writtenOf(deepFreeze(document), config.revision))
      expect(sorted(again)).toEqual(sorted(config))
      const parsed = parseDocument(renderDocument(document, config.revision))
      expect([textOf(parsed.document), parsed.refusals, parsed.revision]).toEqual([
        textOf(document),
        undefined,
        config.revision,
      ])
    }),
    { numRuns: 200 },
  )
  expect(accepted).toBeGreaterThan(50)
})

/** Lists whose order means nothing, in one order. */
function sorted(config: Config | undefined): unknown {
  const by = <T>(list: readonly T[], key: (one: T) => string): T[] =>
    list.toSorted((one, other) => (key(one) < key(other) ? -1 : 1))
  if (!config) return null
  return {
    ...config,
    keys: by(config.keys, ({ id }) => String(id)),
    nodes: by(config.nodes, ({ name }) => name).map((node) => ({ ...node, roles: node.roles.toSorted() })),
    groups: by(config.groups, ({ name }) => name).map((group) => ({
      ...group,
      ping: group.ping.toSorted(),
      addresses: by(group.addresses, ({ kind, address }) => kind + address),
    })),
    receivers: by(config.receivers, ({ name }) => name),
    services: by(config.services, ({ name }) => name).map((service) => ({
      ...service,
      realservers: by(service.realservers, ({ address, port }) => `${address}:${port}`),
    })),
  }
}
