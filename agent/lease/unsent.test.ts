import { instant } from '@lvsm/base'
import type { LeaseStatus } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { Unsent } from './unsent.ts'

const STATUS: LeaseStatus = {
  ...{ node: 'dir1', incarnation: '', quarantineMs: 0, standby: false, quorum: true, groups: [], troubles: [] },
  peers: ['dir2', 'rs1'].map((name) => ({ name, life: 'alive', silentMs: 40, standby: false })),
  counters: {},
}
const shownAt = (unsent: Unsent, now: number): (string | undefined)[] =>
  unsent.shownIn(STATUS, instant(now)).peers.map((peer) => peer.unsent)

test('to whom, over which link, and what the kernel answered, for a while', () => {
  const unsent = new Unsent()
  expect(unsent.shownIn(STATUS, instant(0))).toBe(STATUS)
  unsent.note({ node: 'rs1', way: 'over inside (10.12.0.11)', code: 'ENETUNREACH' })
  unsent.note({ node: 'rs1', way: 'over inside (10.12.0.11)', code: 'ENETUNREACH' })
  expect(shownAt(unsent, 100)).toEqual([undefined, 'over inside (10.12.0.11): ENETUNREACH'])
  unsent.note({ node: 'rs1', way: 'over outside (10.11.0.11)', code: 'EPERM' })
  expect(shownAt(unsent, 5000)[1]).toBe('over inside (10.12.0.11): ENETUNREACH; over outside (10.11.0.11): EPERM')
  expect(shownAt(unsent, 15_100)[1]).toBe('over outside (10.11.0.11): EPERM')
  expect(shownAt(unsent, 20_000)).toEqual([undefined, undefined])
})
test('a process that does not run is no way that is gone', () => {
  const unsent = new Unsent()
  unsent.note({ node: 'rs1', way: 'over inside (10.12.0.11)', code: 'ECONNREFUSED' })
  expect(shownAt(unsent, 100)).toEqual([undefined, undefined])
})
