import { instant } from '@lvsm/base'
import { describe, expect, test } from 'vitest'
import { lifeOf, silentFrom, speaks } from './detector.ts'
import { ANCIENT, INCARNATIONS, LEFT, type Origin, PeerTable, RETIRED } from './peer-table.ts'
import { LONGEST_JUMP } from './peer-incarnation.ts'

const at = instant(1000)
const from = (origin: Partial<Origin>): Origin => ({
  from: 'dir2',
  incarnation: 'b1',
  sequence: 1,
  to: 'a1',
  link: 0,
  ...origin,
})
const peerTable = (): PeerTable => {
  const made = new PeerTable('a1')
  made.adopt(['dir2', 'rs1'], 1000)
  return made
}

describe('peerTable', () => {
  test('counts what is addressed to this start, once', () => {
    const peers = peerTable()
    expect(peers.judge(from({}), at)).toEqual({ kind: 'counts' })
    expect(peers.judge(from({ link: 1 }), at)).toEqual({ kind: 'copy' })
    expect(peers.judge(from({}), at)).toEqual({ kind: 'drop', reason: 'replay' })
    expect(peers.heardAt('dir2')).toBe(at)
  })
  test('what is addressed to somebody else is noted in no window: the real one may still come', () => {
    const peers = peerTable()
    expect(peers.judge(from({ sequence: 7, to: 'c1' }), at)).toEqual({ kind: 'teaches', unheard: true })
    expect(peers.judge(from({ sequence: 9, to: null }), at)).toEqual({ kind: 'teaches', unheard: false })
    expect(peers.judge(from({ sequence: 7 }), at)).toEqual({ kind: 'counts' })
    expect(peers.judge(from({ sequence: 9 }), at)).toEqual({ kind: 'counts' })
  })
  test('a slow link is not too late: a thousand datagrams may overtake', () => {
    const peers = peerTable()
    expect(peers.judge(from({ sequence: 1000 }), at).kind).toBe('counts')
    expect(peers.judge(from({ sequence: 1, link: 1 }), at).kind).toBe('counts')
    expect(peers.judge(from({ sequence: 2000 }), at).kind).toBe('counts')
    expect(peers.judge(from({ sequence: 2, link: 1 }), at)).toEqual({ kind: 'drop', reason: 'stale' })
  })
  test('a start that speaks on is not retired, be it that it speaks to an earlier start of ours', () => {
    const peers = peerTable()
    peers.judge(from({ incarnation: 'b2' }), at)
    for (let ms = 0; ms <= 3000; ms += 100) {
      peers.judge(from({ sequence: ms + 1 }), instant(1000 + ms))
      peers.judge(from({ incarnation: 'b2', sequence: ms + 2, to: 'a0' }), instant(1050 + ms))
    }
    expect(peers.judge(from({ incarnation: 'b2', sequence: 9000 }), instant(4100)).kind).toBe('counts')
  })
  test('nor is one that another has outspoken for less than a deadtime since, however long that had spoken before', () => {
    const peers = peerTable()
    for (let ms = 0; ms < 1000; ms += 100) peers.judge(from({ sequence: ms + 1 }), instant(1000 + ms))
    peers.judge(from({ incarnation: 'b2' }), instant(2000))
    for (const ms of [2390, 2880, 3010]) peers.judge(from({ sequence: ms }), instant(ms))
    expect(peers.judge(from({ incarnation: 'b2', sequence: 2 }), instant(3020)).kind).toBe('counts')
  })
  test('a sequence far ahead was made up: it must not make all others stale', () => {
    const peers = peerTable()
    peers.judge(from({ sequence: 5 }), at)
    expect(peers.judge(from({ sequence: 6 + LONGEST_JUMP }), at)).toEqual({ kind: 'drop', reason: 'jump' })
    expect(peers.judge(from({ sequence: 6 }), at).kind).toBe('counts')
    expect(peers.judge(from({ sequence: 6 + LONGEST_JUMP }), at).kind).toBe('counts')
  })
  test('a stranger, and a link out of range, are dropped', () => {
    expect(peerTable().judge(from({ from: 'mars' }), at)).toEqual({ kind: 'drop', reason: 'unknown-node' })
    for (const link of [-1, 0.5, 8])
      expect(peerTable().judge(from({ link }), at)).toEqual({ kind: 'drop', reason: 'unknown-link' })
    expect(peerTable().judge(from({ link: 7 }), at).kind).toBe('counts')
  })
  test('a first heartbeat teaches how to address its sender, and proves nothing', () => {
    const peers = peerTable()
    expect(peers.judge(from({ to: null }), at)).toEqual({ kind: 'teaches', unheard: true })
    expect(peers.address('dir2', at)).toBe('b1')
    expect([peers.heardAt('dir2'), peers.linkOf('dir2')]).toEqual([null, null])
    expect(peers.judge(from({ sequence: 2 }), at).kind).toBe('counts')
  })
  test('a start that was silent while another one spoke is retired', () => {
    const peers = peerTable()
    peers.judge(from({}), at)
    peers.judge(from({ incarnation: 'b2', to: null }), at)
    expect(peers.judge(from({ incarnation: 'b2', sequence: 2 }), at).kind).toBe('counts')
    expect(peers.address('dir2', at)).toBe('b2')
    for (let step = 1; step <= 5; step++)
      expect(peers.judge(from({ incarnation: 'b2', sequence: 2 + step }), instant(1000 + 200 * step)).kind).toBe(
        'counts',
      )
    expect(peers.judge(from({ sequence: 9 }), instant(2000))).toEqual({ kind: 'drop', reason: 'retired-incarnation' })
  })
  test('a retired start is heard again when no other one speaks: the dead one may have retired the living', () => {
    const peers = peerTable()
    peers.judge(from({ incarnation: 'living', sequence: 1 }), instant(0))
    for (let ms = 100; ms <= 2000; ms += 100) peers.judge(from({ sequence: ms }), instant(ms))
    expect(peers.judge(from({ incarnation: 'living', sequence: 2 }), instant(2100)).kind).toBe('drop')
    expect(peers.judge(from({ incarnation: 'living', sequence: 3 }), instant(2999)).kind).toBe('drop')
    expect(peers.judge(from({ incarnation: 'living', sequence: 4 }), instant(3000)).kind).toBe('counts')
    expect(peers.judge(from({ incarnation: 'living', sequence: 5 }), instant(3001)).kind).toBe('counts')
  })
  test('what a retired start said before does not count again, nor does anything of one whose windows are gone', () => {
    const peers = peerTable()
    for (const sequence of [1, 2, 3]) peers.judge(from({ sequence }), at)
    const speaksOn = (incarnation: string, begin: number): void => {
      for (let ms = 0; ms <= 1500; ms += 100)
        peers.judge(from({ incarnation, sequence: begin + ms }), instant(begin + ms))
    }
    speaksOn('b2', 1100)
    expect(peers.judge(from({ sequence: 4 }), instant(2600)).kind).toBe('drop')
    for (const sequence of [1, 2, 3])
      expect(peers.judge(from({ sequence }), instant(9000 + sequence))).toEqual({ kind: 'drop', reason: 'replay' })
    speaksOn('b2', 9100)
    expect(peers.doubted('dir2', instant(10_700))).toBe(false)
    for (let start = 0; start <= RETIRED; start++) speaksOn(`c${start}`, 20_000 + 2000 * start)
    expect(peers.judge(from({ sequence: 5 }), instant(200_000))).toEqual({
      kind: 'drop',
      reason: 'retired-incarnation',
    })
  })
  test('a straggler of an old start, addressed to us, does not retire the living one', () => {
    const peers = peerTable()
    peers.judge(from({ incarnation: 'b2' }), at)
    peers.judge(from({ incarnation: 'b1' }), instant(1900))
    expect(peers.judge(from({ incarnation: 'b2', sequence: 2 }), instant(2100)).kind).toBe('counts')
    expect(peers.address('dir2', instant(2100))).toBe('b2')
  })
  test('nor does one that comes after all were silent, or this process was held up', () => {
    const peers = peerTable()
    peers.judge(from({ incarnation: 'b1' }), at)
    peers.judge(from({ incarnation: 'b2' }), instant(1900))
    peers.judge(from({ incarnation: 'b1', sequence: 2 }), instant(4000))
    expect(peers.judge(from({ incarnation: 'b2', sequence: 2 }), instant(4000)).kind).toBe('counts')
  })
  test('a start that proved itself within half a deadtime is addressed, whatever recordings bring', () => {
    const peers = peerTable()
    peers.judge(from({}), at)
    for (const incarnation of ['b0', 'z9'])
      for (let sequence = 1; sequence < 300; sequence++)
        peers.judge(from({ incarnation, sequence, to: 'a0' }), instant(1000 + sequence))
    expect(peers.address('dir2', instant(1499))).toBe('b1')
  })
  test('of those that proved themselves, the last; a new start takes the place of the old one at once', () => {
    const peers = peerTable()
    peers.judge(from({}), at)
    peers.judge(from({ incarnation: 'b2' }), instant(1001))
    expect(peers.address('dir2', instant(1002))).toBe('b2')
    peers.judge(from({ sequence: 2 }), instant(1003))
    expect(peers.address('dir2', instant(1004))).toBe('b1')
  })
  test('where none has lately, each that was heard is tried in turn, so that the living one is found', () => {
    const peers = peerTable()
    peers.judge(from({}), at)
    for (const incarnation of ['b0', 'z9']) peers.judge(from({ incarnation, to: 'a0' }), at)
    const tried = Array.from({ length: 6 }, () => peers.address('dir2', instant(1500)))
    expect(new Set(tried)).toEqual(new Set(['b0', 'b1', 'z9']))
    expect(tried.slice(3)).toEqual(tried.slice(0, 3))
    expect([peers.address('rs1', at), peers.address('mars', at)]).toEqual([null, null])
  })
  test('answers go where the node was heard last, and was meant', () => {
    const peers = peerTable()
    peers.judge(from({ link: 1 }), at)
    expect(peers.linkOf('dir2')).toBe(1)
    peers.judge(from({ sequence: 2, link: 0, to: 'a0' }), at)
    peers.judge(from({ incarnation: 'b0', sequence: 3, link: 0, to: null }), at)
    peers.judge(from({ sequence: 1, link: 0 }), at)
    expect(peers.linkOf('dir2'), 'not by recordings, nor by copies').toBe(1)
    peers.judge(from({ sequence: 4, link: 0 }), at)
    expect(peers.linkOf('dir2')).toBe(0)
  })
  test('recordings of unknown starts push out neither a living incarnation nor memory', () => {
    const peers = peerTable()
    peers.judge(from({}), at)
    for (let start = 0; start < 50; start++)
      peers.judge(from({ incarnation: `old${start}`, to: 'a0' }), instant(1001 + start))
    expect(peers.judge(from({}), instant(1100))).toEqual({ kind: 'drop', reason: 'replay' })
  })
  test('a flood of starts that nobody proved does not push out the one that speaks', () => {
    const peers = peerTable()
    expect(peers.judge(from({}), at).kind).toBe('counts')
    for (let start = 0; start < 3 * INCARNATIONS; start++)
      peers.judge(from({ incarnation: `flood${start}`, to: null }), instant(1100 + start))
    expect(peers.address('dir2', instant(1200))).toBe('b1')
    expect(peers.heardAt('dir2')).toBe(at)
  })
  test('a flood of them does not push out the memory of those that were retired', () => {
    const peers = peerTable()
    peers.judge(from({ incarnation: 'b0' }), instant(1000))
    for (let sequence = 1; sequence < 30; sequence++) peers.judge(from({ sequence }), instant(1000 + 100 * sequence))
    for (let start = 0; start < 2 * (RETIRED + ANCIENT); start++)
      peers.judge(from({ incarnation: `flood${start}`, to: null }), instant(4000))
    expect(peers.judge(from({ incarnation: 'b0' }), instant(4001))).toEqual({
      kind: 'drop',
      reason: 'retired-incarnation',
    })
  })
  test('remembers a bounded number of retired starts', () => {
    const peers = peerTable()
    const starts = ANCIENT + RETIRED + INCARNATIONS + 1
    for (let start = 0; start < starts; start++) peers.judge(from({ incarnation: `b${start}` }), instant(1000 + start))
    expect(peers.judge(from({ incarnation: 'b1', sequence: 7 }), at)).toEqual({
      kind: 'drop',
      reason: 'retired-incarnation',
    })
    expect(peers.judge(from({ incarnation: 'b0', sequence: 7, to: null }), at).kind).toBe('teaches')
  })
})

describe('two machines with one name', () => {
  /** Each of the two starts speaks every 200 ms, by turns, for so long. */
  const byTurns = (peers: PeerTable, ms: number, begin = 1000): void => {
    for (let step = 0; step * 100 < ms; step++)
      peers.judge(from({ incarnation: `b${step % 2}`, sequence: step + 1 }), instant(begin + 100 * step))
  }
  test('go on speaking by turns, and are named', () => {
    const peers = peerTable()
    byTurns(peers, 3000)
    expect(peers.double('dir2', instant(4000))).toEqual(['b0', 'b1'])
    expect(peers.double('rs1', instant(4000))).toBeNull()
  })
  test('a restart is none, nor are the last words of the old start that come in between', () => {
    const peers = peerTable()
    peers.judge(from({ incarnation: 'b0' }), at)
    byTurns(peers, 900, 1100)
    for (let step = 0; step < 20; step++) {
      const now = instant(2000 + 100 * step)
      peers.judge(from({ incarnation: 'b1', sequence: 100 + step }), now)
      expect(peers.double('dir2', now)).toBeNull()
    }
  })
  test('may be two from the first time on that an earlier start speaks again, and for a deadtime after the last', () => {
    const peers = peerTable()
    peers.judge(from({ incarnation: 'b0', sequence: 1 }), instant(1000))
    peers.judge(from({ incarnation: 'b1', sequence: 1 }), instant(1050))
    expect(peers.doubted('dir2', instant(1050)), 'a restart').toBe(false)
    peers.judge(from({ incarnation: 'b0', sequence: 2 }), instant(1100))
    expect(peers.doubted('dir2', instant(1100))).toBe(true)
    expect(peers.double('dir2', instant(1100)), 'not for certain').toBeNull()
    peers.judge(from({ incarnation: 'b1', sequence: 2 }), instant(1150))
    expect([peers.doubted('dir2', instant(2149)), peers.doubted('dir2', instant(2150))]).toEqual([true, false])
    expect(peers.doubted('rs1', instant(1100))).toBe(false)
  })
  test('are not named for ever once one of them is gone', () => {
    const peers = peerTable()
    byTurns(peers, 3000)
    expect(peers.double('dir2', instant(4899))).not.toBeNull()
    expect(peers.double('dir2', instant(4900 + 1000))).toBeNull()
    peers.judge(from({ incarnation: 'b0', sequence: 900 }), instant(9000))
    peers.judge(from({ incarnation: 'b1', sequence: 900 }), instant(9100))
    expect(peers.double('dir2', instant(9100)), 'it begins anew').toBeNull()
  })
})

test('a node that stays in the view is known as before, one that leaves is unknown', () => {
  const peers = peerTable()
  peers.judge(from({}), at)
  peers.judge(from({ from: 'rs1', incarnation: 'c1' }), at)
  peers.adopt(['dir2', 'rs2'], 1000)
  expect([peers.heardAt('dir2'), peers.heardAt('rs1')]).toEqual([at, null])
  expect(peers.judge(from({ from: 'rs1', incarnation: 'c1', sequence: 2 }), at).kind).toBe('drop')
  expect(peers.judge(from({}), at)).toEqual({ kind: 'drop', reason: 'replay' })
})

test('a node that comes back into the view is heard again, but no recording of what it said before', () => {
  const peers = peerTable()
  const word = from({ from: 'rs1', incarnation: 'c1' })
  expect(peers.judge(word, at).kind).toBe('counts')
  peers.adopt(['dir2'], 1000)
  peers.adopt(['dir2', 'rs1'], 1000)
  expect(peers.judge(word, at)).toEqual({ kind: 'drop', reason: 'replay' })
  expect(peers.judge({ ...word, sequence: 2 }, at)).toEqual({ kind: 'counts' })
})

test('only of so many nodes that left is anything kept', () => {
  const peers = new PeerTable('a1')
  const word = (name: number) => from({ from: `rs${name}` })
  for (let name = 0; name <= LEFT; name++) {
    peers.adopt([`rs${name}`], 1000)
    peers.judge(word(name), at)
  }
  peers.adopt([], 1000)
  peers.adopt(
    Array.from({ length: LEFT + 1 }, (_, name) => `rs${name}`),
    1000,
  )
  const kinds = Array.from({ length: LEFT + 1 }, (_, name) => peers.judge(word(name), at).kind)
  expect(kinds).toEqual(['counts', ...Array.from({ length: LEFT }, () => 'drop')])
})

test('silence is late, then dead', () => {
  const timing = { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
  expect([0, 299, 300, 1000].map((ms) => lifeOf(at, instant(1000 + ms), timing))).toEqual([
    'alive',
    'alive',
    'late',
    'dead',
  ])
  expect(lifeOf(null, at, timing)).toBe('unknown')
  expect([439, 440].map((ms) => speaks(at, instant(1000 + ms), 200))).toEqual([true, false])
  expect(silentFrom(at, 200)).toBe(1440)
  expect(speaks(null, instant(0), 200)).toBe(false)
})
