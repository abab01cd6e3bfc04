/** A wall clock that is far from those of the others is told by its own node, and by no other where there are three. */
import type { Trouble } from '@lvsm/base'
import type { StateMessage } from '@lvsm/protocol'
import { encodeState } from './publish/packing.ts'
import { describe, expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from './fixture.ts'

let boots = 0
const said = (
  wall?: number,
  troubles: Trouble[] = [],
  ahead: Readonly<Record<string, number>> = {},
  wallSet = 0,
): string =>
  encodeState({
    ...{ kind: 'state', revision: 1, agreement: {}, state: 'standby', reason: '', standby: false },
    ...{ ready: {}, pings: {}, troubles, events: [], boot: `start-${boots}` },
    ...(wall === undefined ? {} : { wall, wallSet, ahead: { ...ahead } }),
  } satisfies StateMessage)[0] ?? ''

const wallOf = (one: TestNode): number => one.wallAheadMs + Math.round(one.now())
/** Each says every two seconds what its wall clock shows: ahead by so much of a true one. `late`: so long it was under way. */
function hears(
  one: TestNode,
  ahead: Readonly<Record<string, number | null>>,
  times = 6,
  late = [0],
  troubles: Trouble[] = [],
  wallSet = 0,
): void {
  const trueAhead = TRUE.get(one) ?? one.wallAheadMs
  TRUE.set(one, trueAhead)
  for (let turn = 0; turn < times; turn++) {
    goesOn(one, 2000, statusOf(one.name, null, 0))
    for (const [from, ms] of Object.entries(ahead)) {
      const wall = trueAhead + Math.round(one.now()) + (ms ?? 0) - (late[turn % late.length] ?? 0)
      // As it was with the first of its words.
      const seen = one.wallAheadMs - trueAhead - (ms ?? 0)
      const ahead = seen > 0 ? { [one.name]: seen } : {}
      one.feed({ kind: 'message', from, text: said(ms === null ? undefined : wall, troubles, ahead, wallSet) })
    }
  }
}
const TRUE = new WeakMap<TestNode, number>()
const told = (one: TestNode): string[] =>
  one.core
    .status(one.now())
    .troubles.flatMap(({ node, code, message }) => (node === one.name && code === 'clock-apart' ? [message] : []))
const born = (ownAheadMs = 0, name = 'dir1'): TestNode => {
  const one = node(name)
  TRUE.set(one, one.wallAheadMs)
  one.wallAheadMs += ownAheadMs
  one.feed({ kind: 'lease-up' })
  return one
}

test('what others are ahead is told to them, and to nobody what they are behind: their words may have come late', () => {
  const dir1 = born()
  hears(dir1, { dir2: 35_400, rs1: -60_000, rs2: 300 }, 10)
  const last = dir1.take('message').findLast(({ text }) => text.includes('"kind":"state"'))
  expect(JSON.parse(last?.text ?? '{}')).toMatchObject({ ahead: { dir2: 35_400 } })
})

describe('a wall clock', () => {
  test('that is ahead of those of the others is told with how far, and is over when it is right', () => {
    const dir1 = born(35_400)
    hears(dir1, { dir2: 0, rs1: 10, rs2: -20 })
    expect(told(dir1)).toEqual([
      'the wall clock of dir1 is 35 s ahead of those of the 3 other nodes that it hears (their median)',
    ])
    dir1.wallAheadMs -= 34_000
    hears(dir1, { dir2: 0, rs1: 10, rs2: -20 }, 1)
    expect(told(dir1), 'set, and not known yet whether it is right').toEqual([])
    dir1.wallAheadMs += 2000
    hears(dir1, { dir2: 0, rs1: 10, rs2: -20 })
    expect(told(dir1), 'it is not').toHaveLength(1)
    for (const ms of [900, 900, 900]) {
      dir1.wallAheadMs -= ms
      hears(dir1, { dir2: 0, rs1: 10, rs2: -20 }, 1)
    }
    expect(told(dir1), 'slewed into place').toEqual([])
    expect(wallOf(dir1)).toBeGreaterThan(0)
  })
  test('is not apart when all are set at once, forward or back', () => {
    const dir1 = born()
    hears(dir1, { dir2: 0, rs1: 10 })
    for (const [turn, ms] of [86_400_000, -86_400_000].entries()) {
      dir1.wallAheadMs += ms
      TRUE.set(dir1, dir1.wallAheadMs)
      for (let times = 0; times < 8; times++) {
        goesOn(dir1, 1000, statusOf('dir1', null, 0))
        expect(told(dir1), `${times}`).toEqual([])
        hears(dir1, { dir2: 0, rs1: 10 }, 1, [0], [], turn + 1)
        expect(told(dir1), `${times}`).toEqual([])
      }
    }
  })
  test('of another node is that node’s to tell, where there is a third', () => {
    const dir1 = born()
    hears(dir1, { dir2: 86_400_000, rs1: 10 })
    expect(told(dir1)).toEqual([])
    const ahead = born(86_500_000)
    hears(ahead, { dir2: 0, rs1: 10 })
    expect(told(ahead)).toEqual([
      'the wall clock of dir1 is 1 d ahead of those of the 2 other nodes that it hears (their median)',
    ])
  })
  test('of two nodes is told once, of both', () => {
    const dir1 = born()
    hears(dir1, { dir2: 5000 })
    expect(told(dir1)).toEqual(['the wall clocks of dir1 and dir2 are 5 s apart: that of dir1 is behind'])
    const dir2 = born(5000, 'dir2')
    hears(dir2, { dir1: 0 })
    expect(told(dir2)).toEqual([])
  })
  test('goes on being told by the node that is wrong when the third one is gone', () => {
    const dir2 = born(5000, 'dir2')
    hears(dir2, { dir1: 0, rs1: 0 })
    expect(told(dir2)).toHaveLength(1)
    hears(dir2, { dir1: 0 }, 40)
    expect(told(dir2)).toEqual(['the wall clocks of dir2 and dir1 are 5 s apart: that of dir2 is ahead'])
    const dir1 = born()
    const theirs: Trouble = { code: 'clock-apart', severity: 'warning', message: 'm', object: 'node dir2' }
    hears(dir1, { dir2: 5000 }, 10, [0], [theirs])
    expect(told(dir1)).toEqual([])
  })
  test('goes on being told while agents of other nodes start anew', () => {
    const dir1 = born()
    hears(dir1, { dir2: 5000 })
    boots += 1
    hears(dir1, { dir2: 5000 }, 1)
    expect(told(dir1)).toHaveLength(1)
    goesOn(dir1, 20_000, statusOf('dir1', null, 0))
    expect(told(dir1)).toHaveLength(1)
    const events = dir1.core.events().events.filter(({ code }) => code === 'clock-apart')
    expect(events.map(({ kind }) => kind)).toEqual(['trouble'])
  })
  test('is not judged by words that come late, by few of them, nor by those of older agents', () => {
    const late = born()
    hears(late, { dir2: 0, rs1: 0 }, 20, [4000, 3000, 40, 5000])
    expect(told(late)).toEqual([])
    const held = born()
    hears(held, { dir2: 0, rs1: 0 }, 20, [4000, 3000, 5000])
    expect(told(held), 'not one of them came in time').toEqual([])
    const sent = late.take('message').map(({ text }) => text)
    expect(sent.filter((text) => text.includes('"ahead"'))).toEqual([])
    const few = born(60_000)
    hears(few, { dir2: 0, rs1: 0 }, 4)
    expect(told(few)).toEqual([])
    const older = born(60_000)
    hears(older, { dir2: null, rs1: null }, 10)
    expect(told(older)).toEqual([])
  })
  test('is not told any more where nobody is heard', () => {
    const dir1 = born(60_000)
    hears(dir1, { dir2: 0, rs1: 0 })
    expect(told(dir1)).toHaveLength(1)
    goesOn(dir1, 70_000, statusOf('dir1', null, 0))
    expect(told(dir1)).toEqual([])
  })
})
