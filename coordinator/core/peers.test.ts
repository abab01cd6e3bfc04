import type { MemberRecord } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import type { Peer } from '../ports.ts'
import { NOTHING } from './machine.ts'
import { peersOf } from './peers.ts'

const at = (host: string) => ({ addresses: [{ host, port: 7446 }], key: host.padEnd(64, '0') })
const seed = (id: number, host: string): Peer => ({ id, ...at(host) })
const members = (...list: readonly (readonly [id: number, host: string])[]) => ({
  ...NOTHING,
  members: new Map(list.map(([id, host]): [number, MemberRecord] => [id, { name: `n${id}`, ...at(host) }])),
})
const SEEDS = [seed(7, 'b'), seed(9, 'c')]

test('a seed stays known while the log that is read has not come to it, and so do those that the log names', () => {
  expect(peersOf(12, SEEDS, { lastApplied: 0, machine: NOTHING })).toEqual({ peers: SEEDS, until: 0 })
  const old = peersOf(12, SEEDS, { lastApplied: 3, machine: members([1, 'a']) })
  expect(old).toEqual({ peers: [...SEEDS, seed(1, 'a')], until: 0 })
  // The seed's own word of where it is came later than that record.
  const moved = peersOf(12, SEEDS, { lastApplied: 8, machine: members([1, 'a'], [7, 'elsewhere']) })
  expect(moved.peers).toEqual([...SEEDS, seed(1, 'a')])
})

test('from its own entry on the records alone count, and who is in none of them was removed', () => {
  const machine = members([9, 'c'], [12, 'd'])
  expect(peersOf(12, SEEDS, { lastApplied: 12, machine })).toEqual({ peers: [seed(9, 'c')], until: 12 })
})

test('who began the cluster has no seeds', () => {
  expect(peersOf(1, [], { lastApplied: 0, machine: NOTHING })).toEqual({ peers: [], until: 0 })
  expect(peersOf(1, [], { lastApplied: 4, machine: members([1, 'a'], [4, 'b']) })).toEqual({
    peers: [seed(4, 'b')],
    until: 4,
  })
})
