/** One of three voters, alone with what the others say: a voter asked by two directors, a director that asks. */
import { quarantineMs, renewalMs } from '@lvsm/base'
import { leadMs } from '@lvsm/lease'
import { describe, expect, test } from 'vitest'
import { about, Bench, claim, ready, timing, trio } from './fixture.ts'

/** Past its quarantine. */
function voter(): Bench {
  const rs1 = new Bench({ view: trio('rs1') })
  rs1.give({ kind: 'view', view: rs1.view })
  rs1.runTo(1001 + quarantineMs(timing.leaseMs))
  rs1.look()
  return rs1
}
const asks = (rs1: Bench, node: string, changed = {}): string[] => {
  rs1.hear(node, { kind: 'request', ...about, leaseMs: 350, number: node === 'dir1' ? 1 : 2, ...changed })
  return rs1.look()
}
const releases = (rs1: Bench, node: string, successor: string | null = null): string[] => {
  rs1.hear(node, { kind: 'release', ...about, upTo: 1e6, successor })
  return rs1.look()
}

describe('a voter', () => {
  test('lets a request wait that comes shortly before the vote is free, and grants it at that moment', () => {
    const rs1 = voter()
    const granted = rs1.now
    expect(asks(rs1, 'dir1')).toContain('ack')
    rs1.runTo(granted + 350 - leadMs(timing))
    expect(asks(rs1, 'dir2')).not.toContain('busy')
    rs1.runTo(granted + 349.9)
    expect(rs1.look()).not.toContain('ack')
    rs1.runTo(granted + 350.1)
    expect(rs1.look()).toContain('ack')
    expect(rs1.messages('ack').at(-1)?.to).toEqual(['dir2'])
  })
  test('refuses one that comes earlier at once, and one whose holder renewed meanwhile when it is due', () => {
    const rs1 = voter()
    const granted = rs1.now
    asks(rs1, 'dir1')
    rs1.runTo(granted + 300)
    expect(asks(rs1, 'dir2')).toEqual(['busy'])
    rs1.runTo(granted + 340)
    expect(asks(rs1, 'dir2')).toEqual([])
    rs1.runTo(granted + 345)
    expect(asks(rs1, 'dir1')).toContain('ack')
    rs1.runTo(granted + 351)
    expect(rs1.look()).toContain('busy')
  })
  test('keeps nothing for a successor that is no director of the group, or not any more', () => {
    for (const [successor, free] of [
      ['rs1', true],
      ['nobody', true],
      ['dir1', false],
    ] as const) {
      const rs1 = voter()
      asks(rs1, 'dir1')
      releases(rs1, 'dir1', successor)
      expect(asks(rs1, 'dir2'), successor).toEqual([free ? 'ack' : 'busy'])
    }
  })
  test('frees who waits at a release; who gave up meanwhile gets nothing', () => {
    const first = voter()
    asks(first, 'dir1')
    first.pass(340)
    asks(first, 'dir2')
    expect(releases(first, 'dir1')).toEqual(['ack'])
    expect(first.messages('ack').at(-1)?.to).toEqual(['dir2'])
    const second = voter()
    asks(second, 'dir1')
    second.pass(340)
    asks(second, 'dir2')
    releases(second, 'dir2')
    second.pass(20)
    expect(second.look()).toEqual([])
  })
  test('lets one request of each candidate wait, the newest', () => {
    const rs1 = voter()
    asks(rs1, 'dir1')
    rs1.pass(342)
    asks(rs1, 'dir2')
    asks(rs1, 'dir2')
    rs1.pass(10)
    expect(rs1.look()).toEqual(['ack'])
  })
  test('refuses a lease number out of reach, and names who asked for it, once', () => {
    const rs1 = voter()
    for (let times = 0; times < 3; times++) {
      rs1.hear('dir2', { kind: 'request', ...about, leaseMs: 350, number: 2 ** 40 + times })
      rs1.pass(1)
    }
    expect(rs1.told.map(({ reason }) => reason)).toEqual([
      `dir2 asked for lease ${2 ** 40} of web, far above 0: refused`,
    ])
    expect(rs1.core.status(rs1.now).counters['drop-number-jump']).toBe(3)
    expect(asks(rs1, 'dir1')).toContain('ack')
  })
  test('says nothing in its quarantine, and is silent as long as its disk says', () => {
    const rs1 = new Bench({ view: trio('rs1'), state: { limitMs: 5000, highWater: 0, standby: false } })
    rs1.give({ kind: 'view', view: rs1.view })
    rs1.runTo(999 + quarantineMs(5000))
    expect(asks(rs1, 'dir1')).not.toContain('ack')
    rs1.runTo(1001 + quarantineMs(5000))
    expect(asks(rs1, 'dir1')).toContain('ack')
  })
  test('asked by a clone of the holder, keeps its word to the holder', () => {
    const rs1 = voter()
    asks(rs1, 'dir1')
    rs1.hear('dir1', { kind: 'request', ...about, leaseMs: 350, number: 2 }, { incarnation: 'clone' })
    expect(rs1.look()).toEqual(['busy'])
  })
  test('lends nothing anew to a node from when an earlier start of it speaks again, for a deadtime', () => {
    const rs1 = voter()
    const ask = (incarnation: string) => {
      rs1.hear('dir1', { kind: 'request', ...about, leaseMs: 350, number: 2 }, { incarnation })
      return rs1.look()
    }
    for (const incarnation of ['one', 'two', 'one']) rs1.hear('dir1', { kind: 'poll', ...about }, { incarnation })
    rs1.look()
    expect(ask('two')).not.toContain('ack')
    rs1.pass(timing.deadtimeMs + 1)
    expect(ask('two')).toContain('ack')
  })
  test('says that two machines have one name, once, and as long as they speak by turns', () => {
    const rs1 = voter()
    for (let round = 0; round < 30; round++) {
      rs1.hear('dir1', { kind: 'poll', ...about }, { incarnation: round % 2 ? 'aaaaaaaa1' : 'bbbbbbbb1' })
      rs1.pass(100)
    }
    expect(rs1.told.map(({ reason }) => reason)).toEqual([
      'two machines call themselves dir1: starts bbbbbbbb and aaaaaaaa speak by turns',
    ])
    expect(rs1.core.status(rs1.now).troubles).toMatchObject([{ code: 'cloned-node', severity: 'critical' }])
    rs1.pass(3000)
    expect(rs1.core.status(rs1.now).troubles).toEqual([])
  })
})

test('a start that nobody knows yet gets a heartbeat at once, and a flood of them only now and then', () => {
  const rs1 = new Bench({ view: trio('rs1') })
  rs1.begin()
  rs1.runTo(5000)
  const greeted = (start: string): number => {
    rs1.sent.splice(0)
    rs1.hear('dir1', { kind: 'poll', ...about }, { incarnation: start, to: null })
    return rs1.sent.filter(({ message, to }) => message.kind === 'heartbeat' && to.includes('dir1')).length
  }
  expect([greeted('one1'), greeted('two2'), greeted('three3')]).toEqual([1, 0, 0])
  rs1.pass(timing.keepaliveMs / 4)
  expect(greeted('four4')).toBe(1)
})

test('a quorum is a majority of the voters, itself among them, heard lately', () => {
  const rs1 = voter()
  const quorum = () => rs1.core.status(rs1.now).quorum
  expect(quorum()).toBe(false)
  rs1.heartbeat('dir2', [])
  expect(quorum()).toBe(true)
  rs1.pass(timing.deadtimeMs + 1)
  expect(quorum()).toBe(false)
})

/** A director past its quarantine; the others are silent. */
function candidate(): Bench {
  const dir1 = new Bench({ view: trio('dir1') })
  dir1.begin()
  dir1.look()
  dir1.sent.splice(0)
  return dir1
}
/** Until it sends a message of that kind. */
function until(dir1: Bench, kind: 'poll' | 'request' | 'release') {
  dir1.sent.splice(0)
  for (let round = 0; round < 400; round++) {
    dir1.pass(1)
    const [found] = dir1.messages(kind)
    if (found) return found
  }
  throw new Error(`no ${kind}`)
}

describe('a candidate', () => {
  test('asks over one link, and after a silence over all', () => {
    const dir1 = candidate()
    const { sequence, spread } = until(dir1, 'poll')
    expect(spread).toBe('one')
    dir1.hear('rs1', { kind: 'free', ...about, echo: { incarnation: 'one', sequence }, highWater: 0 })
    const first = dir1.messages('request')[0] ?? until(dir1, 'request')
    expect(first.spread).toBe('one')
    expect(until(dir1, 'request').spread).toBe('all')
    expect(until(dir1, 'release').spread).toBe('all')
  })
  test('counts no answer to an earlier start of its node: neither a yes nor a no', () => {
    const dir1 = candidate()
    const echo = (incarnation: string, sequence: number) => ({
      ...about,
      echo: { incarnation, sequence },
      highWater: 0,
    })
    const { sequence } = until(dir1, 'poll')
    dir1.hear('rs1', { kind: 'free', ...echo('zero', sequence) })
    expect(dir1.messages('request')).toEqual([])
    dir1.hear('rs1', { kind: 'free', ...echo('one', sequence) })
    const asked = dir1.messages('request')[0] ?? until(dir1, 'request')
    const refuses = (incarnation: string): void => {
      for (const from of ['rs1', 'dir2'])
        dir1.hear(from, { kind: 'busy', ...echo(incarnation, asked.sequence), reason: 'held', leftMs: 300 })
    }
    refuses('zero')
    expect(dir1.messages('release')).toEqual([])
    refuses('one')
    expect(dir1.messages('release')).toHaveLength(1)
  })
  test('asks for nothing by the yes of a node that may be two machines', () => {
    const dir1 = candidate()
    const echo = { incarnation: 'one', sequence: until(dir1, 'poll').sequence }
    for (const incarnation of ['a', 'b', 'a']) dir1.hear('rs1', { kind: 'poll', ...about }, { incarnation })
    dir1.hear('rs1', { kind: 'free', ...about, echo, highWater: 0 }, { incarnation: 'a' })
    expect(dir1.messages('request')).toEqual([])
    expect(dir1.core.status(dir1.now).counters['drop-cloned-voter']).toBe(1)
  })
  test('answers as the question came', () => {
    const dir1 = candidate()
    for (const spread of ['one', 'all'] as const) {
      dir1.sent.splice(0)
      dir1.hear('rs1', { kind: 'poll', ...about }, { spread })
      const answers = dir1.sent.filter(({ message }) => message.kind === 'free' || message.kind === 'busy')
      expect(answers.map((one) => one.spread)).toEqual([spread])
    }
  })
  test('that hears the holder renew asks nobody, whatever a voter told it before', () => {
    const dir1 = candidate()
    const echo = { incarnation: 'one', sequence: until(dir1, 'poll').sequence }
    dir1.hear('rs1', { kind: 'busy', ...about, echo, reason: 'held', leftMs: 50, highWater: 1 })
    for (let round = 0; round < 20; round++) {
      dir1.hear('dir2', { kind: 'request', ...about, leaseMs: 350, number: 1 })
      dir1.sent.splice(0)
      dir1.pass(renewalMs(timing))
      expect([...dir1.messages('poll'), ...dir1.messages('request')]).toEqual([])
    }
    expect(until(dir1, 'poll'), 'a renewal is missing').toBeDefined()
  })
  test('takes the lease of a majority, and only then', () => {
    const dir1 = candidate()
    dir1.live(600, [])
    expect(dir1.role()).not.toBe('owner')
    dir1.live(600, ['rs1'])
    expect(dir1.role()).toBe('owner')
    expect(dir1.look()).toContain('event took')
  })
  test('does not stand while a peer counts other voters, however long ago it said so', () => {
    const dir1 = candidate()
    dir1.heartbeat('rs1', [], { voters: 'ffffffffffffffff' })
    dir1.live(3000, ['rs1'])
    expect(dir1.role()).not.toBe('owner')
    dir1.hear('rs1', { kind: 'poll', ...about })
    expect(dir1.why()).toContain('rs1 counts other voters than dir1')
    expect(dir1.core.status(dir1.now).troubles).toMatchObject([{ code: 'other-voters', severity: 'critical' }])
    expect(dir1.core.status(dir1.now).groups[0]?.unwilling).toMatch(/^rs1 counts other voters than dir1/)
    expect(dir1.told.map(({ reason }) => reason)).toEqual([
      'rs1 counts other voters than dir1: two majorities could be formed',
    ])
    dir1.heartbeat('rs1', [])
    dir1.live(600, ['rs1'])
    expect(dir1.role()).toBe('owner')
    expect(dir1.core.status(dir1.now).groups[0]).not.toHaveProperty('unwilling')
    expect(dir1.core.status(dir1.now).troubles).toEqual([])
  })
  test('stands behind a ready one that is preferred, and before one that is not', () => {
    const dir2 = new Bench({ view: trio('dir2') })
    dir2.begin()
    const takes = (each: () => void): number => {
      const began = dir2.now
      for (let round = 0; round < 300 && dir2.role() !== 'owner'; round++) dir2.live(2, ['rs1'], each)
      return dir2.now - began
    }
    let heartbeatAt = 0
    const spoken = takes(() => {
      if (dir2.now < heartbeatAt) return
      heartbeatAt = dir2.now + 100
      dir2.heartbeat('dir1', [claim()])
    })
    expect(spoken).toBeLessThan(150)
    expect(dir2.role()).toBe('owner')
  })
  test('that can check fewer services than a ready peer lets that one go first, unless it reaches more ping nodes', () => {
    for (const [own, theirs, first] of [
      [{ blind: 1 }, { blind: 1 }, true],
      [{ blind: 1 }, {}, false],
      [{}, { blind: 1 }, true],
      [{ blind: 1, reaches: 1 }, {}, true],
    ] as const) {
      const dir1 = candidate()
      dir1.give(ready(own))
      dir1.heartbeat('dir2', [claim(theirs)])
      const echo = { incarnation: 'one', sequence: until(dir1, 'poll').sequence }
      dir1.heartbeat('dir2', [claim(theirs)])
      dir1.sent.splice(0)
      dir1.hear('rs1', { kind: 'free', ...about, echo, highWater: 0 })
      expect(dir1.messages('request').length > 0).toBe(first)
      dir1.pass(60)
      expect(dir1.messages('request').length > 0, 'a step later').toBe(true)
    }
  })
  test('that reaches fewer ping nodes than a ready peer lets that one go first, whoever is preferred', () => {
    for (const [reaches, first] of [
      [2, false],
      [1, true],
    ] as const) {
      const dir1 = candidate()
      dir1.give(ready({ reaches: 1 }))
      dir1.heartbeat('dir2', [claim({ reaches })])
      const echo = { incarnation: 'one', sequence: until(dir1, 'poll').sequence }
      dir1.heartbeat('dir2', [claim({ reaches })])
      dir1.sent.splice(0)
      dir1.hear('rs1', { kind: 'free', ...about, echo, highWater: 0 })
      expect(dir1.messages('request').length > 0).toBe(first)
      dir1.pass(60)
      expect(dir1.messages('request').length > 0, 'a step later').toBe(true)
    }
  })
})
