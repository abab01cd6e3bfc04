import { type ConnectionsQuery, connectionsReport } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { listingOf } from './connections.ts'
import { NAMES, ON_PORTS } from './fixture.ts'
import { namingOf } from './named.ts'

const LINES = [
  'TCP C0A8000A C350 0A0B000A 0050 0A0B000B 0050 ESTABLISHED     899',
  'TCP C0A8000A C351 0A0B000A 0050 0A0B000C 0050 ESTABLISHED     890',
  'TCP C0A8010B C352 0A0B000A 0050 0A0B000B 0050 FIN_WAIT          8',
  'TCP C0A8010B C353 0A0B000A 0019 0A0B000B 0019 ESTABLISHED     700',
  'TCP C0A80200 C354 0A0B00FF 1F90 0A0B0063 1F90 SYN_RECV         58',
  'nothing that anybody understands',
]
const naming = namingOf(NAMES)
const reportOf = (wanted: ConnectionsQuery, names = naming, lines = LINES) => {
  const listing = listingOf(names, wanted)
  if ('refusals' in listing) return expect.fail(listing.refusals[0]?.message)
  for (const line of lines) listing.take(line)
  return listing.report(true, true)
}
const refusalOf = (wanted: ConnectionsQuery) => {
  const listing = listingOf(naming, wanted)
  return 'refusals' in listing ? listing.refusals[0] : null
}

describe('connections', () => {
  it('are all counted, by state and by realserver, with the names that the configuration gives them', () => {
    const report = reportOf({})
    expect(connectionsReport.parse(report)).toEqual(report)
    expect(report).toMatchObject({ node: 'dir1', read: 5, matched: 5, whole: true })
    expect(report.states).toEqual({ ESTABLISHED: 3, FIN_WAIT: 1, SYN_RECV: 1 })
    expect(report.servers).toEqual([
      { service: 'http', server: '10.11.0.11:80', node: 'rs1', connections: 2 },
      { service: 'http', server: '10.11.0.12:80', node: 'rs2', connections: 1 },
      { service: 'smtp', server: '10.11.0.11:25', node: 'rs1', connections: 1 },
      { service: null, server: '10.11.0.99:8080', node: null, connections: 1 },
    ])
    expect(report.connections[0]).toEqual({
      protocol: 'tcp',
      client: '192.168.0.10:50000',
      virtual: '10.11.0.10:80',
      service: 'http',
      server: '10.11.0.11:80',
      node: 'rs1',
      state: 'ESTABLISHED',
      expiresSeconds: 899,
    })
  })
  it.each<[ConnectionsQuery, number]>([
    [{ service: 'http' }, 3],
    [{ server: 'rs1' }, 3],
    [{ server: '10.11.0.11' }, 3],
    [{ server: '10.11.0.11:80' }, 2],
    [{ client: '192.168.0.10' }, 2],
    [{ client: '192.168.0.0/23' }, 4],
    [{ client: '0.0.0.0/0' }, 5],
    [{ client: '2001:db8::/32' }, 0],
    [{ state: 'established' }, 3],
    [{ service: 'http', server: 'rs1', client: '192.168.1.0/24', state: 'FIN_WAIT' }, 1],
  ])('%j matches %i', (wanted, count) => expect(reportOf(wanted).matched).toBe(count))
  it('of checks that go through IPVS are nobody’s: none is counted, of clients all are', () => {
    const services = NAMES.services.map((one) =>
      one.name === 'http' ? { ...one, checkedFrom: ['192.168.1.11'] } : one,
    )
    const listing = listingOf(namingOf({ ...NAMES, services }), {})
    if ('refusals' in listing) return expect.fail(listing.refusals[0]?.message)
    for (const line of LINES) listing.take(line)
    // 192.168.1.11 asks two services; one of them is checked through the VIP.
    expect(listing.report(true, true)).toMatchObject({ read: 4, matched: 4, states: { ESTABLISHED: 3, SYN_RECV: 1 } })
  })
  it('are listed to a number, and counted beyond', () => {
    const report = reportOf({ most: 2 })
    expect([report.connections.length, report.matched]).toEqual([2, 5])
    expect(reportOf({ most: 0 }).connections).toEqual([])
  })
  it.each<[ConnectionsQuery, string, string, RegExp]>([
    [{ service: 'htp' }, 'unknown-service', 'service', /did you mean "http"\?/],
    [{ server: 'rs3' }, 'unknown-realserver', 'server', /did you mean "rs/],
    [{ client: '192.168.0.0/33' }, 'bad-client', 'client', /for example/],
    [{ client: '192.168.0.0/16/8' }, 'bad-client', 'client', /for example/],
    [{ client: 'somebody' }, 'bad-client', 'client', /for example/],
  ])('%j is refused', (wanted, code, field, hint) =>
    expect(refusalOf(wanted)).toMatchObject({ code, field, hint: expect.stringMatching(hint) }),
  )
})

it('of a node that directs nothing say who is to be asked', () => {
  const listing = listingOf(namingOf({ ...NAMES, services: [] }), { server: 'rs1' })
  const hint = expect.stringContaining('run it on a director')
  expect(listing).toMatchObject({ refusals: [{ code: 'unknown-realserver', hint }] })
})

describe('connections of services on several ports', () => {
  const lines = [
    'TCP C0A8000A C350 0A0B0014 0050 0A0B000B 0050 ESTABLISHED     899',
    'TCP C0A8000A C351 0A0B0014 1F41 0A0B000B 1F41 FIN_WAIT         90',
    'TCP C0A8000A C352 0A0B0014 1FA4 0A0B000C 1FA4 ESTABLISHED     890',
    'TCP C0A8000A C353 0A0B0014 1FA5 0A0B000C 1FA5 ESTABLISHED     890',
    'UDP C0A8000A C354 0A0B0014 0050 0A0B000C 0050 UDP             290',
    'UDP C0A8000A C355 0A0B0014 13C4 0A0B000B 13C4 UDP             290',
    'TCP C0A8000A C356 0A0B0015 0050 0A0B000B 0050 ESTABLISHED     899',
  ]
  const onPorts = (wanted: ConnectionsQuery) => reportOf(wanted, namingOf(ON_PORTS), lines)
  it('are named by VIP, protocol and port, and their realservers by address', () =>
    expect(onPorts({}).connections.map(({ service, server, node }) => `${service} ${server} ${node}`)).toEqual([
      'files 10.11.0.11:80 rs1',
      'files 10.11.0.11:8001 rs1',
      'files 10.11.0.12:8100 rs2',
      'rest 10.11.0.12:8101 rs2',
      'rest 10.11.0.12:80 rs2',
      'sip 10.11.0.11:5060 rs1',
      'null 10.11.0.11:80 null',
    ]))
  it.each<[ConnectionsQuery, number]>([
    [{ service: 'files' }, 3],
    [{ service: 'rest' }, 2],
    [{ service: 'sip' }, 1],
    [{ service: 'files', server: 'rs1' }, 2],
    [{ service: 'files', server: 'rs1', state: 'FIN_WAIT' }, 1],
    [{ server: 'rs2' }, 3],
    [{ server: '10.11.0.12:0' }, 3],
    [{ server: '10.11.0.12:8101' }, 1],
    [{ server: '10.11.0.11:5060' }, 1],
  ])('%j matches %i', (wanted, count) => expect(onPorts(wanted).matched).toBe(count))
  it('are not looked for at an address that no realserver has', () =>
    expect(listingOf(namingOf(ON_PORTS), { server: '10.11.0.13:80' })).toMatchObject({
      refusals: [{ code: 'unknown-realserver' }],
    }))
})
