import { beginState, type State } from '@lvsm/changes'
import { readConfigResponse, type Speaks } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { DOCUMENT } from '../../packages/changes/src/fixture.ts'
import { MemoryConfiguration } from '../../test/kit/configuration.ts'
import { finalizeEntry, finalizeReply, type Heard, versionsOf } from './versions.ts'

const stateOf = (finalized: number): State => beginState(DOCUMENT, { at: 0, author: 'init', comment: '' }, finalized)
const status = new MemoryConfiguration().status()
const BY = { author: 'alice', at: 1 }
const heardOf = (coordinators: ReadonlyMap<number, Speaks>, agents = new Map<string, Speaks>()): Heard => ({
  versions: () => coordinators,
  agentVersions: () => agents,
})

describe('the version that the cluster can agree on', () => {
  it('is the lowest of those that were heard; who is absent holds nobody up', () => {
    const heard = new Map([
      [1, { model: 3, lvsm: '1.3' }],
      [2, { model: 2, lvsm: '1.2' }],
    ])
    expect(versionsOf(stateOf(1), status, heardOf(heard))).toMatchObject({
      finalized: 1,
      next: 2,
      coordinators: [
        { name: 'dir1', model: 3, lvsm: '1.3' },
        { name: 'dir2', model: 2 },
        { name: '9', model: null, lvsm: null },
      ],
    })
    heard.delete(2)
    expect(versionsOf(stateOf(1), status, heardOf(heard)).next).toBe(3)
    expect(versionsOf(stateOf(1), status, heardOf(new Map())).next).toBe(1)
  })
  it('is no higher than what the agents know that report, since they have to understand the document', () => {
    const coordinators = new Map([[1, { model: 3, lvsm: '1.3' }]])
    const agents = new Map([['rs1', { model: 2, lvsm: '1.2' }]])
    const { next, agents: told } = versionsOf(stateOf(1), status, heardOf(coordinators, agents))
    expect(next).toBe(2)
    expect(told).toContainEqual({ name: 'rs1', model: 2, lvsm: '1.2' })
    expect(told).toContainEqual({ name: 'rs2', model: null, lvsm: null })
  })
  it('is never lower than what was agreed on, whatever an old agent knows that is back, or one that lies', () => {
    const coordinators = new Map([[1, { model: 3, lvsm: '1.3' }]])
    for (const model of [0, 1]) {
      const versions = versionsOf(stateOf(2), status, heardOf(coordinators, new Map([['rs1', { model, lvsm: '1' }]])))
      expect(versions).toMatchObject({ finalized: 2, next: 2, begins: [] })
      expect(finalizeEntry(null, versions, BY)).toMatchObject({ reply: { status: 200 } })
    }
  })
  it('is understood of a coordinator that says nothing of agents', () => {
    const { agents: _, ...older } = versionsOf(stateOf(1), status, heardOf(new Map()))
    expect(readConfigResponse('versions', older)).toEqual(older)
  })
  it('is written down only where it is another one', () => {
    const versions = versionsOf(stateOf(1), status, heardOf(new Map([[1, { model: 1, lvsm: '1' }]])))
    expect(finalizeEntry(null, versions, BY)).toMatchObject({
      reply: { status: 200, body: { finalized: 1, begins: [] } },
    })
    const both = versionsOf(stateOf(1), status, heardOf(new Map([[1, { model: 2, lvsm: '2' }]])))
    expect(finalizeEntry(2, both, BY)).toEqual({ entry: { kind: 'finalize', ...BY, version: 2 } })
  })
  it('is none that somebody who is heard does not know, whoever asks for it: that one would end at the first entry', () => {
    const heard = new Map([
      [1, { model: 3, lvsm: '3' }],
      [2, { model: 1, lvsm: '1' }],
    ])
    const versions = versionsOf(stateOf(1), status, heardOf(heard, new Map([['rs1', { model: 2, lvsm: '2' }]])))
    expect(finalizeEntry(3, versions, BY)).toMatchObject({
      reply: {
        status: 422,
        body: { refusals: [{ code: 'not-known-by-all', message: expect.stringMatching(/3: dir2, rs1 know less/) }] },
      },
    })
    expect(finalizeEntry(9, versionsOf(stateOf(1), status, heardOf(new Map())), BY)).toMatchObject({
      reply: { body: { refusals: [{ message: expect.stringMatching(/nobody is heard who knows it/) }] } },
    })
  })
  it('is told with what begins; a refusal with its reason, and what may be done yet as that', () => {
    const state = stateOf(1)
    const done = { kind: 'done', outcome: { kind: 'finalized' }, state } as const
    expect(finalizeReply(done, 0)).toMatchObject({ status: 200, body: { finalized: 1, begins: [expect.any(String)] } })
    const refusals = [{ code: 'finalized-already', message: 'no' }]
    expect(finalizeReply({ ...done, outcome: { kind: 'refused', refusals } }, 0)).toMatchObject({ status: 422 })
    expect(finalizeReply({ kind: 'unknown' }, 0).status).toBe(202)
  })
})
