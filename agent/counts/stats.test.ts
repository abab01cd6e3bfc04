import type { ipvs } from '@lvsm/netlink'
import { statsReport } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { NAMES } from './fixture.ts'
import { namingOf } from './named.ts'
import { type ServiceReading, statsOf } from './stats.ts'

/** Ten different figures, so that none can stand for another. */
const stats = (from: number): ipvs.Stats => ({
  connections: from + 1,
  inPackets: from + 2,
  outPackets: from + 3,
  inBytes: from + 4,
  outBytes: from + 5,
  connectionsPerSecond: from + 6,
  inPacketsPerSecond: from + 7,
  outPacketsPerSecond: from + 8,
  inBytesPerSecond: from + 9,
  outBytesPerSecond: from + 10,
})
const destination = (address: string, port: number, from: number): ipvs.Destination => ({
  address,
  port,
  forward: 'dr',
  weight: 3,
  upperThreshold: 0,
  lowerThreshold: 0,
  activeConnections: from + 1,
  inactiveConnections: from + 2,
  persistentConnections: from + 3,
  stats: stats(from),
})
const READING: ServiceReading = {
  key: 'tcp 10.11.0.10:80',
  stats: stats(1000),
  destinations: [
    destination('10.11.0.99', 80, 300),
    destination('10.11.0.12', 80, 200),
    destination('10.11.0.11', 80, 100),
  ],
}
const naming = namingOf(NAMES)

describe('what the kernel counts, under the names of the configuration', () => {
  const report = statsOf(naming, [READING], { web: 'dir1', mail: null })
  const [http, smtp] = report.services

  it('is a report of its schema', () => expect(statsReport.parse(report)).toEqual(report))
  it('says that its rates are none where the kernel makes none, and nothing of that where it does', () => {
    const without = statsOf(naming, [READING], { web: 'dir1', mail: null }, false)
    expect(statsReport.parse(without)).toEqual({ ...report, estimates: false })
    expect(report).not.toHaveProperty('estimates')
  })
  it('has each figure in its place', () => {
    expect(http).toMatchObject({
      name: 'http',
      present: true,
      totals: { connections: 1001, inPackets: 1002, outPackets: 1003, inBytes: 1004, outBytes: 1005 },
      rates: { connections: 1006, inPackets: 1007, outPackets: 1008, inBytes: 1009, outBytes: 1010 },
    })
    expect(http?.realservers[0]).toMatchObject({ weight: 3, active: 101, inactive: 102, persistent: 103 })
    expect(http?.realservers[0]?.totals.connections).toBe(101)
  })
  it('has realservers in the order of the configuration, and those that it does not have at the end, without a name', () =>
    expect(http?.realservers.map(({ node, address }) => [node, address])).toEqual([
      ['rs1', '10.11.0.11:80'],
      ['rs2', '10.11.0.12:80'],
      [null, '10.11.0.99:80'],
    ]))
  it('counts connections of a service over its realservers', () =>
    expect([http?.active, http?.inactive, http?.persistent]).toEqual([603, 606, 609]))
  it('says that the kernel does not have a service, with its realservers at nothing', () => {
    expect(smtp).toMatchObject({ present: false, totals: { connections: 0 } })
    expect(smtp?.realservers).toMatchObject([{ node: 'rs1', weight: 0, active: 0 }])
  })
  it('sums a group over its services, and says who owns it', () => {
    expect(report.groups[0]).toMatchObject({ name: 'web', owner: 'dir1', directed: true, active: 603 })
    expect(report.groups[0]?.totals.connections).toBe(1001)
    expect(report.groups[1]).toMatchObject({ name: 'mail', owner: null, directed: false, active: 0 })
  })
  it('without IPVS is nothing, and says so', () => {
    const none = statsOf(naming, null, {})
    expect(none.ipvs).toBe(false)
    expect(none.services.map(({ present }) => present)).toEqual([false, false])
  })
})
