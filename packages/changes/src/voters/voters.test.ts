/** The lease's voters change one at a time, and by nothing else. */
import { decodeEntry, encodeEntry, type Entry, snapshot } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import type { Action } from '../command/command.ts'
import { deepFreeze, DOCUMENT } from '../fixture.ts'
import { applyEntry, beginState, snapshotOf, type State, stateOf } from '../state.ts'
import { writtenOf } from '../document/document.ts'
import { epochOf, votersOf } from './electorate.ts'

const step = (epoch: number, add: string | null, remove: string | null = null): Entry => ({
  kind: 'voters',
  author: 'lvsm',
  at: 2000,
  epoch,
  add,
  remove,
})
const change = (action: Action): Entry => ({
  kind: 'change',
  author: 'alice',
  at: 3000,
  comment: '',
  base: null,
  command: { model: 1, ...action },
})
const begin = (): State => beginState(DOCUMENT, { at: 0, author: 'init', comment: '' })
function run(...log: readonly Entry[]): { state: State; said: string[] } {
  let state = begin()
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
const sets = ({ history, electorate }: State) => [
  epochOf(history.document),
  votersOf(history.document),
  electorate.before,
]

describe('a step', () => {
  it('adds one or removes one, under the next number, and remembers who voted before', () => {
    const { state, said } = run(step(2, 'rs2'), step(3, null, 'rs1'))
    expect(said).toEqual(['changed', 'changed'])
    expect(sets(state)).toEqual([3, ['dir1', 'dir2', 'rs2'], ['dir1', 'dir2', 'rs1', 'rs2']])
    expect(state.history.revisions.at(-1)).toMatchObject({
      number: 3,
      author: 'lvsm',
      comment: 'rs1 votes no more: epoch 3',
    })
    expect(state.config.nodes.filter(({ voter }) => voter).map(({ name }) => name)).toEqual(['dir1', 'dir2', 'rs2'])
  })
  it.each<[string, string, readonly Entry[]]>([
    ['to an epoch that does not follow', 'stale-epoch', [step(3, 'rs2')]],
    ['twice', 'stale-epoch', [step(2, 'rs2'), step(2, 'rs2')]],
    ['of nobody', 'one-voter', [step(2, null)]],
    ['of two', 'one-voter', [step(2, 'rs2', 'rs1')]],
    ['of a stranger', 'unknown-node', [step(2, 'rs9')]],
    ['of who votes', 'no-step', [step(2, 'rs1')]],
    ['of who does not', 'no-step', [step(2, null, 'rs2')]],
    ['of the last', 'last-voter', [step(2, null, 'rs1'), step(3, null, 'dir2'), step(4, null, 'dir1')]],
  ])('%s is refused: %s', (_, code, log) => {
    expect(run(...log).said.at(-1)).toBe(code)
  })
  it('that was asked for on an older revision than the newest is refused, and changes nothing', () => {
    const weight = change({
      verb: 'set',
      noun: 'server',
      which: { service: 'http', server: 'rs1' },
      values: { weight: 9 },
    })
    const on = (base: number): Entry => ({ ...step(2, 'rs2'), base, comment: 'for the new rack' }) as Entry
    expect(run(weight, on(1)).said).toEqual(['changed', 'stale-revision'])
    const { state, said } = run(weight, on(2))
    expect(said).toEqual(['changed', 'changed'])
    expect(state.history.revisions.at(-1)?.comment).toBe('rs2 votes: epoch 2: for the new rack')
  })
  it('of a cluster that begins with an epoch waits for its voters: those before are not known', () => {
    const founded = beginState({ ...DOCUMENT, epoch: 7 }, { at: 0, author: 'init', comment: '' })
    expect(sets(founded)).toEqual([7, ['dir1', 'dir2', 'rs1'], ['dir1', 'dir2', 'rs1']])
    expect(begin().electorate.before).toEqual([])
  })
  it('comes through a snapshot', () => {
    const { state } = run(step(2, 'rs2'))
    const read = stateOf(snapshot.parse(JSON.parse(JSON.stringify(snapshotOf(state)))))
    expect(read && sets(read)).toEqual(sets(state))
  })
})

describe('nothing else', () => {
  it('changes voters or epoch: a rollback leaves both as they are', () => {
    const weight = change({
      verb: 'set',
      noun: 'server',
      which: { service: 'http', server: 'rs1' },
      values: { weight: 9 },
    })
    const { state, said } = run(weight, step(2, 'rs2'), step(3, null, 'rs1'), change({ verb: 'rollback', revision: 1 }))
    expect(said).toEqual(['changed', 'changed', 'changed', 'changed'])
    expect(sets(state).slice(0, 2)).toEqual([3, ['dir1', 'dir2', 'rs2']])
    expect(state.config.services[0]?.realservers[0]?.weight).toBe(1)
  })
  it('what a document said of who does not vote comes back as it was said', () => {
    const set = (voter: boolean | null) =>
      change({ verb: 'set', noun: 'node', which: { node: 'rs2' }, values: { voter } })
    const { state } = run(set(false), set(null), change({ verb: 'rollback', revision: 2 }))
    expect(state.history.document.nodes['rs2']?.voter).toBe(false)
  })
  it('takes back that a node shall not vote: it would grow into the voters again by itself', () => {
    const { state } = run(step(2, 'rs2'), step(3, null, 'rs2'), change({ verb: 'rollback', revision: 1 }))
    expect(state.history.document.nodes['rs2']?.voter).toBe(false)
  })
  it('a file of earlier keeps the epoch of today, and other voters in it are refused', () => {
    const file = writtenOf(DOCUMENT, 1)
    const { said } = run(step(2, 'rs2'), change({ verb: 'apply', file }))
    expect(said.at(-1)).toBe('voters-would-change')
    const nodes = file.nodes.map((node) => (node.name === 'rs2' ? { ...node, voter: true } : node))
    const { state } = run(step(2, 'rs2'), change({ verb: 'apply', file: { ...file, epoch: 7, nodes } }))
    expect(sets(state).slice(0, 2)).toEqual([2, ['dir1', 'dir2', 'rs1', 'rs2']])
  })
  it('sets them: they are no keys of anybody', () => {
    const set = (values: object) => change({ verb: 'set', noun: 'cluster', which: {}, values } as Action)
    expect(run(set({ epoch: 9 })).said).toEqual(['not-settable'])
    const voter = change({ verb: 'set', noun: 'node', which: { node: 'rs2' }, values: { voter: true } })
    expect(run(voter).said).toEqual(['voters-would-change'])
  })
})
