import type { ipvs } from '@lvsm/netlink'
import { describe, expect, it } from 'vitest'
import { NAMES } from './fixture.ts'
import { metricsOf } from './metrics.ts'
import { namingOf } from './named.ts'
import type { ServiceReading } from './stats.ts'

const stats: ipvs.Stats = {
  connections: 11,
  inPackets: 12,
  outPackets: 13,
  inBytes: 14,
  outBytes: 15,
  connectionsPerSecond: 0,
  inPacketsPerSecond: 0,
  outPacketsPerSecond: 0,
  inBytesPerSecond: 0,
  outBytesPerSecond: 0,
}
const destination = (address: string): ipvs.Destination => ({
  address,
  port: 80,
  forward: 'dr',
  weight: 3,
  upperThreshold: 0,
  lowerThreshold: 0,
  activeConnections: 21,
  inactiveConnections: 22,
  persistentConnections: 0,
  stats,
})
const READING: ServiceReading = {
  key: 'tcp 10.11.0.10:80',
  stats,
  destinations: [destination('10.11.0.11'), destination('10.11.0.12')],
}
const TOTALS = { connections: 1, inPackets: 2, outPackets: 3, inBytes: 4, outBytes: 5 }
type Question = Parameters<typeof metricsOf>[3]
const QUESTION: Question = {
  kind: 'metrics',
  wanted: {},
  samples: [{ metric: 'lvsm_quorum', labels: {}, value: 1 }],
  histograms: {},
  health: [['http 10.11.0.11:80', true]],
  found: [],
}
const linesOf = (wanted: Question['wanted'] = {}, readings: readonly ServiceReading[] | null = [READING]): string[] =>
  metricsOf(namingOf(NAMES), readings, readings && TOTALS, { ...QUESTION, wanted }).split('\n')

describe('what the kernel counts, as metrics', () => {
  it('has services, realservers and what the agent brought, each with its labels', () =>
    expect(linesOf()).toEqual(
      expect.arrayContaining([
        'lvsm_quorum 1',
        'lvsm_ipvs 1',
        'lvsm_service_present{group="web",service="http"} 1',
        'lvsm_service_present{group="web",service="smtp"} 0',
        'lvsm_service_realservers{group="web",service="http",state="healthy"} 1',
        'lvsm_service_realservers{group="web",service="http",state="unchecked"} 1',
        'lvsm_service_new_connections_total{group="web",service="http"} 11',
        'lvsm_service_bytes_total{group="web",service="http",direction="out"} 15',
        'lvsm_realserver_healthy{group="web",service="http",realserver="rs1",address="10.11.0.11:80"} 1',
        'lvsm_realserver_weight{group="web",service="http",realserver="rs2",address="10.11.0.12:80"} 3',
        'lvsm_realserver_packets_total{group="web",service="http",realserver="rs2",address="10.11.0.12:80",direction="in"} 12',
      ]),
    ))
  it('has the state of each realserver as one series for each, of which one is 1', () => {
    const states = (wanted: Question['wanted']): string[] =>
      linesOf(wanted).filter((line) => line.startsWith('lvsm_realserver_state'))
    const of = (realserver: string, address: string, ...values: number[]): string[] =>
      ['healthy', 'failed', 'unchecked'].map(
        (state, at) =>
          `lvsm_realserver_state{group="web",service="http",realserver="${realserver}",address="${address}",state="${state}"} ${values[at]}`,
      )
    expect(states({})).toEqual([...of('rs1', '10.11.0.11:80', 1, 0, 0), ...of('rs2', '10.11.0.12:80', 0, 0, 1)])
    expect(states({ realservers: 'no' })).toEqual([])
  })
  it('has node_exporter’s names, with its labels', () =>
    expect(linesOf()).toEqual(
      expect.arrayContaining([
        'node_ipvs_connections_total 1',
        'node_ipvs_outgoing_bytes_total 5',
        'node_ipvs_backend_connections_active{local_address="10.11.0.10",local_port="80",proto="TCP",local_mark="",remote_address="10.11.0.11",remote_port="80"} 21',
        expect.stringMatching(/^node_ipvs_backend_weight\{.*remote_address="10\.11\.0\.12".*\} 3$/),
      ]),
    ))
  it('tells nothing of what the kernel does not have but that it is not there', () => {
    const told = linesOf().filter((line) => line.includes('service="smtp"'))
    expect(told).toEqual(['lvsm_service_present{group="web",service="smtp"} 0'])
    expect(linesOf({}, null)).toContain('lvsm_ipvs 0')
    expect(linesOf({}, null).filter((line) => line.startsWith('node_ipvs'))).toEqual([])
  })
  it('has what programs measured, each figure once, and no more than there is room for', () => {
    const told = (found: Question['found'], wanted: Question['wanted'] = {}): string[] =>
      metricsOf(namingOf(NAMES), [READING], TOTALS, { ...QUESTION, found, wanted })
        .split('\n')
        .filter((line) => line.startsWith('lvsm_check_'))
    const labels = 'group="web",service="http",realserver="rs1",address="10.11.0.11:80"'
    const figure = (label: string, value: number, unit = 's') => ({ label, value, unit })
    const perfdata = [figure('time', 1), figure('a "b"', -2.5, ''), figure('time', 3)]
    const rs1: Question['found'] = [
      ['http 10.11.0.11:80', { degraded: true, perfdata }],
      ['http 10.9.9.9:80', { perfdata }],
    ]
    expect(told(rs1)).toEqual([
      `lvsm_check_degraded{${labels}} 1`,
      `lvsm_check_figure{${labels},figure="time",unit="s"} 3`,
      `lvsm_check_figure{${labels},figure="a \\"b\\"",unit=""} -2.5`,
    ])
    expect(told(rs1, { realservers: 'no' })).toEqual([])
    const many = Array.from({ length: 10_000 }, (_, at) => figure(`f${at}`, at))
    expect(told([['http 10.11.0.11:80', { perfdata: many }]])).toHaveLength(4000)
  })
  it('leaves out realservers one by one, and node_exporter’s names, where that is wanted', () => {
    const without = linesOf({ realservers: 'no' })
    expect(without.filter((line) => line.includes('realserver="') || line.includes('backend'))).toEqual([])
    expect(without).toContain('lvsm_service_realservers{group="web",service="http",state="healthy"} 1')
    expect(linesOf({ exporter: 'no' }).filter((line) => line.startsWith('node_ipvs'))).toEqual([])
  })
  it('leaves them out by itself where there are very many, unless that is wanted', () => {
    const many = Array.from({ length: 2001 }, (_, at) => destination(`10.20.${at >> 8}.${at & 255}`))
    const each = (wanted: Question['wanted']): number =>
      linesOf(wanted, [{ ...READING, destinations: many }]).filter((line) => line.startsWith('lvsm_realserver_weight'))
        .length
    expect([each({}), each({ realservers: 'yes' })]).toEqual([0, 2003])
  })
})
