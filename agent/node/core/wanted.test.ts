/** What operators want for a while: an agent acts on it at once, and what the configuration says returns when it is over. */
import { NO_FACTS } from '@lvsm/changes'
import { decodeMessage, encodeMessage, type Facts, type Intent, type LocalWord, type Subject } from '@lvsm/protocol'
import { describe, expect, test } from 'vitest'
import { dests, node, statusOf, type TestNode, WALL_MS } from './fixture.ts'

const server = (name: string, service: string | null = null): Subject => ({ kind: 'server', node: name, service })
const [web, dir1]: Subject[] = [
  { kind: 'group', group: 'web' },
  { kind: 'node', node: 'dir1' },
]
type Want = readonly [Subject | undefined, Intent]
const facts = (number: number, wants: readonly Want[], ends: Facts['ends'] = []): Facts => ({
  number,
  list: wants.flatMap(([subject, intent], at) =>
    subject
      ? [{ subject, intent, author: 'ann', since: WALL_MS, until: null, comment: 'new disk', number: number + at }]
      : [],
  ),
  ends,
})
const want = (one: TestNode, wanted: Facts): void =>
  one.feed({ kind: 'config', config: one.config, secrets: new Map(), facts: wanted })

/** dir1 owns, or dir2 does. */
function director(owner: string | null = 'dir1', word: LocalWord | null = null): TestNode {
  const one = node('dir1', undefined, undefined, true, undefined, { word })
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: statusOf('dir1', owner) })
  one.run(1500)
  one.take('apply')
  return one
}
const connections = (one: TestNode, address: string, active: number, inactive = 0): void => {
  const { services } = one.kern.state
  one.kern.state.services = services.map((service) => ({
    ...service,
    dests: service.dests.map((dest) => (dest.address === address ? { ...dest, active, inactive } : dest)),
  }))
}
const operations = (one: TestNode): string[] =>
  one
    .take('apply')
    .flatMap(({ operations: all }) =>
      all.map((one) => `${one.kind} ${'dest' in one ? one.dest.address : 'address' in one ? one.address : ''}`),
    )
const serverIn = (one: TestNode, name: string) =>
  one.core.status(one.now()).services[0]?.realservers.find((entry) => entry.node === name)

describe('a realserver that is drained', () => {
  test.each(['dir1', 'dir2'])(
    'has weight 0 where %s owns the group, by one edit, and serves again when it is over',
    (owner) => {
      const one = director(owner)
      want(one, facts(1, [[server('rs1', 'http'), 'drain']]))
      one.run(200)
      expect(dests(one)).toEqual({ '10.11.0.11': 0, '10.11.0.12': 1, '10.12.0.13': 1 })
      one.run(20_000)
      want(one, facts(2, []))
      one.run(200)
      expect(dests(one)).toEqual({ '10.11.0.11': 1, '10.11.0.12': 1, '10.12.0.13': 1 })
      expect(operations(one)).toEqual(['dest-edit 10.11.0.11', 'dest-edit 10.11.0.11'])
    },
  )
  test('stays while its connections last, whatever its checks say; its weight returns only when they are good', () => {
    const one = director()
    want(one, facts(1, [[server('rs1'), 'drain']]))
    connections(one, '10.11.0.11', 4)
    one.alive.delete('10.11.0.11')
    one.run(60_000)
    expect(dests(one)).toMatchObject({ '10.11.0.11': 0 })
    want(one, NO_FACTS)
    one.run(10_000)
    expect(Object.keys(dests(one))).not.toContain('10.11.0.11')
    one.alive.add('10.11.0.11')
    one.run(2000)
    expect(dests(one)).toMatchObject({ '10.11.0.11': 1 })
  })
  test('is shown as draining with what is left, and as drained when nothing is established', () => {
    const one = director()
    want(one, facts(1, [[server('rs1'), 'drain']]))
    one.run(200)
    connections(one, '10.11.0.11', 3, 7)
    one.run(1100)
    const wanted = {
      what: 'server rs1',
      intent: 'drain',
      author: 'ann',
      since: WALL_MS,
      until: null,
      comment: 'new disk',
    }
    expect(serverIn(one, 'rs1')).toMatchObject({ state: 'draining', active: 3, healthy: true, wanted })
    expect(serverIn(one, 'rs2')).not.toHaveProperty('state')
    connections(one, '10.11.0.11', 0, 7)
    one.run(1100)
    expect(serverIn(one, 'rs1')).toMatchObject({ state: 'drained', weight: 0 })
    expect(one.core.status(one.now()).wanted).toEqual([{ ...wanted, idle: false }])
  })
  test('is not called drained by a standby whose owner did not tell', () => {
    const one = director('dir2')
    want(one, facts(1, [[server('rs1'), 'drain']]))
    one.run(200)
    expect(serverIn(one, 'rs1')).toMatchObject({ state: 'draining' })
  })
  test('keeps no other in the pool, and is none that is kept: the last that may serve stays, though it fails', () => {
    const one = director()
    want(
      one,
      facts(1, [
        [server('rs1'), 'drain'],
        [server('rs3'), 'drain'],
      ]),
    )
    one.alive.delete('10.11.0.12')
    one.run(10_000)
    expect(dests(one)).toEqual({ '10.11.0.11': 0, '10.11.0.12': 1, '10.12.0.13': 0 })
    expect(serverIn(one, 'rs2')?.reason).toContain('kept')
  })
  test('of all, none serves: no rule brings one back', () => {
    const one = director()
    want(
      one,
      facts(
        1,
        ['rs1', 'rs2', 'rs3'].map((name): Want => [server(name), 'drain']),
      ),
    )
    one.alive.clear()
    one.run(20_000)
    expect(dests(one), 'dead, and nothing under way').toEqual({})
    expect(one.core.status(one.now()).troubles.map(({ code }) => code)).toEqual(['no-lease-process'])
  })
  test('before the agent started stays at weight 0 from its first look on', () => {
    const one = node('dir1', undefined, undefined, false)
    want(one, facts(1, [[server('rs1'), 'drain']]))
    one.run(5000)
    const weights = one
      .take('apply')
      .flatMap(({ operations: all }) =>
        all.flatMap((operation) =>
          'dest' in operation && operation.dest.address === '10.11.0.11' ? [operation.dest.weight] : [],
        ),
      )
    expect(weights).toEqual([0])
  })
  test('is told of once, by whoever owns the group', () => {
    const [owner, other] = [director('dir1'), director('dir2')]
    for (const one of [owner, other]) {
      want(one, facts(1, [[server('rs1', 'http'), 'drain']]))
      one.run(100)
      want(one, facts(1, [[server('rs1', 'http'), 'drain']]))
      one.run(100)
      want(one, facts(2, []))
    }
    const told = (one: TestNode) => one.core.events().events.filter(({ kind }) => kind === 'wanted')
    expect(told(owner).map(({ group, reason }) => `${group}: ${reason}`)).toEqual([
      'web: wanted: server rs1 of service http: drain, by ann (new disk)',
      'web: no longer wanted: server rs1 of service http: drain, by ann (new disk)',
    ])
    expect(told(other)).toEqual([])
  })
})

describe('a realserver that is stopped', () => {
  test('gets weight 0, then leaves the table within seconds, and comes back', () => {
    const one = director()
    want(
      one,
      facts(1, [
        [server('rs1'), 'stop'],
        [server('rs1', 'http'), 'drain'],
      ]),
    )
    connections(one, '10.11.0.11', 5)
    one.run(200)
    expect(dests(one)).toMatchObject({ '10.11.0.11': 0 })
    expect(serverIn(one, 'rs1')).toMatchObject({ state: 'stopping', wanted: { intent: 'stop' } })
    one.run(4000)
    expect(Object.keys(dests(one))).not.toContain('10.11.0.11')
    expect(serverIn(one, 'rs1')).toMatchObject({ state: 'stopped', healthy: true })
    want(one, facts(3, []))
    one.run(200)
    expect(dests(one)).toMatchObject({ '10.11.0.11': 1 })
    expect(operations(one)).toEqual(['dest-edit 10.11.0.11', 'dest-remove 10.11.0.11', 'dest-add 10.11.0.11'])
  })
})

describe('a group that is stopped', () => {
  test('is said so to the lease process, and shown as what somebody wants', () => {
    const one = director()
    one.take('view')
    want(one, facts(1, [[web, 'stop']]))
    one.run(100)
    expect(one.take('view').map(({ view }) => view.groups[0]?.stopped)).toEqual([true])
    const [before] = one.core.status(one.now()).groups
    expect(before).toMatchObject({ state: 'owned', reason: 'stopped by ann: dir1 gives it up' })
    const closing = statusOf('dir1', null)
    const groups = closing.groups.map((group) => ({ ...group, role: 'releasing' as const }))
    one.feed({ kind: 'lease-status', status: { ...closing, groups } })
    expect(one.core.status(one.now()).groups[0]).toMatchObject({ state: 'moving', reason: before?.reason })
    one.feed({ kind: 'lease-status', status: statusOf('dir1', null) })
    const status = one.core.status(one.now())
    expect(status.groups[0]).toMatchObject({ state: 'stopped', owner: null, wanted: { author: 'ann' } })
    expect(status.nodes[0]).toMatchObject({ state: 'standby', reason: 'web is stopped by ann' })
    want(one, facts(2, []))
    one.run(100)
    expect(one.take('view').map(({ view }) => view.groups[0]?.stopped)).toEqual([undefined])
  })
  test('is not moved, and a move that is under way ends', () => {
    const one = director()
    const said = { kind: 'state', revision: 1, agreement: {}, state: 'standby', reason: '', standby: false } as const
    const text = encodeMessage({ ...said, pings: {}, ready: { web: '' }, troubles: [], events: [] })
    one.feed({ kind: 'message', from: 'dir2', text })
    one.feed({ kind: 'command', id: 'a', command: { verb: 'switchover', group: 'web' } })
    expect(one.take('reply')).toEqual([])
    want(one, facts(1, [[web, 'stop']]))
    one.feed({ kind: 'command', id: 'b', command: { verb: 'switchover', group: 'web' } })
    expect(one.take('reply').map(({ id, outcome }) => [id, outcome.ok ? '' : outcome.refusals[0]?.code])).toEqual([
      ['a', 'changed'],
      ['b', 'stopped'],
    ])
    one.run(10_000)
    expect(one.take('switchover')).toEqual([])
  })
})

describe('standby', () => {
  const tell = (one: TestNode, standby: boolean, owner = 'dir2'): void =>
    one.feed({ kind: 'lease-status', status: { ...statusOf('dir1', owner), standby } })
  const word = (standby: boolean, known: number): LocalWord => ({ standby, author: 'bob', since: WALL_MS, known })

  test('that coordinators want is carried out, and ended when they say so', () => {
    const one = director('dir2')
    want(one, facts(1, [[dir1, 'standby']]))
    expect(one.take('standby')).toMatchObject([{ on: true, reason: 'by ann' }])
    tell(one, true)
    expect(one.core.status(one.now()).nodes[0]).toMatchObject({
      standby: true,
      reason: 'under maintenance by ann (lvsm standby on): takes nothing over',
      words: { holds: 'shared', local: null, shared: { author: 'ann' } },
    })
    one.run(10_000)
    want(one, facts(2, [], [{ node: 'dir1', number: 2, at: WALL_MS }]))
    tell(one, true)
    expect(one.take('standby')).toMatchObject([{ on: false }])
    tell(one, false)
    one.run(10_000)
    expect(one.take('standby')).toEqual([])
    expect(one.core.status(one.now()).nodes[0]).not.toHaveProperty('words')
  })
  test('of an owner whom nobody can follow now is said all the same: its lease process hands over when somebody can', () => {
    const one = director('dir1')
    want(one, facts(1, [[dir1, 'standby']]))
    one.run(500)
    expect(one.take('standby')).toMatchObject([{ on: true }])
  })
  test('of the owner of a stopped group hands that over to nobody', () => {
    const one = director('dir1')
    const said = { kind: 'state', revision: 1, agreement: {}, state: 'standby', reason: '', standby: false } as const
    const text = encodeMessage({ ...said, pings: {}, ready: { web: '' }, troubles: [], events: [] })
    one.feed({ kind: 'message', from: 'dir2', text })
    want(
      one,
      facts(1, [
        [web, 'stop'],
        [dir1, 'standby'],
      ]),
    )
    expect(one.take('standby')).toMatchObject([{ on: true }])
  })
  test('that nobody ever spoke of is left as the lease process has it', () => {
    const one = director('dir2')
    tell(one, true)
    want(one, facts(7, [[server('rs1'), 'drain']]))
    one.run(5000)
    expect(one.take('standby')).toEqual([])
  })
  test('off, given here, holds against what the coordinators wanted before; both are shown', () => {
    const one = director('dir2')
    want(one, facts(3, [[dir1, 'standby']]))
    tell(one, true)
    one.take('standby')
    one.feed({ kind: 'command', id: 'a', command: { verb: 'standby', on: false } })
    tell(one, false)
    expect(one.take('word')).toMatchObject([{ word: { standby: false, known: 3 } }])
    one.take('message')
    one.run(2500)
    tell(one, false)
    const said = one.take('message').map(({ text }) => decodeMessage(text))
    expect(said).toContainEqual(
      expect.objectContaining({
        message: expect.objectContaining({ word: expect.objectContaining({ standby: false, known: 3 }) }),
      }),
    )
    one.run(2500)
    expect(one.take('standby')).toMatchObject([{ on: false }])
    const { words } = one.core.status(one.now()).nodes[0] ?? {}
    expect(words).toMatchObject({ holds: 'local', local: { standby: false }, shared: { intent: 'standby' } })
  })
  test('on, given here, survives a restart and an older end; a newer one of the coordinators ends it', () => {
    const one = director('dir2', word(true, 4))
    expect(one.take('standby')).toMatchObject([{ on: true }])
    tell(one, true)
    want(one, facts(4, [], [{ node: 'dir1', number: 4, at: WALL_MS + 1000 }]))
    one.run(1000)
    expect(one.take('standby')).toEqual([])
    want(one, facts(6, [], [{ node: 'dir1', number: 6, at: WALL_MS + 2000 }]))
    expect(one.take('standby')).toMatchObject([{ on: false }])
  })
  test('on, given here by a clock that is a day ahead, ends when the coordinators say so after the two have met', () => {
    const tomorrow = { ...word(true, 0), since: WALL_MS + 86_400_000 }
    const one = director('dir2', tomorrow)
    tell(one, true)
    one.feed({ kind: 'met', number: 4 })
    expect(one.take('word')).toMatchObject([{ word: { standby: true, known: 0, met: 4 } }])
    one.feed({ kind: 'met', number: null })
    one.feed({ kind: 'met', number: 5 })
    expect(one.take('word'), 'they meet once').toEqual([])
    one.take('standby')
    want(one, facts(6, [], [{ node: 'dir1', number: 6, at: WALL_MS }]))
    expect(one.take('standby')).toMatchObject([{ on: false }])
    // Given while they are heard, it is met at once.
    tell(one, false)
    one.run(100)
    one.feed({ kind: 'command', id: 'a', command: { verb: 'standby', on: true } })
    tell(one, true)
    expect(one.take('word')).toMatchObject([{ word: { standby: true, known: 6, met: 6 } }])
  })
  test('that was refused here is no word', () => {
    const one = director('dir1')
    one.feed({ kind: 'command', id: 'a', command: { verb: 'standby', on: true } })
    one.run(100)
    expect(one.take('reply')).toMatchObject([{ outcome: { ok: false } }])
    expect([...one.take('word'), ...one.take('standby')]).toEqual([])
  })
  test('of another node is shown by what that node says of its own word', () => {
    const one = director('dir1')
    const said = { kind: 'state', revision: 1, agreement: {}, state: 'standby', reason: '', standby: true } as const
    const text = encodeMessage({ ...said, word: word(true, 2), pings: {}, ready: {}, troubles: [], events: [] })
    one.feed({ kind: 'message', from: 'dir2', text })
    expect(one.core.status(one.now()).nodes[1]?.words).toEqual({
      holds: 'local',
      shared: null,
      local: { standby: true, author: 'bob', since: WALL_MS },
    })
  })
})

test('what is wanted of something that is not there does nothing, and is shown as that', () => {
  const one = director()
  want(
    one,
    facts(1, [
      [server('rs9'), 'drain'],
      [{ kind: 'group', group: 'mail' }, 'stop'],
    ]),
  )
  one.run(2000)
  expect(operations(one)).toEqual([])
  expect(one.core.status(one.now()).wanted?.map(({ idle }) => idle)).toEqual([true, true])
})
