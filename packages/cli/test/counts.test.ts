/** `lvsm stats` and `lvsm connections`, as their own processes. */
import type { ConnectionsReport, Counted, StatsReport } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { cleanUp, lvsm, startAgent } from './agent.ts'

afterEach(cleanUp)

const counted = (from: number): Counted => ({
  active: from,
  inactive: from + 1,
  persistent: from + 2,
  totals: { connections: from * 1000, inPackets: from, outPackets: from, inBytes: from, outBytes: from },
  rates: { connections: from / 10, inPackets: from, outPackets: 0, inBytes: from * 1500, outBytes: 0 },
})
const STATS: StatsReport = {
  cluster: 'lab',
  node: 'dir1',
  revision: 7,
  ipvs: true,
  groups: [
    { name: 'web', owner: 'dir1', directed: true, ...counted(60) },
    { name: 'mail', owner: 'dir2', directed: true, ...counted(0) },
    { name: 'old', owner: null, directed: false, ...counted(0) },
  ],
  services: [
    {
      name: 'http',
      group: 'web',
      what: 'tcp 10.11.0.10:80',
      present: true,
      ...counted(60),
      realservers: [
        { node: 'rs1', address: '10.11.0.11:80', weight: 1, ...counted(20) },
        { node: 'rs2', address: '10.11.0.12:80', weight: 2, ...counted(40) },
      ],
    },
    { name: 'https', group: 'web', what: 'tcp 10.11.0.10:443', present: false, ...counted(0), realservers: [] },
    { name: 'smtp', group: 'mail', what: 'tcp 10.11.0.20:25', present: true, ...counted(0), realservers: [] },
  ],
}
const always = (body: object) => startAgent(() => ({ body }))
const lineOf = (out: string, text: string): string[] =>
  (out.split('\n').find((line) => line.includes(text)) ?? expect.fail(`no ${text} in:\n${out}`)).trim().split(/\s+/)

describe('lvsm stats', () => {
  it('shows rates of what this node owns, and who has the rest', async () => {
    const { socketPath, heard } = await always(STATS)
    const { code, out, err } = await lvsm(['--socket', socketPath, 'stats'])
    expect({ code, err, heard }).toEqual({
      code: 0,
      err: '',
      heard: [{ method: 'GET', path: '/v1/stats', body: undefined }],
    })
    expect(out).toContain('lab  rates of the kernel of dir1\n')
    expect(out).toContain('mail: dir2 owns it; its counts are there: lvsm stats on dir2\n')
    expect(out).toContain('old: nobody owns it, as far as this node knows\n')
    expect(lineOf(out, 'rs2')).toEqual(['rs2', '10.11.0.12:80', '2', '40', '41', '42', '4', '40', '0', '60k', '0'])
    expect(lineOf(out, 'https')).toEqual(expect.arrayContaining(['https', '[not', 'in', 'this', 'kernel]']))
    expect(out).not.toContain('smtp')
  })
  it('shows totals, exactly where that is wanted', async () => {
    const { socketPath } = await always(STATS)
    const { out } = await lvsm(['--socket', socketPath, 'stats', '--totals', '--exact'])
    expect(lineOf(out, 'rs2')).toEqual(['rs2', '10.11.0.12:80', '2', '40', '41', '42', '40000', '40', '40', '40', '40'])
  })
  it('says that no rate is known where the kernel makes none, and shows totals as ever', async () => {
    const { socketPath } = await always({ ...STATS, estimates: false })
    const [rates, totals] = await Promise.all(
      [[], ['--totals']].map((words) => lvsm(['--socket', socketPath, 'stats', ...words])),
    )
    expect(rates?.out).toContain(
      'no rate is known: the kernel of dir1 makes none (net.ipv4.vs.run_estimation=0); totals are right: lvsm stats --totals\n',
    )
    expect(lineOf(rates?.out ?? '', 'rs2')).toEqual(['rs2', '10.11.0.12:80', '2', '40', '41', '42', ...'?????'])
    expect(totals?.out).not.toContain('run_estimation')
    expect(lineOf(totals?.out ?? '', 'rs2')).not.toContain('?')
  })
  it('sorts by a column, the most first', async () => {
    const { socketPath } = await always(STATS)
    const { out } = await lvsm(['--socket', socketPath, 'stats', '--sort', 'bytes-in/s'])
    expect(out.indexOf('rs2')).toBeLessThan(out.indexOf('rs1'))
  })
  it('shows only what was named, and refuses what is not there', async () => {
    const { socketPath } = await always(STATS)
    const [one, wrong] = await Promise.all(
      [['rs1'], ['rs9']].map((names) => lvsm(['--socket', socketPath, 'stats', ...names])),
    )
    expect(one?.out).toContain('rs1')
    expect(one?.out).not.toContain('rs2')
    expect(wrong?.code).toBe(1)
    expect(wrong?.err).toMatch(
      /^lvsm: dir1 has no group, service or realserver rs9\n {2}→ did you mean "rs1" or "rs2"\?\n$/,
    )
  })
  it('prints what the agent said as JSON and YAML', async () => {
    const { socketPath } = await always(STATS)
    const [json, yaml] = await Promise.all(
      ['json', 'yaml'].map((format) => lvsm(['--socket', socketPath, 'stats', '-o', format])),
    )
    expect(JSON.parse(json?.out ?? '')).toEqual(STATS)
    expect(parse(yaml?.out ?? '')).toEqual(STATS)
  })
  it('says that there is no IPVS, and goes on with --watch', async () => {
    let asked = 0
    const { socketPath } = await startAgent(() => ({ body: { ...STATS, ipvs: (asked += 1) > 1 } }))
    const { code, out } = await lvsm(['--socket', socketPath, 'stats'])
    expect([code, out]).toEqual([0, 'lab  rates of the kernel of dir1\nthis kernel has no IPVS now\n'])
    const watched = await lvsm(['--socket', socketPath, 'stats', '-w', '-o', 'json'], {}, (text, kill) => {
      if (text.split('\n').length > 2) kill('SIGINT')
    })
    expect(watched.code).toBe(0)
    for (const line of watched.out.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ node: 'dir1' })
  })
  it('ends as the other verbs do', async () => {
    const refusal = { code: 'counts-busy', message: '16 questions wait', hint: 'ask again' }
    const [refused, old] = await Promise.all([
      startAgent(() => ({ code: 503, body: { refusals: [refusal] } })),
      always({ a: 1 }),
    ])
    const ends = await Promise.all([
      lvsm(['--socket', refused.socketPath, 'stats']),
      lvsm(['stats', '--sort', 'beauty']),
      lvsm(['--node', 'nowhere', 'stats']),
      lvsm(['--socket', old.socketPath, 'stats']),
    ])
    expect(ends.map(({ code }) => code)).toEqual([1, 2, 3, 3])
    expect(ends[0]?.err).toBe('lvsm: 16 questions wait\n  → ask again\n')
  })
})

const CONNECTIONS: ConnectionsReport = {
  cluster: 'lab',
  node: 'dir1',
  ipvs: true,
  whole: true,
  read: 100_000,
  matched: 312,
  states: { ESTABLISHED: 300, FIN_WAIT: 12 },
  servers: [{ service: 'http', server: '10.11.0.11:80', node: 'rs1', connections: 312 }],
  connections: [
    {
      protocol: 'tcp',
      client: '192.168.0.10:50000',
      virtual: '10.11.0.10:80',
      service: 'http',
      server: '10.11.0.11:80',
      node: 'rs1',
      state: 'ESTABLISHED',
      expiresSeconds: 899,
    },
  ],
}

describe('lvsm connections', () => {
  it('asks for what was named, and shows how many there are and the first of them', async () => {
    const { socketPath, heard } = await always(CONNECTIONS)
    const words = ['--service', 'http', '--client', '192.168.0.0/16', '--state', 'ESTABLISHED', '-n', '1']
    const { code, out } = await lvsm(['--socket', socketPath, 'connections', ...words])
    expect(code).toBe(0)
    expect(heard[0]?.path).toBe('/v1/connections?most=1&service=http&client=192.168.0.0%2F16&state=ESTABLISHED')
    expect(out).toContain('lab  connections in the kernel of dir1: 312 of 100000, the first 1 below\n')
    expect(lineOf(out, 'FIN_WAIT')).toEqual(['FIN_WAIT', '12'])
    expect(lineOf(out, '899')).toEqual(
      'tcp 192.168.0.10:50000 10.11.0.10:80 http 10.11.0.11:80 rs1 ESTABLISHED 899 s'.split(' '),
    )
  })
  it('says when not all were read, and when there are none', async () => {
    const [part, none] = await Promise.all([
      always({ ...CONNECTIONS, whole: false }),
      always({ ...CONNECTIONS, read: 0, matched: 0, states: {}, servers: [], connections: [] }),
    ])
    const outs = await Promise.all([part, none].map(({ socketPath }) => lvsm(['--socket', socketPath, 'connections'])))
    expect(outs[0]?.out).toContain('not all were read in time: there are more\n')
    expect(outs[1]?.out).toBe('lab  connections in the kernel of dir1: 0\n')
  })
  it('ends as the other verbs do', async () => {
    const refusal = {
      code: 'unknown-service',
      field: 'service',
      message: 'no service htp',
      hint: 'did you mean "http"?',
    }
    const { socketPath } = await startAgent(() => ({ code: 503, body: { refusals: [refusal] } }))
    const ends = await Promise.all([
      lvsm(['--socket', socketPath, 'connections', '--service', 'htp']),
      lvsm(['connections', '-n', '10001']),
    ])
    expect(ends.map(({ code }) => code)).toEqual([1, 2])
    expect(ends[0]?.err).toContain('did you mean "http"?')
  })
})
