/** A realserver's agent in the wrong hands: it has the key, speaks as itself, and says what it likes, as often as it can. */
import { type AgentMessage, encodeMessage } from '@lvsm/protocol'
import { seededRandom } from '@lvsm/base'
import { describe, expect, test } from 'vitest'
import { agentLie } from '../../../test/kit/lies.ts'
import { LONGEST_HISTORY } from './history/ring.ts'
import { node, statusOf, type TestNode } from './fixture.ts'

const ISO_WALL = (at: number): string => new Date(1_790_000_000_000 + at).toISOString()

/** dir1 owns web; everybody is well. */
function owner(): TestNode {
  const dir1 = node('dir1', undefined, undefined, true, ISO_WALL)
  dir1.feed({ kind: 'lease-up' })
  dir1.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
  dir1.feed({ kind: 'lease-event', event: { at: 0, group: 'web', kind: 'took', number: 7, reason: 'ours' } })
  dir1.run(500)
  return dir1
}
const says = (one: TestNode, from: string, message: AgentMessage): void =>
  one.feed({ kind: 'message', from, text: encodeMessage(message) })
const state = (changed: Partial<Extract<AgentMessage, { kind: 'state' }>>): AgentMessage => ({
  kind: 'state',
  revision: 1,
  agreement: {},
  state: 'serving',
  reason: 'well',
  standby: false,
  ready: {},
  pings: {},
  troubles: [],
  events: [],
  ...changed,
})

describe('a hostile realserver', () => {
  test('moves, blocks and ends nothing by ten thousand messages, and fills neither memory nor history', () => {
    const dir1 = owner()
    const random = seededRandom(4711)
    for (const effect of ['switchover', 'standby', 'apply'] as const) dir1.take(effect)
    for (let count = 0; count < 10_000; count++) {
      says(dir1, 'rs3', agentLie(random, count))
      if (count % 100 === 0) dir1.run(20)
    }
    expect([dir1.take('switchover'), dir1.take('standby')]).toEqual([[], []])
    expect(
      dir1.take('apply').flatMap(({ operations }) => operations),
      'the kernel is left alone',
    ).toEqual([])
    const status = dir1.core.status(dir1.now())
    expect(status.groups[0]).toMatchObject({ owner: 'dir1', state: 'owned' })
    expect(status.services[0]?.realservers.every(({ weight }) => weight > 0)).toBe(true)
    expect(status.nodes.find(({ name }) => name === 'rs3')?.state).not.toBe('owner')
    expect(JSON.stringify(status)).not.toContain('\\u001b')
    const { events } = dir1.core.events()
    expect(events.length).toBeLessThanOrEqual(LONGEST_HISTORY)
    expect(
      events.find(({ reason }) => reason === 'ours'),
      'its own events are still there',
    ).toBeDefined()
    expect(events.some(({ node: who, kind }) => who === 'rs3' && (kind === 'took' || kind === 'lost'))).toBe(false)
    expect(events.every(({ at }) => at < '2030')).toBe(true)
    expect(JSON.stringify(status).length).toBeLessThan(30_000)
  })

  test('cannot be prepared for, or say that somebody else is', () => {
    const dir2 = node('dir2', undefined, undefined, true, ISO_WALL)
    dir2.feed({ kind: 'lease-up' })
    dir2.feed({ kind: 'lease-status', status: statusOf('dir2', 'dir1') })
    dir2.run(500)
    dir2.take('message')
    says(dir2, 'rs3', { kind: 'prepare', id: 'x', group: 'web' })
    dir2.run(1000)
    expect(dir2.take('message').filter(({ text }) => text.includes('"prepared"'))).toEqual([])
    expect(dir2.core.status(dir2.now()).counters['drop-message-not-entitled']).toBe(1)
    says(dir2, 'dir1', { kind: 'prepare', id: 'y', group: 'web' })
    dir2.run(1000)
    expect(dir2.take('message').filter(({ text }) => text.includes('"prepared"'))).toMatchObject([{ to: 'dir1' }])
  })

  test.each([
    ['that does not know who owns the group', 'dir2'],
    ['that does not direct it', 'rs1'],
  ])('nor is a node prepared %s', (_, name) => {
    const one = node(name, undefined, undefined, true, ISO_WALL)
    one.feed({ kind: 'lease-up' })
    if (name === 'rs1') one.feed({ kind: 'lease-status', status: statusOf('rs1', 'dir1') })
    one.run(500)
    one.take('message')
    says(one, 'dir1', { kind: 'prepare', id: 'x', group: 'web' })
    one.run(1000)
    expect(one.take('message').filter(({ text }) => text.includes('"prepared"'))).toEqual([])
  })

  test('hurries no move by saying for another that it is prepared', () => {
    const dir1 = owner()
    const live = (): void => {
      says(dir1, 'dir2', state({ state: 'standby', ready: { web: '' } }))
      dir1.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
      dir1.run(1000)
    }
    live()
    dir1.take('message')
    dir1.feed({ kind: 'command', id: 'a', command: { verb: 'switchover', group: 'web' } })
    const id =
      /"id":"([^"]*-move-[^"]*)"/.exec(
        dir1
          .take('message')
          .map(({ text }) => text)
          .join(),
      )?.[1] ?? ''
    expect(id).not.toBe('')
    for (let times = 0; times < 3; times++) {
      says(dir1, 'rs3', { kind: 'prepared', id, group: 'web' })
      live()
    }
    expect(dir1.take('switchover')).toEqual([])
    says(dir1, 'dir2', { kind: 'prepared', id, group: 'web' })
    live()
    expect(dir1.take('switchover')).toMatchObject([{ group: 'web', to: 'dir2' }])
  })

  test('nor is an owner prepared for another director, whose word comes late or is a lie', () => {
    const dir1 = owner()
    for (const kind of ['apply', 'message'] as const) dir1.take(kind)
    for (let count = 0; count < 20; count++) {
      says(dir1, 'dir2', { kind: 'prepare', id: `${count}`, group: 'web' })
      dir1.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
      dir1.run(500)
    }
    expect(
      dir1.take('apply').flatMap(({ operations }) => operations),
      'the kernel is left alone',
    ).toEqual([])
    expect(dir1.take('message').filter(({ text }) => text.includes('"prepared"'))).toEqual([])
  })

  test('fills no log by saying something else each time', () => {
    const dir1 = owner()
    dir1.take('log')
    for (let count = 0; count < 300; count++) {
      says(dir1, 'rs3', state({ revision: count, agreement: { voters: `${count}` } }))
      dir1.run(2000)
    }
    const lines = dir1.take('log').filter(({ text }) => text.includes('rs3'))
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.length).toBeLessThanOrEqual(11 * 21)
  })

  test('paints with no name, code or time either', () => {
    const dir1 = owner()
    const paint = '\u001b[2J'
    const event = { at: paint, group: paint, kind: `kind${paint}`, number: 0, reason: paint }
    const trouble = { code: `code${paint}`, severity: 'info', message: paint, hint: paint } as const
    says(dir1, 'rs3', state({ reason: paint, troubles: [trouble], events: [event] }))
    const shown = JSON.stringify([dir1.core.status(dir1.now()), dir1.core.events()])
    expect(shown).toContain('code\ufffd')
    expect(shown).toContain('kind\ufffd')
    expect(shown).not.toContain('\\u001b')
  })

  test('is told that it orders nothing', () => {
    const dir1 = owner()
    dir1.take('message')
    says(dir1, 'rs3', { kind: 'ask', id: 'x', command: { verb: 'switchover', group: 'web' } })
    const [answer] = dir1.take('message')
    expect(answer).toMatchObject({ to: 'rs3' })
    expect(answer?.text).toContain('not-entitled')
  })

  test('asks without end, and keeps nobody from hearing of this node: answers leave before everything else', () => {
    const dir1 = owner()
    dir1.take('message')
    for (let count = 0; count < 1000; count++) {
      says(dir1, 'rs3', { kind: 'ask', id: `${count}`, command: { verb: 'switchover', group: 'web' } })
      dir1.feed({ kind: 'message', from: 'rs3', text: `{"kind":"ask","id":"${count}","command":{"verb":"dance"}}` })
      dir1.run(10)
    }
    expect(dir1.take('message').filter(({ to }) => to === 'rs3').length).toBeLessThan(30)
    expect(dir1.core.status(dir1.now()).counters['drop-message-not-entitled']).toBe(1000)
    says(dir1, 'dir2', { kind: 'ask', id: 'y', command: { verb: 'switchover', group: 'nothing' } })
    expect(dir1.take('message').filter(({ to }) => to === 'dir2')).toHaveLength(1)
  })
})

test('the table of who owns nothing any more is forgotten, be it that it will again', () => {
  const dir1 = node('dir1', undefined, undefined, true, ISO_WALL)
  dir1.feed({ kind: 'lease-up' })
  dir1.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir2') })
  dir1.run(500)
  const reasons = () => dir1.core.status(dir1.now()).services[0]?.realservers.map(({ reason }) => reason)
  const destination = { key: '10.11.0.11:80', weight: 3, healthy: true, active: 0, inactive: 0, reason: 'told' }
  says(dir1, 'dir2', state({ state: 'owner', boot: 'b' }))
  says(dir1, 'dir2', { kind: 'tables', services: { http: [destination] } })
  expect(reasons()).toContain('told')
  for (const what of ['standby', 'owner'] as const) says(dir1, 'dir2', state({ state: what, boot: 'b' }))
  expect(reasons()).not.toContain('told')
})

describe('the history', () => {
  test('takes so many new events of one node, and what another says all the same', () => {
    const dir1 = owner()
    const event = (reason: string) => ({ at: '', group: '', kind: 'repaired', number: 0, reason })
    for (let count = 0; count < 100; count++) {
      says(dir1, 'rs3', state({ events: Array.from({ length: 50 }, (_, at) => event(`${count} ${at}`)) }))
      dir1.run(10)
    }
    expect(dir1.core.status(dir1.now()).counters['drop-relay-flood']).toBeGreaterThan(4400)
    says(dir1, 'rs2', state({ events: [event('mine')] }))
    expect(dir1.core.events().events.some(({ reason }) => reason === 'mine')).toBe(true)
  })

  test('keeps who owned what, whatever else comes and goes here', () => {
    const dir1 = owner()
    const happens = (kind: 'note' | 'took', times: number): void => {
      for (let count = 0; count < times; count++)
        dir1.feed({ kind: 'lease-event', event: { at: 0, group: 'web', kind, number: 7, reason: `${kind} ${count}` } })
    }
    const found = (wanted: string): boolean => dir1.core.events().events.some(({ reason }) => reason === wanted)
    happens('note', 1000)
    expect([found('ours'), found('note 999')]).toEqual([true, true])
    happens('took', 1000)
    happens('note', 1)
    expect([found('note 0'), found('took 999'), dir1.core.events().events.length]).toEqual([
      true,
      true,
      LONGEST_HISTORY,
    ])
  })

  test('shows a time that cannot be as the time when it was heard, once', () => {
    const dir1 = owner()
    const event = { group: '', kind: 'repaired', number: 0, reason: 'late' }
    for (let times = 0; times < 3; times++) {
      says(dir1, 'rs3', state({ events: [{ ...event, at: '9999-01-01T00:00:00.000Z' }] }))
      dir1.run(1000)
    }
    const found = dir1.core.events().events.filter(({ reason }) => reason === 'late')
    expect(found).toHaveLength(1)
    expect(found[0]?.at.slice(0, 4)).toBe(ISO_WALL(0).slice(0, 4))
  })
})
