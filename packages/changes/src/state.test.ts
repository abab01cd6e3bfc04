/** One log, whatever stands in it, is one state: on every coordinator, and on one that begins from a snapshot. */
import { decodeEntry, encodeEntry, type Entry, snapshot } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import type { Action } from './command/command.ts'
import { idleFacts } from './intent/consequences.ts'
import { deepFreeze, DOCUMENT } from './fixture.ts'
import { documentAt, newestOf } from './revision/history.ts'
import { applyEntry, beginState, snapshotOf, type State, stateOf } from './state.ts'

const SIGNATURE = { at: 0, author: 'init', comment: '' }
const change = (action: Action, base: number | null = null): Entry => ({
  kind: 'change',
  author: 'alice',
  at: 1000,
  comment: '',
  base,
  command: { model: 1, ...action },
})
const weight = (value: number, base: number | null = null): Entry =>
  change({ verb: 'set', noun: 'server', which: { service: 'http', server: 'rs1' }, values: { weight: value } }, base)
const drain = (forMs: number | null): Entry => ({
  kind: 'intent',
  author: 'bob',
  at: 2000,
  command: { model: 1, verb: 'drain', subject: { kind: 'server', node: 'rs1', service: null }, forMs, comment: 'disk' },
})
const LOG: readonly Entry[] = [
  weight(2, 1),
  drain(5000),
  weight(3, 1),
  weight(-1),
  change({ verb: 'remove', noun: 'service', which: { service: 'https' } }),
  change({ verb: 'rollback', revision: 1 }),
  weight(1),
  { kind: 'expire', at: 6999 },
]
const run = (state: State, log: readonly Entry[]): State =>
  log.reduce((before, entry) => applyEntry(deepFreeze(before), deepFreeze(entry)).state, state)
const outcomes = (log: readonly Entry[]): string[] => {
  let state = beginState(DOCUMENT, SIGNATURE)
  return log.map((entry) => {
    const step = applyEntry(state, entry)
    state = step.state
    const { outcome } = step
    return outcome.kind === 'refused'
      ? `refused: ${outcome.refusals.map(({ code }) => code).join()}`
      : outcome.kind === 'changed'
        ? `revision ${outcome.revision?.number ?? 'none'}`
        : outcome.kind
  })
}

it('a realserver of a pool that no service uses can be drained; one of nothing cannot', () => {
  const spare = change({
    verb: 'add',
    noun: 'pool',
    which: { pool: 'spare' },
    values: { realservers: [{ node: 'rs3', address: '10.12.0.13', forward: 'nat', gateway: '10.12.0.254' }] },
  })
  const out = change({ verb: 'remove', noun: 'server', which: { service: 'http', server: 'rs3' } })
  const of = (node: string, service: string | null): Entry => ({
    ...{ kind: 'intent', author: 'bob', at: 2000 },
    command: { model: 1, verb: 'drain', subject: { kind: 'server', node, service }, forMs: null, comment: '' },
  })
  expect(outcomes([out, of('rs3', null), spare, of('rs3', null), of('rs3', 'http'), of('dir1', null)])).toEqual([
    'revision 2',
    'refused: unknown-server',
    'revision 3',
    'wanted',
    'refused: unknown-server',
    'refused: unknown-server',
  ])
})

describe('a log', () => {
  it('has one outcome for each entry', () =>
    expect(outcomes(LOG)).toEqual([
      'revision 2',
      'wanted',
      'refused: stale-revision',
      'refused: out-of-range',
      'revision 3',
      'revision 4',
      'revision none',
      'expired',
    ]))

  it('of refusals alone leaves the state as it was', () => {
    const begun = beginState(DOCUMENT, SIGNATURE)
    expect(
      run(begun, [weight(3, 9), weight(-1), change({ verb: 'rollback', revision: 2 }), { kind: 'expire', at: 1 }]),
    ).toEqual(begun)
  })

  it('goes on from a snapshot at any place as if it had never been cut', () => {
    const whole = run(beginState(DOCUMENT, SIGNATURE), LOG)
    for (const at of LOG.keys()) {
      const before = run(beginState(DOCUMENT, SIGNATURE), LOG.slice(0, at))
      const sent: unknown = JSON.parse(JSON.stringify(snapshotOf(before)))
      const again = stateOf(snapshot.parse(sent))
      expect(again).toEqual(before)
      expect(JSON.stringify(again && run(again, LOG.slice(at)))).toBe(JSON.stringify(whole))
    }
  })

  it('is the same after its way through JSON', () => {
    const read = LOG.map((entry) => decodeEntry(encodeEntry(entry))).flatMap((one) => (one.ok ? [one.entry] : []))
    expect(JSON.stringify(run(beginState(DOCUMENT, SIGNATURE), read))).toBe(
      JSON.stringify(run(beginState(DOCUMENT, SIGNATURE), LOG)),
    )
  })
})

describe('facts', () => {
  it('survive a rollback to a time before them, and the end of what they are about', () => {
    const drained = run(beginState(DOCUMENT, SIGNATURE), [weight(2), drain(null)])
    const back = run(drained, [change({ verb: 'rollback', revision: 1 })])
    expect([back.facts, newestOf(back.history)]).toEqual([drained.facts, 3])
    const gone = ['http', 'secure'].map((one) =>
      change({
        verb: 'remove',
        noun: 'server',
        which: one === 'http' ? { service: one, server: 'rs1' } : { pool: one, server: 'rs1' },
      }),
    )
    const without = run(back, gone)
    expect([
      without.config.services.some(({ realservers }) => realservers.some(({ node }) => node === 'rs1')),
      without.facts,
      idleFacts(without.facts, without.config).length,
      idleFacts(back.facts, back.config),
    ]).toEqual([false, drained.facts, 1, []])
  })
  it('end when their time has come', () => {
    const drained = run(beginState(DOCUMENT, SIGNATURE), [drain(5000)])
    expect(run(drained, [{ kind: 'expire', at: 7000 }]).facts.list).toEqual([])
    expect(drained.facts.list).toMatchObject([{ author: 'bob', since: 2000, until: 7000, comment: 'disk' }])
  })
})

describe('a snapshot is refused', () => {
  const good = snapshotOf(run(beginState(DOCUMENT, SIGNATURE), [weight(2), weight(3)]))
  it.each<[string, Parameters<typeof stateOf>[0]]>([
    ['without its document', { ...good, file: null }],
    ['with a document that breaks a rule', { ...good, file: { ...(good.file as object), 'sign-with': 9 } }],
    ['with a hole in its revisions', { ...good, revisions: good.revisions.filter(({ number }) => number !== 2) }],
    ['with another revision than its document', { ...good, revisions: good.revisions.slice(0, 2) }],
    ['without revisions', { ...good, revisions: [] }],
  ])('%s', (_, one) => expect(stateOf(one)).toBeNull())
  it('and a whole one is not', () => {
    const state = stateOf(good)
    expect(state && documentAt(state.history, 1)).toEqual(DOCUMENT)
  })
})
