import { type Ack } from '@lvsm/protocol'
import { holdMs, instant, SHORTEST_LEASE_MS } from '@lvsm/base'
import { expect, test } from 'vitest'
import { Holder } from './holder.ts'
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
  for (const [sequence, sent] of sends)
    holder.asked({ sequence, sent: instant(sent), epoch: 1, number: 1, leaseMs: 350, voters })
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

test('nobody lends more than was asked for', () => {
  const holder = asked([1, 1000])
  holder.acked('a', ack(1, 3_600_000), instant(1001))
  holder.acked('b', ack(1, 3_600_000), instant(1001))
  expect(holder.deadline).toBe(1000 + holdMs(350))
  expect(holder.grantedMs).toBe(350)
})

test('nobody lends less than every lease lasts', () => {
  const holder = asked([1, 1000])
  holder.acked('a', ack(1), instant(1001))
  for (const grantMs of [0, -0, Number.MIN_VALUE, 1, SHORTEST_LEASE_MS - 0.001])
    expect(holder.acked('b', ack(1, grantMs), instant(1001))).toBe('stray')
  expect([holder.answered, holder.grantedMs]).toEqual([false, 0])
  expect(holder.acked('b', ack(1, SHORTEST_LEASE_MS), instant(1001))).toBe('extended')
})

test('the shortest grant of the best majority counts', () => {
  const holder = asked([1, 1000])
  holder.acked('a', ack(1, 100), instant(1001))
  holder.acked('b', ack(1, 350), instant(1001))
  expect([holder.deadline, holder.grantedMs]).toEqual([1000 + holdMs(100), 100])
  holder.acked('c', ack(1, 200), instant(1001))
  expect([holder.deadline, holder.grantedMs]).toEqual([1000 + holdMs(200), 200])
})

test('a majority that answers late sets the pace again, which one that is quick and lends for less had set', () => {
  const holder = asked([1, 1000], [2, 1050])
  holder.acked('a', ack(1), instant(1001))
  for (const [voter, grantMs] of [
    ['a', 350],
    ['b', 80],
  ] as const)
    holder.acked(voter, ack(2, grantMs), instant(1051))
  expect(holder.grantedMs).toBe(80)
  expect(holder.acked('c', ack(1), instant(1060))).toBe('extended')
  expect([holder.deadline, holder.grantedMs]).toEqual([1000 + holdMs(350), 350])
})

test('a shorter grant of a later send does not take back what an earlier one gave', () => {
  const holder = asked([1, 1000], [2, 1050])
  for (const voter of ['a', 'b']) holder.acked(voter, ack(1, 350), instant(1060))
  for (const voter of ['a', 'b']) expect(holder.acked(voter, ack(2, 100), instant(1070))).toBe('counted')
  expect(holder.deadline).toBe(1000 + holdMs(350))
})

test('the newest send is answered when a majority said yes to it', () => {
  const holder = new Holder('me', RULES)
  expect(holder.answered).toBe(true)
  holder.asked({ sequence: 5, sent: instant(1000), epoch: 1, number: 3, leaseMs: 350, voters })
  expect(holder.answered).toBe(false)
  holder.acked('a', ack(5), instant(1001))
  expect(holder.answered).toBe(false)
  holder.acked('c', ack(5), instant(1001))
  expect([holder.answered, holder.number]).toEqual([true, 3])
  expect(holder.newest?.sequence).toBe(5)
})

test('its number never goes back, and sequences of sends grow', () => {
  const holder = new Holder('me', RULES)
  const send = (sequence: number, number: number) =>
    holder.asked({ sequence, sent: instant(1000 + sequence), epoch: 1, number, leaseMs: 350, voters })
  send(1, 9)
  send(2, 4)
  for (const voter of ['a', 'b']) holder.acked(voter, ack(1), instant(1010))
  for (const voter of ['a', 'b']) holder.acked(voter, ack(2), instant(1011))
  expect(holder.number).toBe(9)
  expect(() => send(2, 10)).toThrow('sequence numbers of sends grow')
})

test('sends of long ago are forgotten', () => {
  const holder = new Holder('me', RULES)
  for (let sequence = 1; sequence <= 40; sequence++)
    holder.asked({ sequence, sent: instant(1000 + sequence), epoch: 1, number: 1, leaseMs: 350, voters })
  expect(holder.acked('a', ack(8), instant(1041))).toBe('stray')
  expect(holder.acked('a', ack(9), instant(1041))).toBe('counted')
})

test('five voters need three', () => {
  const five = ['a', 'b', 'c', 'd', 'e']
  const holder = new Holder('me', RULES)
  holder.asked({ sequence: 1, sent: instant(1000), epoch: 1, number: 1, leaseMs: 350, voters: five })
  expect(['a', 'b', 'c'].map((voter) => holder.acked(voter, ack(1), instant(1001)))).toEqual([
    'counted',
    'counted',
    'extended',
  ])
})

test('a release tells how far it goes, also when nothing was ever asked', () => {
  expect(new Holder('me', RULES).release()).toBe(0)
})
