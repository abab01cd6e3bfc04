/** What operators want, as a status tells it: what is done of it, and by whose word. */
import type { Fact, Facts, LocalWord, Subject } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { changeFacts, NO_FACTS } from './facts.ts'
import { wantedOfServer, wordsOf } from './wanted.ts'

const factsOf = (intent: Fact['intent'], subject: Subject): Facts =>
  changeFacts(
    NO_FACTS,
    1000,
    [],
    [{ subject, intent, author: 'ann', since: 1000, until: null, comment: 'new disk', number: 1 }],
  )
const rs1: Subject = { kind: 'server', node: 'rs1', service: null }

describe('a realserver', () => {
  it.each<[Fact['intent'], [weight: number, active: number, inactive: number] | null, string]>([
    ['drain', [3, 0, 0], 'draining'],
    ['drain', [0, 1, 0], 'draining'],
    ['drain', [0, 0, 7], 'drained'],
    ['drain', null, 'draining'],
    ['stop', [3, 0, 0], 'stopping'],
    ['stop', [0, 0, 7], 'stopping'],
    ['stop', [0, 1, 0], 'stopping'],
    ['stop', [0, 0, 0], 'stopped'],
    ['stop', null, 'stopping'],
  ])('%s with weight, active and inactive connections %j: %s', (intent, numbers, state) => {
    const [weight = 0, active = 0, inactive = 0] = numbers ?? []
    const dest = numbers ? { weight, active, inactive } : undefined
    const told = wantedOfServer(factsOf(intent, rs1), 'http', 'rs1', dest)
    expect(told).toMatchObject({ state, wanted: { what: 'server rs1', intent, author: 'ann', comment: 'new disk' } })
  })
  it('tells when what is left is cut off, and when it is done, where that was told', () => {
    const { list, ...facts } = factsOf('drain', rs1)
    const limited = { ...facts, list: list.map((fact) => ({ ...fact, deadlineMs: 600 })) }
    const dest = { weight: 0, active: 3, inactive: 0 }
    expect(wantedOfServer(limited, 'http', 'rs1', { ...dest, doneInMs: null })).toMatchObject({
      ...{ doneInMs: null, wanted: { deadline: 1600 } },
    })
    const told = wantedOfServer(factsOf('drain', rs1), 'http', 'rs1', dest)
    expect([told.wanted?.deadline, 'doneInMs' in told]).toEqual([undefined, false])
  })
  it('of which nothing is wanted says nothing', () =>
    expect(wantedOfServer(factsOf('stop', rs1), 'http', 'rs2', undefined)).toEqual({}))
})

describe('the words on a node', () => {
  const local = (standby: boolean, known: number): LocalWord => ({ standby, author: 'root', since: 2000, known })
  const shared = factsOf('standby', { kind: 'node', node: 'dir1' })
  it.each<[string, Facts, LocalWord | null, object]>([
    ['nobody said anything', NO_FACTS, null, {}],
    ['it was told at the node that it is none', NO_FACTS, local(false, 0), {}],
    ['it was told at the node', NO_FACTS, local(true, 0), { words: { holds: 'local', shared: null } }],
    ['the coordinators have it', shared, null, { words: { holds: 'shared', local: null, shared: { author: 'ann' } } }],
    [
      'it was ended at the node since',
      shared,
      local(false, 1),
      { words: { holds: 'local', local: { standby: false, author: 'root' }, shared: { intent: 'standby' } } },
    ],
  ])('are told where one of them wants standby: %s', (_, facts, word, words) => {
    const told = wordsOf(facts, 'dir1', word)
    expect(Object.keys(told)).toEqual(Object.keys(words))
    expect(told).toMatchObject(words)
  })
})
