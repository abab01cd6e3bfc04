/** When a node's peers hear its heartbeats, what takes one along, and what is in it. */
import { type LeaseGroup } from '@lvsm/protocol'
import { renewalMs } from '@lvsm/base'
import { describe, expect, test } from 'vitest'
import { quarantineMs } from '@lvsm/base'
import { voterDigest } from '@lvsm/lease'
import { about, Bench, claim, ready, timing, viewOf } from './fixture.ts'

const NODES = ['dir1', 'dir2', 'rs1', 'rs2']
const VOTERS = ['dir1', 'dir2', 'rs1']

/** Past its quarantine. */
function node(name: string, groups?: readonly LeaseGroup[]): Bench {
  const view = viewOf(name, NODES, VOTERS)
  const bench = new Bench({ view: groups ? { ...view, groups } : view })
  bench.give({ kind: 'view', view: bench.view })
  bench.runTo(1001 + quarantineMs(timing.leaseMs))
  return bench
}
const renews = (bench: Bench, from: string): void =>
  bench.hear(from, { kind: 'request', ...about, leaseMs: 350, number: 1 })
/** What `to` was sent since the last look. */
const sentTo = (bench: Bench, to: string) =>
  bench.sent
    .filter((one) => one.to.includes(to))
    .map(({ at, message, piggybacked }) => ({ at, kind: message.kind, piggybacked: piggybacked !== null }))

describe('pace', () => {
  test('an owner that renews gets every heartbeat with the answer; the others get theirs four times in a deadtime', () => {
    const rs1 = node('rs1')
    const renewFor = (rounds: number): void => {
      for (let round = 0; round < rounds; round++) {
        renews(rs1, 'dir1')
        rs1.pass(renewalMs(timing))
      }
    }
    renewFor(3)
    rs1.sent.splice(0)
    const began = rs1.now
    renewFor(20)
    expect(sentTo(rs1, 'dir1')).toEqual(
      Array.from({ length: 20 }, (_, index) => ({
        at: began + renewalMs(timing) * index,
        kind: 'ack',
        piggybacked: true,
      })),
    )
    for (const name of ['dir2', 'rs2']) {
      const heartbeats = sentTo(rs1, name)
      expect(Math.abs(heartbeats.length - (20 * renewalMs(timing)) / (timing.deadtimeMs / 4))).toBeLessThan(1)
      expect(heartbeats.every(({ kind, piggybacked }) => kind === 'heartbeat' && !piggybacked)).toBe(true)
    }
  })
  test('who has just had a heartbeat gets an answer without one', () => {
    const rs1 = node('rs1')
    rs1.pass(250)
    const heartbeatAt = sentTo(rs1, 'dir1').at(-1)?.at ?? 0
    rs1.sent.splice(0)
    for (const ms of [249, 369, 379]) {
      rs1.runTo(heartbeatAt + ms)
      renews(rs1, 'dir1')
    }
    expect(sentTo(rs1, 'dir1').map(({ piggybacked }) => piggybacked)).toEqual([true, false, true])
  })
  test('a relay takes none: it may fill a datagram alone', () => {
    const rs1 = node('rs1')
    rs1.pass(250)
    rs1.runTo((sentTo(rs1, 'rs2').at(-1)?.at ?? 0) + 240)
    rs1.give({ kind: 'relay', to: null, payload: new Uint8Array(8192) })
    expect(sentTo(rs1, 'rs2').filter(({ kind }) => kind === 'relay')).toEqual([
      { at: rs1.now, kind: 'relay', piggybacked: false },
    ])
  })
  test('directors hear each other half a keepalive after a renewal would have gone, at the latest', () => {
    const dir1 = node('dir1')
    dir1.pass(1000)
    const times = sentTo(dir1, 'dir2')
      .filter(({ kind, piggybacked }) => kind === 'heartbeat' || piggybacked)
      .map(({ at }) => at)
    const gaps = times.map((at, index) => at - (times[index - 1] ?? at))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(renewalMs(timing) + timing.keepaliveMs / 2)
  })
  test('what changed is told within half a keepalive, a stop at once', () => {
    const dir1 = node('dir1')
    dir1.sent.splice(0)
    const began = dir1.now
    dir1.give(ready())
    dir1.pass(timing.keepaliveMs)
    expect(sentTo(dir1, 'rs2')[0]?.at).toBeLessThanOrEqual(began + timing.keepaliveMs / 2)
    dir1.sent.splice(0)
    dir1.give({ kind: 'stop', reason: 'SIGTERM' })
    expect(sentTo(dir1, 'rs2')[0]?.at).toBe(dir1.now)
  })
})

describe('what is heard', () => {
  test('a heartbeat that rides along is heard, and so is what it came with', () => {
    const rs1 = node('rs1')
    expect(rs1.core.status(rs1.now).groups[0]?.owner).toBeNull()
    const piggybacked = {
      kind: 'heartbeat',
      revision: 1,
      standby: false,
      voters: voterDigest(rs1.view),
      groups: [claim({ holds: true, number: 7, leftMs: 300 })],
    } as const
    rs1.hear('dir1', { kind: 'request', ...about, leaseMs: 350, number: 1 }, { piggybacked })
    expect(rs1.core.status(rs1.now).groups[0]?.owner).toBe('dir1')
    expect(sentTo(rs1, 'dir1').at(-1)?.kind).toBe('ack')
  })
  test('the reconciler hears of what is new in a heartbeat, and of nothing else', () => {
    const rs1 = node('rs1')
    const held = claim({ holds: true, number: 7, leftMs: 300 })
    const news = (word: typeof held): number => {
      rs1.look()
      rs1.heartbeat('dir1', [word])
      return rs1.look().filter((what) => what === 'claimed').length
    }
    expect(news(held)).toBeGreaterThan(0)
    expect([{ ...held, leftMs: 200 }, held].map(news)).toEqual([0, 0])
    const changes = [
      { ...held, number: 8 },
      { ...held, holds: false, number: 0 },
      { ...held, holds: false, number: 0, ready: false },
      { ...held, holds: false, number: 0, ready: false, reaches: 3 },
    ]
    expect(changes.map(news)).toEqual([1, 1, 1, 1])
  })
  test('nobody is believed about groups that do not exist, or that are not his', () => {
    const rs1 = node('rs1')
    rs1.heartbeat('dir1', [claim({ group: 'invented', holds: true, number: 9 })])
    rs1.heartbeat('rs2', [claim({ holds: true, number: 9, leftMs: 300 })])
    expect(rs1.core.status(rs1.now).groups).toMatchObject([{ name: 'web', owner: null }])
    expect(
      rs1.look().filter((what) => what === 'claimed'),
      'one for each node that is new',
    ).toHaveLength(2)
  })
  test('a holder that speaks holds on, whether or not each heartbeat names the group', () => {
    const rs1 = node('rs1')
    rs1.heartbeat('dir1', [claim({ holds: true, number: 7, leftMs: 300 })])
    for (let round = 0; round < 20; round++) {
      rs1.pass(150)
      rs1.heartbeat('dir1', [])
    }
    expect(rs1.core.status(rs1.now).groups[0]?.owner).toBe('dir1')
    rs1.pass(2 * timing.deadtimeMs)
    expect(rs1.core.status(rs1.now).groups[0]?.owner, 'silent').toBeNull()
  })
  test('a node that started anew claims nothing of what its old start said', () => {
    const rs1 = node('rs1')
    rs1.heartbeat('dir1', [claim({ holds: true, number: 7, leftMs: 300 })])
    const heartbeat = {
      kind: 'heartbeat',
      revision: 1,
      standby: false,
      voters: '0000000000000000',
      groups: [],
    } as const
    rs1.hear('dir1', heartbeat, { incarnation: 'dir1-again' })
    expect(rs1.core.status(rs1.now).groups[0]?.owner).toBeNull()
  })
})

describe('what a heartbeat says', () => {
  const groups = Array.from(
    { length: 40 },
    (_, index): LeaseGroup => ({ name: `g${index}`, digest: 'd', directors: ['dir1'], addresses: [] }),
  )
  const said = (bench: Bench): string[][] =>
    bench.sent.flatMap(({ message }) =>
      message.kind === 'heartbeat' ? [message.groups.filter((one) => one.ready).map(({ group }) => group)] : [],
    )
  test('does not grow with the groups, and names each of them in time', () => {
    const dir1 = node('dir1', groups)
    for (const { name } of groups) dir1.give(ready({ group: name }))
    dir1.sent.splice(0)
    dir1.pass(20_000)
    const sizes = dir1.sent.flatMap(({ message }) => (message.kind === 'heartbeat' ? [message.groups.length] : []))
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16)
    for (let round = 0; round < 4; round++) for (const { name } of groups) dir1.give(ready({ group: name }))
    dir1.sent.splice(0)
    for (let round = 0; round < 20; round++) {
      for (const { name } of groups) dir1.give(ready({ group: name }))
      dir1.pass(1000)
    }
    expect(new Set(said(dir1).flat()).size).toBe(groups.length)
  })
  test('names what changed in every heartbeat for a deadtime', () => {
    const dir1 = node('dir1', groups)
    dir1.pass(3 * timing.deadtimeMs)
    dir1.sent.splice(0)
    dir1.give(ready({ group: 'g7' }))
    dir1.pass(timing.deadtimeMs - 100)
    const heartbeats = said(dir1)
    expect(heartbeats.length).toBeGreaterThan(3)
    expect(heartbeats.every((names) => names.includes('g7'))).toBe(true)
  })
  test('names all groups soon to who has started anew', () => {
    const dir1 = node('dir1', groups)
    const starts = (incarnation: string): void => {
      const beat = { kind: 'heartbeat', revision: 1, standby: false, voters: '0000000000000000', groups: [] } as const
      dir1.hear('dir2', beat, { incarnation })
    }
    starts('first')
    dir1.pass(5 * timing.deadtimeMs)
    dir1.sent.splice(0)
    starts('second')
    dir1.pass(2 * timing.deadtimeMs)
    const told = dir1.sent.flatMap(({ to, message }) =>
      to.includes('dir2') && message.kind === 'heartbeat' ? message.groups.map(({ group }) => group) : [],
    )
    expect(new Set(told).size).toBe(groups.length)
  })
  test('of few groups names all, each time', () => {
    const dir1 = node('dir1', groups.slice(0, 16))
    dir1.pass(3000)
    const sizes = dir1.sent.flatMap(({ message }) => (message.kind === 'heartbeat' ? [message.groups.length] : []))
    expect(new Set(sizes)).toEqual(new Set([16]))
  })
})

test('a lease whose end is told to be nearer than it was is looked at by then', () => {
  const dir2 = node('dir2')
  const wakes = (leftMs: number): number => {
    dir2.heartbeat('dir1', [claim({ holds: true, number: 1, leftMs, ready: true })])
    return dir2.wakeAt - dir2.now
  }
  wakes(350)
  expect(wakes(340)).toBeGreaterThan(7)
  expect(wakes(7)).toBe(7)
})
