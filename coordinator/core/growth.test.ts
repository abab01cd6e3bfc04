import type { RaftStatus } from '@lvsm/raft'
import { expect, test } from 'vitest'
import { nextVoter } from './growth.ts'

/** `v` a voter, `r` a learner that is ready, `l` one that is not; ids from 1 on. */
function statusOf(members: string, role: RaftStatus['role'] = 'leader'): RaftStatus {
  const all = [...members].map((letter, at) => ({ id: at + 1, letter }))
  return {
    id: 1,
    role,
    term: 1,
    leader: 1,
    commitIndex: 1,
    lastApplied: 1,
    lastLogIndex: 1,
    logEntries: 1,
    disk: 'ok',
    expelled: null,
    transferTo: null,
    uncommitted: 0,
    dropped: {},
    membership: {
      members: all.map(({ id, letter }) => ({ id, store: `s${id}`, role: letter === 'v' ? 'voter' : 'learner' })),
    },
    peers: all
      .slice(1)
      .map(({ id, letter }) => ({ id, matchIndex: 1, phase: 'replicate', silentMs: 0, caughtUp: letter === 'r' })),
  }
}

const nobody = (): boolean => false

test.each<[members: string, wanted: number, next: number | null]>([
  ['v', 3, null],
  ['vr', 3, null],
  ['vrl', 3, null],
  ['vrr', 3, 2],
  ['vlrr', 3, 3],
  ['vvr', 3, 3],
  ['vvl', 3, null],
  ['vvvrr', 3, null],
  ['vvvrr', 5, 4],
  ['vvvvr', 5, 5],
])('of %s with %i wanted: %s', (members, wanted, next) =>
  expect(nextVoter(statusOf(members), wanted, nobody)).toBe(next),
)

test('only a leader says', () => expect(nextVoter(statusOf('vrr', 'follower'), 3, nobody)).toBeNull())

test('directors come before the others, whoever came first, where they keep up', () => {
  const next = (members: string, ...directors: number[]) =>
    nextVoter(statusOf(members), 3, (id) => directors.includes(id))
  expect(next('vrrr', 1, 4)).toBe(4)
  expect(next('vrrr', 1, 3, 4)).toBe(3)
  expect(next('vrrl', 1, 4)).toBe(2)
  expect(next('vrl', 1, 2)).toBeNull()
})
