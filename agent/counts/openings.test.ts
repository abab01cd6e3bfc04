import { openingsReport } from '@lvsm/protocol'
import { expect, it } from 'vitest'
import { NAMES, ON_PORTS } from './fixture.ts'
import { namingOf } from './named.ts'
import { Openings } from './openings.ts'

const reportOf = (lines: readonly string[], names = NAMES) => {
  const openings = new Openings(namingOf(names))
  for (const line of lines) openings.take(line)
  return openings.report(true, 3)
}

it('tells of each realserver who gets no further than the first packet, and when the youngest of the others is forgotten', () => {
  const report = reportOf([
    'TCP C0A8000A C350 0A0B000A 0050 0A0B000B 0050 SYN_RECV         59',
    'TCP C0A8000B C351 0A0B000A 0050 0A0B000B 0050 SYN_RECV         12',
    'TCP C0A8000A C352 0A0B000A 0050 0A0B000C 0050 FIN_WAIT         70',
    'TCP C0A8000A C353 0A0B000A 0050 0A0B000C 0050 FIN_WAIT        110',
    'TCP C0A8000A C354 0A0B000A 0050 0A0B000C 0050 ESTABLISHED     899',
  ])
  expect(openingsReport.parse(report)).toEqual(report)
  expect(report.servers).toEqual([
    {
      service: 'http',
      node: 'rs1',
      key: '10.11.0.11:80',
      opening: 2,
      openingFor: { 12: 1, 59: 1 },
      clients: ['192.168.0.10', '192.168.0.11'],
      latest: {},
    },
    {
      service: 'http',
      node: 'rs2',
      key: '10.11.0.12:80',
      opening: 0,
      openingFor: {},
      clients: [],
      latest: { FIN_WAIT: 110, ESTABLISHED: 899 },
    },
  ])
})

it('leaves out templates, other protocols, what the configuration does not have, and what nobody understands', () => {
  const report = reportOf([
    'TCP C0A8000A 0000 0A0B000A 0050 0A0B000B 0050 NONE            300',
    'UDP C0A8000A C350 0A0B000A 0035 0A0B000B 0035 UDP             300',
    'TCP C0A8000A C350 0A0B00FF 1F90 0A0B0063 1F90 SYN_RECV         58',
    'TCP C0A8000A C350 0A0B000A 0050 0A0B0063 0050 SYN_RECV         58',
    'nothing',
  ])
  expect(report.servers).toEqual([])
})

it('names a few clients of many', () => {
  const lines = Array.from(
    { length: 20 },
    (_, at) => `TCP C0A800${(at + 16).toString(16).toUpperCase()} C350 0A0B000A 0050 0A0B000B 0050 SYN_RECV 59`,
  )
  expect(reportOf(lines).servers[0]).toMatchObject({ opening: 20, clients: { length: 4 } })
})

it('names those that tried last', () => {
  const [late, early] = [
    ['10', '11', '12'],
    ['20', '21', '22', '23'],
  ]
  const line = (host: string, seconds: number): string =>
    `TCP C0A800${host} C350 0A0B000A 0050 0A0B000B 0050 SYN_RECV ${seconds}`
  const lines = [...early.map((host) => line(host, 12)), ...late.map((host) => line(host, 58)), line('23', 30)]
  const named = ['192.168.0.16', '192.168.0.17', '192.168.0.18', '192.168.0.35']
  expect(reportOf(lines).servers[0]?.clients.toSorted()).toEqual(named)
  expect(reportOf(lines.toReversed()).servers[0]?.clients.toSorted()).toEqual(named)
})

it('leaves out checks that go through IPVS: they tell of no client', () => {
  const lines = ['A', 'B'].map((at) => `TCP C0A8000${at} C350 0A0B000A 0050 0A0B000B 0050 SYN_RECV 59`)
  const services = NAMES.services.map((one) => ({ ...one, checkedFrom: ['192.168.0.10'] }))
  expect(reportOf(lines, { ...NAMES, services }).servers).toMatchObject([{ opening: 1, clients: ['192.168.0.11'] }])
})

it('tells of realservers of a service on several ports, of all ports together', () => {
  const { servers } = reportOf(
    [
      'TCP C0A8000A C350 0A0B0014 0050 0A0B000B 0050 SYN_RECV         59',
      'TCP C0A8000B C351 0A0B0014 1F41 0A0B000B 1F41 SYN_RECV         12',
      'TCP C0A8000A C352 0A0B0014 0050 0A0B000C 0050 FIN_WAIT         70',
      'TCP C0A8000A C353 0A0B0014 1F91 0A0B000C 1F91 SYN_RECV         31',
      'TCP C0A8000A C354 0A0B0014 0050 0A0B0063 0050 SYN_RECV         31',
    ],
    ON_PORTS,
  )
  expect(servers.map(({ service, node, key, opening }) => `${service} ${node} ${key} ${opening}`)).toEqual([
    'files rs1 10.11.0.11:0 2',
    'files rs2 10.11.0.12:0 1',
  ])
})
