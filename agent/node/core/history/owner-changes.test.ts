/** What is taken again and again without an order is told, until a minute after; what operators move is not. */
import type { LeaseEvent } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const often = (dir1: TestNode) =>
  dir1.core
    .status(dir1.now())
    .troubles.filter(({ code }) => code === 'owner-changes-often')
    .map(({ object, message }) => [object, message])
let number = 0
function begun(): TestNode {
  number = 7
  const dir1 = node('dir1')
  dir1.feed({ kind: 'lease-up' })
  holds(dir1, 'dir1')
  return dir1
}
function holds(dir1: TestNode, owner: string): void {
  number += 1
  goesOn(dir1, 3000, statusOf('dir1', owner, number))
}
function event(dir1: TestNode, kind: LeaseEvent['kind'], more: Partial<LeaseEvent> = {}): void {
  dir1.feed({
    kind: 'lease-event',
    event: { at: dir1.now(), group: 'web', kind, number: number + 1, reason: 'r', ...more },
  })
}
/** There, and back again. */
function moves(dir1: TestNode, isPlanned: boolean): void {
  event(dir1, isPlanned ? 'offered' : 'lost')
  holds(dir1, 'dir2')
  event(dir1, 'took', isPlanned ? { planned: true } : {})
  holds(dir1, 'dir1')
}

test('three times within a minute, and it ends by itself', () => {
  const dir1 = begun()
  moves(dir1, false)
  expect(often(dir1)).toEqual([])
  moves(dir1, false)
  expect(often(dir1)).toEqual([['group web', 'web was taken 4 times within the last minute, and nobody ordered it']])
  goesOn(dir1, 60_000, statusOf('dir1', 'dir1', number))
  expect(often(dir1)).toEqual([])
})
test('what a policy moves is not ordered either', () => {
  const dir1 = begun()
  for (let times = 0; times < 2; times++) {
    event(dir1, 'offered', { unordered: true })
    holds(dir1, 'dir2')
    event(dir1, 'took')
    holds(dir1, 'dir1')
  }
  expect(often(dir1)).toEqual([['group web', 'web was taken 4 times within the last minute, and nobody ordered it']])
})
test('however often operators move it', () => {
  const dir1 = begun()
  for (let times = 0; times < 6; times++) moves(dir1, true)
  expect(often(dir1)).toEqual([])
})
