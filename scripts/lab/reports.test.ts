import { expect, test } from 'vitest'
import { type AddressReport, ownerAt, type Reign, unseen } from './reports.ts'

const reign = (owner: string, from: number, to: number): Reign => ({
  owner,
  from,
  to,
  answers: 1,
  announces: 0,
  sources: 0,
})
const address: AddressReport = {
  address: '10.11.0.10',
  asked: 100,
  answered: 90,
  longestSilenceMs: 300,
  silences: [],
  twoOwnersMs: 0,
  overlaps: [],
  changes: [],
  reigns: [reign('dir1', 100, 500), reign('dir2', 800, 2000), reign('dir1', 2300, 3000)],
  strangers: [],
}

test('the owner at a time is who claimed last', () => {
  const report = { addresses: [address] }
  expect([50, 100, 700, 900, 2999].map((at) => ownerAt(report, at))).toEqual([null, 'dir1', 'dir1', 'dir2', 'dir1'])
  expect(ownerAt({ addresses: [] }, 100)).toBeNull()
})

test('an observer that lost frames, or was never answered, saw nothing', () => {
  expect(unseen({ lostFrames: 0, addresses: [address] })).toBeNull()
  expect(unseen({ lostFrames: 2, addresses: [address] })).toContain('lost frames 2 times')
  expect(unseen({ lostFrames: 0, addresses: [address, { ...address, answered: 0 }] })).toContain('answered 0 times')
  expect(unseen({ lostFrames: 0, addresses: [] })).toContain('no address')
})
