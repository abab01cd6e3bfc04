import { instant } from '@lvsm/base'
import { describe, expect, test } from 'vitest'
import { lifeOf, speaks } from './detector.ts'
import { type Origin, RETIRED, Roster, SPEAKERS } from './roster.ts'
import { ReplayWindow } from './window.ts'

const at = instant(1000)
const from = (origin: Partial<Origin>): Origin => ({
  from: 'dir2',
  incarnation: 'b1',
  sequence: 1,
  to: 'a1',
  link: 0,
  ...origin,
})
const roster = (): Roster => {
  const made = new Roster('a1')
  made.adopt(['dir2', 'rs1'], 1000)
  return made
}

describe('window', () => {
  test('takes each sequence once, out of order too', () => {
    const window = new ReplayWindow()
    expect([5, 3, 5, 4, 3].map((sequence) => window.take(sequence))).toEqual([
      'fresh',
      'fresh',
      'seen',
      'fresh',
      'seen',
    ])
  })
  test('is 64 wide', () => {
    const window = new ReplayWindow()
    window.take(100)
    expect(window.take(37)).toBe('fresh')
    expect(window.take(36)).toBe('stale')
    expect(window.take(164)).toBe('fresh')
    expect(window.take(100)).toBe('stale')
  })
})

describe('roster', () => {
  test('counts what is addressed to this start, once', () => {
    const peers = roster()
    expect(peers.judge(from({}), at)).toEqual({ kind: 'counts' })
    expect(peers.judge(from({ link: 1 }), at)).toEqual({ kind: 'copy' })
    expect(peers.judge(from({}), at)).toEqual({ kind: 'drop', reason: 'replay' })
    expect(peers.heardAt('dir2')).toBe(at)
  })
  test('a stranger, and a link out of range, are dropped', () => {
    expect(roster().judge(from({ from: 'mars' }), at)).toEqual({ kind: 'drop', reason: 'unknown-node' })
    expect(roster().judge(from({ link: 8 }), at)).toEqual({ kind: 'drop', reason: 'unknown-link' })
  })
  test('a first beat teaches how to address its sender, and proves nothing', () => {
    const peers = roster()
    expect(peers.judge(from({ to: null }), at)).toEqual({ kind: 'teaches', unheard: true })
    expect(peers.addressOf('dir2')).toBe('b1')
    expect(peers.heardAt('dir2')).toBeNull()
    expect(peers.judge(from({ sequence: 2 }), at).kind).toBe('counts')
  })
  test('a start that was silent while another one spoke is retired for good', () => {
    const peers = roster()
    peers.judge(from({}), at)
    peers.judge(from({ incarnation: 'b2', to: null }), at)
    expect(peers.addressOf('dir2')).toBe('b2')
    expect(peers.judge(from({ incarnation: 'b2', sequence: 2 }), at).kind).toBe('counts')
    for (let step = 1; step <= 5; step++)
      expect(peers.judge(from({ incarnation: 'b2', sequence: 2 + step }), instant(1000 + 200 * step)).kind).toBe(
        'counts',
      )
    expect(peers.judge(from({ sequence: 9 }), instant(2000))).toEqual({ kind: 'drop', reason: 'retired-incarnation' })
  })
  test('a straggler of an old start, addressed to us, does not retire the living one', () => {
    const peers = roster()
    peers.judge(from({ incarnation: 'b2' }), at)
    peers.judge(from({ incarnation: 'b1' }), instant(1900))
    expect(peers.judge(from({ incarnation: 'b2', sequence: 2 }), instant(2100)).kind).toBe('counts')
    expect(peers.addressOf('dir2')).toBe('b2')
  })
  test('nor does one that comes after all were silent, or this process was held up', () => {
    const peers = roster()
    peers.judge(from({ incarnation: 'b1' }), at)
    peers.judge(from({ incarnation: 'b2' }), instant(1900))
    peers.judge(from({ incarnation: 'b1', sequence: 2 }), instant(4000))
    expect(peers.judge(from({ incarnation: 'b2', sequence: 2 }), instant(4000)).kind).toBe('counts')
  })
  test('the incarnation that spoke last is addressed, also when it does not know us', () => {
    const peers = roster()
    peers.judge(from({}), at)
    peers.judge(from({ incarnation: 'b0', to: 'a0' }), at)
    expect(peers.addressOf('dir2')).toBe('b0')
    peers.judge(from({ sequence: 2, to: 'a0' }), at)
    peers.judge(from({ sequence: 3, to: 'a0' }), instant(1001))
    expect(peers.addressOf('dir2')).toBe('b1')
  })
  test('recordings of unknown starts push out neither a living speaker nor memory', () => {
    const peers = roster()
    peers.judge(from({}), at)
    for (let start = 0; start < 50; start++)
      peers.judge(from({ incarnation: `old${start}`, to: 'a0' }), instant(1001 + start))
    expect(peers.judge(from({}), instant(1100))).toEqual({ kind: 'drop', reason: 'replay' })
  })
  test('remembers a bounded number of retired starts', () => {
    const peers = roster()
    const starts = RETIRED + SPEAKERS + 1
    for (let start = 0; start < starts; start++) peers.judge(from({ incarnation: `b${start}` }), instant(1000 + start))
    expect(peers.judge(from({ incarnation: 'b1', sequence: 7 }), at)).toEqual({
      kind: 'drop',
      reason: 'retired-incarnation',
    })
    expect(peers.judge(from({ incarnation: 'b0', sequence: 7, to: null }), at).kind).toBe('teaches')
  })
})

test('silence is late, then dead', () => {
  const timing = { keepaliveMs: 100, termMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
  expect([0, 299, 300, 1000].map((ms) => lifeOf(at, instant(1000 + ms), timing))).toEqual([
    'alive',
    'alive',
    'late',
    'dead',
  ])
  expect(lifeOf(null, at, timing)).toBe('unknown')
  expect([440, 441].map((ms) => speaks(at, instant(1000 + ms), 200))).toEqual([true, false])
})
