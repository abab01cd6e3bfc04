/** What a node reads of itself, when, and that it comes to its status. */
import { expect, test } from 'vitest'
import { goesOn, node } from '../fixture.ts'
import type { InterfaceReading, VitalsReading } from './reading.ts'

const FRAMES = { packets: 0, errors: 0, dropped: 0, kinds: {} }
const inside = (carrierChanges: number): InterfaceReading => ({
  ...{ name: 'inside', under: 'inside', carrierChanges, rx: FRAMES, tx: FRAMES, speed: null, half: false, bond: null },
})

test('the interfaces of the cluster are read, and no loopback, each five seconds, and never two readings at once', () => {
  const rs1 = node('rs1')
  rs1.run(3000)
  const interfaces = [
    { name: 'inside', index: 2 },
    { name: 'outside', index: 3 },
  ]
  expect(rs1.take('vitals')).toEqual([{ kind: 'vitals', interfaces, units: true }])
  rs1.run(60_000)
  expect(rs1.take('vitals'), 'nothing was answered').toEqual([])
  rs1.feed({ kind: 'vitals', reading: null })
  rs1.run(12_000)
  expect(rs1.take('vitals')).toHaveLength(1)
})

const read = (carrierChanges: number, kills = 0): VitalsReading => ({
  interfaces: [inside(carrierChanges)],
  memory: { kills, units: null, pressure: null },
  tables: { ipv4: null, ipv6: null, conntrack: null },
})
test('what is found stands in the status, with since when, as one trouble, and its end is an event', () => {
  const dir1 = node('dir1')
  const codes = (): string[] =>
    dir1.core
      .status(dir1.now())
      .troubles.filter(({ code }) => /^interface|^memory/.test(code))
      .map(({ code, since }) => `${code} ${since === undefined ? 'now' : 'since'}`)
  dir1.feed({ kind: 'lease-up' })
  for (let at = 0; at < 10; at++) {
    goesOn(dir1, 5000)
    dir1.feed({ kind: 'vitals', reading: read(at * 2) })
  }
  goesOn(dir1, 10_000)
  expect(codes()).toEqual(['interface-flaps since'])
  for (let at = 0; at < 14; at++) {
    goesOn(dir1, 5000)
    dir1.feed({ kind: 'vitals', reading: read(18, 2) })
  }
  expect(codes()).toEqual(['memory-killed since'])
  goesOn(dir1, 10_000)
  const told = dir1.core.events(dir1.now()).events.filter(({ reason }) => reason.includes('loses its carrier'))
  expect(told).toHaveLength(2)
})
