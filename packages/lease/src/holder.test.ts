import { holdMs, instant } from '@lvsm/base'
import { expect, test } from 'vitest'
import { Holder } from './holder.ts'
import type { Ack } from './messages.ts'
import { RULES } from './rules.ts'

const voters = ['a', 'b', 'c']
const ack = (sequence: number, grantMs = 350, incarnation = 'me'): Ack => ({
  kind: 'ack',
  group: 'web',
  digest: 'A',
  epoch: 1,
  echo: { incarnation, sequence },
  grantMs,
  highWater: 1,
})
function asked(...sends: [sequence: number, sent: number][]): Holder {
  const holder = new Holder('me', RULES)
  for (const [sequence, sent] of sends) holder.asked({ sequence, sent: instant(sent), epoch: 1, number: 1, voters })
  return holder
}

test('believes by a majority for one send, from before it was sent', () => {
  const holder = asked([1, 1000])
  expect(holder.acked('a', ack(1), instant(1001))).toBe('counted')
  expect(holder.acked('b', ack(1, 300), instant(1200))).toBe('extended')
  expect(holder.deadline).toBe(1000 + holdMs(300))
  expect(holder.acked('c', ack(1, 350), instant(1201)), 'the two longest').toBe('extended')
  expect(holder.deadline).toBe(1000 + holdMs(350))
  expect(holder.believes(holder.deadline)).toBe(false)
})

test('votes for two sends do not add up', () => {
  const holder = asked([1, 1000], [2, 1100])
  holder.acked('a', ack(1), instant(1101))
  expect(holder.acked('b', ack(2), instant(1102))).toBe('counted')
  expect(holder.believes(instant(1102))).toBe(false)
})

test('one voter counts once, a stranger not at all', () => {
  const holder = asked([1, 1000])
  holder.acked('a', ack(1), instant(1001))
  expect(holder.acked('a', ack(1), instant(1002))).toBe('counted')
  expect(holder.acked('x', ack(1), instant(1002))).toBe('stray')
})

test('an answer to another start, an unknown send or another epoch is a stray', () => {
  const holder = asked([1, 1000])
  expect(holder.acked('a', ack(1, 350, 'before'), instant(1001))).toBe('stray')
  expect(holder.acked('a', ack(2), instant(1001))).toBe('stray')
  expect(holder.acked('a', { ...ack(1), epoch: 2 }, instant(1001))).toBe('stray')
})

test('release is final', () => {
  const holder = asked([1, 1000], [2, 1010])
  holder.acked('a', ack(1), instant(1011))
  expect(holder.release()).toBe(2)
  expect(holder.acked('b', ack(1), instant(1012))).toBe('stray')
  expect(holder.believes(instant(1012))).toBe(false)
})
