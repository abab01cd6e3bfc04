/** A node with the key that neither votes nor directs: what it says of others is nobody's business. */
import { LONGEST_LEASE_MS } from '@lvsm/base'
import { voterDigest } from '@lvsm/lease'
import { describe, expect, test, vi } from 'vitest'
import { Bench, about, claim, timing, viewOf } from './fixture.ts'
import { RELAYS } from './relay-budget.ts'

const NODES = ['dir1', 'dir2', 'rs1', 'rs2', 'rs3']
function director(): Bench {
  const dir1 = new Bench({ view: viewOf('dir1', NODES, ['dir1', 'dir2', 'rs1']) })
  dir1.begin()
  return dir1
}
function owner(): Bench {
  const dir1 = director()
  dir1.live(600, ['rs1'])
  expect(dir1.role()).toBe('owner')
  dir1.look()
  dir1.sent.splice(0)
  return dir1
}
const dropped = (dir1: Bench): number => dir1.core.status(dir1.now).counters['drop-not-entitled'] ?? 0

describe('an owner', () => {
  test.each(['rs2', 'rs1'])('raises its lease number because %s demands it: only if that is a voter', (from) => {
    const dir1 = owner()
    for (let round = 0; round < 200 && dir1.messages('request').length === 0; round++) dir1.pass(2)
    const echo = { incarnation: 'one', sequence: dir1.messages('request')[0]?.sequence ?? 0 }
    dir1.hear(from, { kind: 'busy', ...about, echo, reason: 'number', leftMs: 0, highWater: 5000 })
    dir1.live(400, ['rs1'])
    const { number } = dir1.core.status(dir1.now).groups[0] ?? {}
    expect(number).toBe(from === 'rs1' ? 5001 : 1)
    expect(dropped(dir1)).toBe(from === 'rs1' ? 0 : 1)
  })
  test('takes no number that is out of reach, whoever demands it', () => {
    const dir1 = owner()
    for (let round = 0; round < 200 && dir1.messages('request').length === 0; round++) dir1.pass(2)
    const echo = { incarnation: 'one', sequence: dir1.messages('request')[0]?.sequence ?? 0 }
    dir1.hear('rs1', { kind: 'busy', ...about, echo, reason: 'number', leftMs: 0, highWater: 2 ** 52 })
    dir1.live(400, ['rs1'])
    expect(dir1.core.status(dir1.now).groups[0]).toMatchObject({ role: 'owner', number: 1 })
  })
  test('counts the vote of no other node', () => {
    const dir1 = owner()
    const belief = (): number => dir1.core.localLeases()[0]?.until ?? 0
    const before = belief()
    for (let round = 0; round < 200; round++) {
      dir1.pass(1)
      for (const from of ['rs2', 'rs3']) dir1.vote(from)
    }
    expect(belief()).toBe(before)
  })
})

describe('a director', () => {
  test('is offered a group, or named its successor, by no other than a director', () => {
    const dir1 = director()
    dir1.sent.splice(0)
    dir1.hear('rs2', { kind: 'offer', ...about, number: 2 ** 20 })
    dir1.hear('rs2', { kind: 'release', ...about, upTo: 1e6, successor: 'dir1' })
    dir1.pass(1)
    expect([dir1.messages('answer'), dir1.messages('request')]).toEqual([[], []])
    expect(dropped(dir1)).toBe(2)
    dir1.hear('dir2', { kind: 'offer', ...about, number: 7 })
    expect(dir1.messages('answer')).toHaveLength(1)
  })
  test('believes no claim for longer than any lease lasts', () => {
    const dir1 = director()
    dir1.heartbeat('dir2', [claim({ holds: true, number: 7, leftMs: 3_600_000 })])
    const owner = (): string | null | undefined => dir1.core.status(dir1.now).groups[0]?.owner
    expect(owner()).toBe('dir2')
    dir1.pass(LONGEST_LEASE_MS + 1)
    expect(owner()).toBeNull()
  })
  test('believes no claim that a later one overtook', () => {
    const dir1 = director()
    dir1.heartbeat('dir2', [claim({ holds: true, number: 7, leftMs: 300 })])
    const said = { kind: 'heartbeat', revision: 1, standby: true, voters: '0'.repeat(16) } as const
    dir1.hear('dir2', { ...said, groups: [claim({ ready: false })] }, { sequence: 0 })
    expect(dir1.core.status(dir1.now)).toMatchObject({ groups: [{ owner: 'dir2' }], troubles: [] })
    expect(dir1.core.status(dir1.now).peers.find(({ name }) => name === 'dir2')?.standby).toBe(false)
  })
  test('believes no claim of a node that does not direct the group', () => {
    const dir1 = director()
    dir1.heartbeat('rs2', [claim({ holds: true, number: 2 ** 40, leftMs: 3_600_000 })])
    expect(dir1.core.status(dir1.now).groups[0]?.owner).toBeNull()
  })
})

test('a voter that answers what was never asked is heard again once it is in its right mind', () => {
  const dir1 = director()
  const echo = { incarnation: 'one', sequence: 2 ** 52 }
  dir1.hear('rs1', { kind: 'busy', ...about, echo, reason: 'epoch', leftMs: 0, highWater: 0 })
  dir1.live(600, ['rs1'])
  expect(dir1.role()).toBe('owner')
  expect(dir1.core.status(dir1.now).counters['stray-ack']).toBe(1)
})

describe('another set of voters', () => {
  const other = { voters: 'ffffffffffffffff' }
  const stands = (dir1: Bench): boolean =>
    !dir1.core.status(dir1.now).troubles.some(({ code }) => code === 'other-voters')
  test('stops nobody while a single node that neither votes nor directs counts it', () => {
    const dir1 = director()
    for (const voters of ['ffffffffffffffff', '0000000000000000', 'ffffffffffffffff'])
      dir1.heartbeat('rs2', [], { voters })
    expect([stands(dir1), dir1.told]).toEqual([true, []])
    dir1.live(600, ['rs1'])
    expect(dir1.role()).toBe('owner')
  })
  test.each([['dir2'], ['rs1'], ['rs2', 'rs3']])('does so once %s counts it', (...names) => {
    const dir1 = director()
    for (const name of names) dir1.heartbeat(name, [], other)
    expect(stands(dir1)).toBe(false)
    dir1.live(600, ['rs1'])
    expect(dir1.role()).not.toBe('owner')
  })
  test('does so once a director counts it that has no vote', () => {
    const dir1 = new Bench({ view: viewOf('dir1', NODES, ['dir1', 'rs1', 'rs3']) })
    dir1.begin()
    dir1.heartbeat('dir2', [], other)
    expect(stands(dir1)).toBe(false)
  })
  test('is forgotten with the nodes that counted it', () => {
    const dir1 = director()
    for (const name of ['rs2', 'rs3']) dir1.heartbeat(name, [], other)
    expect(stands(dir1)).toBe(false)
    dir1.give({ kind: 'view', view: viewOf('dir1', NODES.slice(0, 4), ['dir1', 'dir2', 'rs1']) })
    expect(stands(dir1)).toBe(true)
  })
  test('two that count different ones are two single nodes', () => {
    const dir1 = director()
    dir1.heartbeat('rs2', [], other)
    dir1.heartbeat('rs3', [], { voters: '0000000000000000' })
    expect(stands(dir1)).toBe(true)
  })
})

describe('its words, as many as it likes', () => {
  const directors = ['dir1', 'dir2']
  const many = Array.from({ length: 48 }, (_, at) => ({
    ...{ name: `g${at}`, digest: `${at}`, directors },
    addresses: [{ address: `10.11.0.${at + 1}`, prefix: 24, ifindex: 2, kind: 'vip' as const }],
  }))
  const g1 = { group: 'g1', digest: '1', epoch: 1 }
  test.each<[string, (dir1: Bench, count: number) => void]>([
    ['standby, on and off', (dir1, count) => dir1.heartbeat('rs2', [], { standby: count % 2 === 0 })],
    [
      'starts',
      (dir1, count) => {
        const said = { kind: 'heartbeat', revision: 1, standby: false, voters: '0'.repeat(16), groups: [] } as const
        dir1.hear('rs2', said, { incarnation: `start-${count}` })
      },
    ],
    ['requests', (dir1) => dir1.hear('rs2', { kind: 'request', ...g1, digest: 'x', leaseMs: 1, number: 1 })],
    ['releases', (dir1) => dir1.hear('rs2', { kind: 'release', ...g1, upTo: 1, successor: null })],
  ])('cost no look at all groups: %s', (_, say) => {
    const dir1 = new Bench({ view: { ...viewOf('dir1', NODES, ['dir1', 'dir2', 'rs1']), groups: many } })
    dir1.begin()
    dir1.pass(1000)
    for (let count = 0; count < 4; count++) say(dir1, count)
    // Whoever looks at a group asks for its directors.
    const asked = vi.spyOn(directors, 'includes')
    for (let count = 4; count < 104; count++) say(dir1, count)
    expect(asked.mock.calls.length).toBeLessThan(100 * 10)
    asked.mockRestore()
  })
})

test('its starts that speak by turns, again and again, fill no history', () => {
  const dir1 = director()
  const beat = { kind: 'heartbeat', revision: 1, standby: false, voters: voterDigest(dir1.view), groups: [] } as const
  for (let round = 0; round < 40; round++) {
    for (let turn = 0; turn < 30; turn++) {
      dir1.hear('rs2', beat, { incarnation: `start-${turn % 2}` })
      dir1.pass(50)
    }
    dir1.pass(2 * timing.deadtimeMs)
  }
  const told = dir1.told.filter(({ reason }) => reason.includes('two machines call themselves rs2'))
  expect(told.length).toBeGreaterThan(0)
  expect(told.length).toBeLessThanOrEqual(3)
})

describe('messages of its agent', () => {
  const relayed = (dir1: Bench, from: string, times: number): number => {
    const before = dir1.effects.filter(({ kind }) => kind === 'deliver').length
    for (let time = 0; time < times; time++) dir1.hear(from, { kind: 'relay', payload: new Uint8Array(1) })
    return dir1.effects.filter(({ kind }) => kind === 'deliver').length - before
  }
  test('are passed on so many a second, and the others’ all the same', () => {
    const dir1 = director()
    expect(relayed(dir1, 'rs2', 1000)).toBe(RELAYS.burst)
    expect(dir1.core.status(dir1.now).counters['drop-relay-flood']).toBe(1000 - RELAYS.burst)
    expect(relayed(dir1, 'rs1', 5)).toBe(5)
    dir1.pass(timing.deadtimeMs)
    expect(Math.abs(relayed(dir1, 'rs2', 1000) - RELAYS.perSecond)).toBeLessThanOrEqual(1)
  })
})
