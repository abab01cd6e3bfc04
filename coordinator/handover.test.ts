/** Before a stop: who is to lead next, and how long that is waited for. */
import { instant } from '@lvsm/base'
import type { RaftStatus } from '@lvsm/raft'
import { afterEach, expect, test, vi } from 'vitest'
import { STATUS } from '../test/kit/configuration.ts'
import { handOver } from './handover.ts'

type Peer = RaftStatus['peers'][number]
const peer = (id: number, matchIndex: number): Peer => ({
  id,
  matchIndex,
  phase: 'replicate',
  silentMs: 0,
  caughtUp: true,
})
const member = (id: number, role: 'voter' | 'learner' = 'voter') => ({ id, role, store: `s${id}` })

afterEach(() => void vi.useRealTimers())

/** A leader that stops; `follows`: somebody takes over so many milliseconds after it was asked to. */
function stopping(more: Partial<RaftStatus>, follows = 0) {
  vi.useFakeTimers()
  const one = { asked: [] as number[], ended: false, now: 0, role: more.role ?? 'leader' }
  const status = (): RaftStatus => ({ ...STATUS.raft, ...more, role: one.role })
  const transfer = (to: number): void => {
    one.asked.push(to)
    setTimeout(() => (one.role = 'follower'), follows)
  }
  void handOver({ status, transfer }, () => instant(Date.now())).then(() => (one.ended = true))
  return one
}
const ALL = { members: [member(1), member(2), member(3), member(9, 'learner')] }

test('of those that vote the one that has most leads next, and is waited for', async () => {
  const one = stopping({ membership: ALL, peers: [peer(2, 40), peer(3, 41), peer(9, 50)] }, 300)
  await vi.advanceTimersByTimeAsync(250)
  expect(one).toMatchObject({ asked: [3], ended: false })
  await vi.advanceTimersByTimeAsync(100)
  expect(one.ended).toBe(true)
})

test('one that is silent has as much where nothing changes, and is not asked', async () => {
  const down = { ...peer(2, 41), silentMs: 5000 }
  const one = stopping({ membership: ALL, peers: [down, peer(3, 41)] })
  await vi.advanceTimersByTimeAsync(50)
  expect(one).toMatchObject({ asked: [3], ended: true })
})

test('nobody who takes over is waited for without end', async () => {
  const one = stopping({ membership: ALL, peers: [peer(2, 41)] }, 60_000)
  await vi.advanceTimersByTimeAsync(900)
  expect(one).toMatchObject({ asked: [2], ended: false })
  await vi.advanceTimersByTimeAsync(200)
  expect(one.ended).toBe(true)
})

test.each<[string, Partial<RaftStatus>]>([
  ['one that does not lead', { role: 'follower', membership: ALL, peers: [peer(2, 41)] }],
  ['one alone', { membership: { members: [member(1)] }, peers: [] }],
  ['one whose other voters are silent', { membership: ALL, peers: [{ ...peer(2, 41), silentMs: 5000 }] }],
  ['one with learners', { membership: { members: [member(1), member(9, 'learner')] }, peers: [peer(9, 41)] }],
])('%s hands over to nobody, and waits for nobody', async (_, more) => {
  const one = stopping(more)
  await vi.advanceTimersByTimeAsync(0)
  expect(one).toMatchObject({ asked: [], ended: true })
})
