/** What HAProxy is told of a node. */
import type { AgentFact } from '@lvsm/protocol'
import { NO_FACTS } from '@lvsm/changes'
import { SAMPLE } from '@lvsm/model'
import { expect, it } from 'vitest'
import { node, statusOf, type TestNode } from '../fixture.ts'

const OPEN = SAMPLE.replace('revision: 1', 'revision: 1\nagent-port: 9465')
function begun(name: string, owner: string | null, text = OPEN): TestNode {
  const one = node(name, undefined, text)
  one.feed({ kind: 'lease-up' })
  on(one, owner, 3000)
  return one
}
function on(one: TestNode, owner: string | null, ms: number): void {
  for (let spent = 0; spent < ms; spent += 500) {
    one.feed({ kind: 'lease-status', status: statusOf(one.name, owner) })
    one.run(500)
  }
}
const facts = (one: TestNode): readonly AgentFact[] | undefined => one.core.well(one.now()).agent
const want = (one: TestNode, intent: 'drain' | 'stop'): void => {
  const subject = { kind: 'server', node: 'rs1', service: 'http' } as const
  const list = [{ subject, intent, author: 'ann', since: 1, until: null, comment: '', number: 1 }]
  one.feed({ kind: 'config', config: one.config, secrets: new Map(), facts: { number: 1, list, ends: [] } })
}
/** What the owner tells of its table. */
function told(one: TestNode, dest: { healthy: boolean | null; weight: number; reason: string }): void {
  const head = { v: 1, least: 1, from: 'dir1' }
  const state = {
    ...head,
    kind: 'state',
    revision: 1,
    boot: 'b',
    agreement: {},
    state: 'owner',
    reason: '',
    standby: false,
  }
  one.feed({
    kind: 'message',
    from: 'dir1',
    text: JSON.stringify({ ...state, ready: {}, pings: {}, troubles: [], events: [] }),
  })
  const entry = { key: '10.11.0.11:80', active: 0, inactive: 0, ...dest }
  one.feed({
    kind: 'message',
    from: 'dir1',
    text: JSON.stringify({ ...head, kind: 'tables', services: { http: [entry] } }),
  })
}

it('nothing, where nobody listens for it', () => expect(facts(begun('rs1', 'dir1', SAMPLE))).toBeUndefined())

it('of a realserver: who is to listen, what operators want, and that nothing else is known', () => {
  const rs1 = begun('rs1', 'dir1')
  const unknown = { service: 'http', admin: 'ready', up: null, percent: 100, why: '' }
  expect(facts(rs1)).toEqual([
    { ...unknown, listens: { protocol: 'tcp', port: 80, addresses: ['10.11.0.11', '10.11.0.10'] } },
  ])
  want(rs1, 'drain')
  expect(facts(rs1)?.[0]?.admin).toBe('drain')
  want(rs1, 'stop')
  expect(facts(rs1)?.[0]?.admin).toBe('maint')
  rs1.feed({ kind: 'config', config: rs1.config, secrets: new Map(), facts: NO_FACTS })
  expect(facts(rs1)?.[0]?.admin).toBe('ready')
  expect(facts(begun('rs3', 'dir1'))?.[0]?.listens).toEqual({ protocol: 'tcp', port: 8080, addresses: ['10.12.0.13'] })
})

it('of a realserver that the owner tells of: its verdict, and its weight', () => {
  const rs1 = begun('rs1', 'dir1', OPEN.replace('forward: dr, weight: 1 }', 'forward: dr, weight: 100 }'))
  told(rs1, { healthy: true, weight: 40, reason: 'connected' })
  expect(facts(rs1)?.[0]).toMatchObject({ up: true, percent: 40, why: '' })
  told(rs1, { healthy: false, weight: 0, reason: 'connection refused' })
  expect(facts(rs1)?.[0]).toMatchObject({ up: false, percent: 100, why: 'connection refused' })
  told(rs1, { healthy: false, weight: 100, reason: 'connection refused; kept' })
  expect(facts(rs1)?.[0], 'nobody else is left').toMatchObject({ up: true })
})

it('of one with weight 0: it gets no new connections', () =>
  expect(
    facts(begun('rs1', 'dir1', OPEN.replace('forward: dr, weight: 1 }', 'forward: dr, weight: 0 }')))?.[0]?.admin,
  ).toBe('drain'))

it('of a director: whether it owns the group, and who does', () => {
  expect(facts(begun('dir1', 'dir1'))).toEqual([
    { service: 'http', admin: 'ready', up: true, percent: 100, why: '', listens: null },
  ])
  expect(facts(begun('dir2', 'dir1'))?.[0]).toMatchObject({ up: false, why: 'dir1 owns web' })
  expect(facts(begun('dir2', null))?.[0]).toMatchObject({ up: false, why: 'nobody owns web' })
})
