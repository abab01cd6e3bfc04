import { expect, test } from 'vitest'
import { NAMES } from './fixture.ts'
import { namingOf } from './named.ts'
import { areFew, totalsOf } from './totals.ts'
import type { ServiceReading } from './stats.ts'

const naming = namingOf(NAMES)
const stats = (from: number): ServiceReading['stats'] => ({
  ...{ connections: from, inPackets: from * 2, outPackets: 0, inBytes: from * 3, outBytes: 0 },
  ...{
    connectionsPerSecond: 1,
    inPacketsPerSecond: 1,
    outPacketsPerSecond: 1,
    inBytesPerSecond: 1,
    outBytesPerSecond: 1,
  },
})
const destination = (address: string, from: number): ServiceReading['destinations'][number] =>
  ({ address, port: 80, weight: 1, stats: stats(from) }) as never
const reading = (destinations: ServiceReading['destinations']): ServiceReading[] => [
  { key: 'tcp 10.11.0.10:80', stats: stats(5), destinations },
  { key: 'tcp 10.11.0.10:25', stats: stats(0), destinations: [] },
  { key: 'tcp 192.0.2.1:80', stats: stats(9), destinations: [] },
]
const totals = { connections: 14, inPackets: 28, outPackets: 1, inBytes: 42, outBytes: 2 }

test('what has traffic is told by its name, what is of others only in the total', () => {
  const read = totalsOf(
    naming,
    reading([destination('10.11.0.11', 4), destination('10.11.0.12', 0), destination('10.11.0.99', 1)]),
    totals,
    true,
  )
  expect(read).toEqual({
    node: [14, 28, 1, 42, 2],
    services: [{ name: 'http', totals: [5, 10, 0, 15, 0] }],
    servers: [{ service: 'http', node: 'rs1', key: '10.11.0.11:80', totals: [4, 8, 0, 12, 0] }],
  })
})

test('a kernel without IPVS has no totals, and realservers that are too many are not told', () => {
  expect(totalsOf(naming, null, null, true)).toMatchObject({ node: null, services: [] })
  expect(totalsOf(naming, reading([]), totals, false).servers).toBeNull()
})

test('as many realservers as are read again and again', () => {
  const of = (count: number) => {
    const realservers = Array.from({ length: count }, (_, at) => ({ node: `rs${at}`, key: `10.0.0.1:${at}` }))
    return namingOf({ ...NAMES, services: [{ name: 'http', group: 'web', key: 'tcp 10.11.0.10:80', realservers }] })
  }
  expect([of(2000), of(2001)].map(areFew)).toEqual([true, false])
})
