import { type ChecksReport, type RunCheckReport } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { cleanUp, lvsm, startAgent } from './agent.ts'
import { closeCoordinators, startCoordinator } from './coordinator.ts'

afterEach(() => {
  closeCoordinators()
  cleanUp()
})

const target = { service: 'http', address: '10.11.0.11', port: 80, type: 'http' } as const
const settings = { group: 'web', intervalMs: 1000, timeoutMs: 500, fall: 3, rise: 2, intent: 'serve' } as const
const CHECKS: ChecksReport = {
  node: 'dir1',
  revision: 7,
  checks: [
    {
      ...{ ...target, ...settings, server: 'rs1', healthy: true, against: 1, serving: true, kept: false },
      ...{ reason: 'connection refused', ageMs: 420, tookMs: 0.8 },
      way: 'through IPVS to 10.11.0.10',
      ownView: { is: 'listens', queue: 2, most: 128, load: 0.25, ageMs: 400 },
      perfdata: [{ label: 'time', value: 12, unit: 'ms', warn: '100', critical: '500' }],
    },
    {
      ...{ ...target, ...settings, server: 'rs2', healthy: false, against: 0, serving: true, kept: true },
      ...{ reason: 'no answer within 500 ms', ageMs: 1500, tookMs: 500.2 },
    },
    {
      ...{ ...target, ...settings, server: 'rs3', healthy: null, against: 0, serving: false, kept: false },
      ...{ reason: 'not checked yet', ageMs: null },
    },
    {
      ...{ ...target, ...settings, server: 'rs4', healthy: true, against: 0, serving: true, kept: false },
      ...{ reason: 'not checked yet; serves as it did before', ageMs: null, basis: 'table', foundMs: 42_000 },
    },
    {
      ...{ ...target, ...settings, server: 'rs5', healthy: true, against: 0, serving: true, kept: false },
      ...{ reason: 'WARNING: slow (exit code 1)', ageMs: 400, tookMs: 20, degraded: true },
    },
    {
      ...{ ...target, ...settings, service: 'mail', server: 'rs1', healthy: true, against: 0, serving: true },
      ...{ kept: false, reason: 'as service http says: connected', ageMs: 400, tookMs: 20, tracks: 'http' },
    },
  ],
}
const RAN: RunCheckReport = {
  node: 'dir1',
  trials: [
    {
      ...{ ...target, server: 'rs1', ok: true, reason: 'answers with status 200', tookMs: 3.2 },
      steps: [
        { atMs: 0.4, what: 'connected', text: '10.11.0.1:40000 → 10.11.0.11:80' },
        { atMs: 0.5, what: 'sent', text: 'GET / HTTP/1.1\\r\\n\u001b[2J' },
      ],
    },
  ],
}
const agent = (ran: RunCheckReport = RAN) =>
  startAgent(({ path }) => ({ body: path === '/v1/checks/run' ? ran : CHECKS }))

describe('lvsm check list', () => {
  it('shows how each stands, when it was asked, and what came back', async () => {
    const { socketPath } = await agent()
    const { code, out } = await lvsm(['--socket', socketPath, 'check', 'list'])
    expect(code).toBe(0)
    expect(out).toMatch(
      /http\/rs1 +http +10\.11\.0\.11:80 via VIP +well, 1 of 3 failed +420 ms +0\.8 ms +connection refused\n/,
    )
    expect(out).toMatch(/http\/rs2 +http +10\.11\.0\.11:80 +failed, kept +1\.5 s +500\.2 ms/)
    expect(out).toMatch(/http\/rs3 +http +10\.11\.0\.11:80 +not known yet +- +- +not checked yet\n/)
    expect(out).toMatch(/http\/rs4 +http +10\.11\.0\.11:80 +as found, well +42\.0 s +- +not checked yet; serves/)
    expect(out).toMatch(/http\/rs5 +http +10\.11\.0\.11:80 +degraded +400 ms +20 ms +WARNING: slow/)
    expect(out).toMatch(/mail\/rs1 +http +as http\/rs1 +well +400 ms +20 ms +as service http says: connected\n/)
    const one = await lvsm(['--socket', socketPath, 'check', 'list', 'rs2', '-o', 'json'])
    expect(JSON.parse(one.out)).toEqual({ ...CHECKS, checks: [CHECKS.checks[1]] })
    const none = await lvsm(['--socket', socketPath, 'check', 'list', 'htp'])
    expect([none.code, none.err]).toEqual([
      1,
      'lvsm: dir1 makes no check "htp"\n  → there are: http/rs1, http/rs2, http/rs3, http/rs4, http/rs5, mail/rs1\n',
    ])
  })
})

describe('lvsm check show', () => {
  it('shows what the document says beside how it stands, and either where the other is not there', async () => {
    const { socketPath } = await agent()
    const { socketPath: coordinator } = startCoordinator()
    const both = await lvsm(['--socket', socketPath, '--coordinator-socket', coordinator, 'check', 'show', 'http'])
    expect(both.out).toMatch(/^service: http\ntype: tcp\n[^]*\nhttp\/rs1  well, 1 of 3 failed\n/)
    expect(both.out).toContain('\n  not checked yet; serves as it did before (known last 42.0 s ago)\n')
    expect(both.out).toContain('  asks 10.11.0.11:80 by http, each 1s, for 500ms at most; fall 3, rise 2\n')
    expect(both.out).toContain('\n  asked through IPVS to 10.11.0.10\n')
    expect(both.out).toContain(
      '  its own agent, 400 ms ago: somebody listens there, 2 wait to be accepted, 128 may; load 0.25 of each processor\n',
    )
    expect(both.out).toContain('  time = 12ms (warning 100, critical 500)\n')
    const alone = await lvsm(['--socket', socketPath, 'check', 'show', 'http/rs2', '-o', 'json'])
    expect([alone.code, JSON.parse(alone.out)]).toEqual([0, { servers: [CHECKS.checks[1]] }])
  })
})

describe('what directors find otherwise than each other', () => {
  const one = { service: 'http', server: 'rs1', group: 'web', owner: 'dir1', failed: ['dir2'], well: ['dir1'] }
  const other = { ...one, service: 'files', server: 'rs9', owner: null }
  const at = (node: string, checks = CHECKS.checks) =>
    startAgent(() => ({ body: { ...CHECKS, node, checks, differing: [one, other] } }))
  const said = 'http/rs1 failed by the checks of dir2, and not by those of dir1 (owns web: its verdict counts)\n'
  it('is behind the list, and behind the one that is shown', async () => {
    const { socketPath } = await at('dir1')
    const all = await lvsm(['--socket', socketPath, 'check', 'list'])
    expect(all.out).toMatch(/\ndirectors differ: http\/rs1 [^\n]*\ndirectors differ: files\/rs9 [^\n]*\n$/)
    const { out } = await lvsm(['--socket', socketPath, 'check', 'list', 'http'])
    expect(out.split('\n').filter((line) => line.startsWith('directors differ'))).toEqual([
      `directors differ: ${said.trim()}`,
    ])
    const shown = await lvsm(['--socket', socketPath, 'check', 'show', 'http/rs1', '-o', 'json'])
    expect(JSON.parse(shown.out)).toMatchObject({ differing: [one] })
  })
  it('is nothing of a realserver, which says who makes checks', async () => {
    const member = { voter: true, state: 'up', reason: '', standby: false, agent: true } as const
    const nodes = [
      ...['dir1', 'dir2'].map((name) => ({ name, roles: ['director'], ...member })),
      { name: 'rs1', roles: ['realserver'], ...member },
    ]
    const group = (name: string, directors: readonly string[]) => ({
      ...{ name, directors, owner: null, number: 0, leftMs: 0, addresses: [], pings: [], state: 'nobody', reason: '' },
    })
    const service = { name: 'http', group: 'web', address: '10.11.0.10', port: 80, protocol: 'tcp', scheduler: 'rr' }
    const status = {
      ...{ cluster: 'lab', node: 'rs1', revision: 7, quorum: true, counters: {}, troubles: [], nodes },
      groups: [group('web', ['dir1', 'dir2']), group('empty', ['dir3'])],
      services: [{ ...service, realservers: [] }],
    }
    let told: object = status
    const { socketPath } = await startAgent(({ path }) => ({
      body: path === '/v1/status' ? told : { node: 'rs1', revision: 7, checks: [] },
    }))
    const list = (...names: string[]) => lvsm(['--socket', socketPath, 'check', 'list', ...names])
    const all = await list()
    const head = 'rs1 makes no checks: it directs no group that has services\n'
    expect([all.code, all.out]).toEqual([0, `${head}  → directors do: run it on dir1 or dir2: lvsm check list\n`])
    const one = await list('http')
    const next = '  → directors do: run it on dir1 or dir2: lvsm check list http\n'
    expect([one.code, one.err]).toEqual([1, `lvsm: rs1 makes no check "http"\n${next}`])
    const without = (...dead: string[]) => ({
      ...status,
      nodes: nodes.map((node) => (dead.includes(node.name) ? { ...node, state: 'dead' } : node)),
    })
    told = without('dir1')
    expect((await list()).out).toBe(`${head}  → directors do: run it on dir2: lvsm check list\n`)
    told = without('dir1', 'dir2')
    expect((await list()).out).toBe(`${head}  → none of those that do is alive (dir1, dir2): lvsm status\n`)
    told = { ...status, services: [] }
    expect((await list()).out).toBe(`${head}  → nobody does: no service is configured\n`)
    told = { ...status, groups: [group('web', ['rs1'])] }
    expect((await list()).out).toBe(`${head}  → no other node does: lvsm status\n`)
  })
  it('is told by a node that makes no checks itself, too', async () => {
    const { socketPath } = await at('rs1', [])
    for (const verb of [['list'], ['list', 'http/rs1'], ['show', 'http/rs1']]) {
      const { code, out } = await lvsm(['--socket', socketPath, 'check', ...verb])
      expect([code, out]).toEqual([0, expect.stringContaining(`directors differ: ${said}`)])
    }
  })
})

describe('lvsm check run', () => {
  it('asks now, and shows each step without what could paint', async () => {
    const { socketPath, heard } = await agent()
    const { code, out } = await lvsm(['--socket', socketPath, 'check', 'run', 'http/rs1', '--explain', '--on', 'dir2'])
    expect([code, heard.at(-1)]).toEqual([
      0,
      { method: 'POST', path: '/v1/checks/run', body: { name: 'http/rs1', explain: true, on: 'dir2' } },
    ])
    expect(out).toMatch(
      /^http\/rs1  well in 3\.2 ms: answers with status 200  \(http 10\.11\.0\.11:80, asked by dir1\)\n/,
    )
    expect(out).toMatch(/0\.4 ms +connected +10\.11\.0\.1:40000 → 10\.11\.0\.11:80\n/)
    expect(out).toContain('GET / HTTP/1.1\\r\\n\u{fffd}[2J')
    const [trial] = RAN.trials
    const warning = await agent({ ...RAN, trials: trial ? [{ ...trial, degraded: true }] : [] })
    expect((await lvsm(['--socket', warning.socketPath, 'check', 'run', 'http/rs1'])).out).toMatch(
      /^http\/rs1  degraded in/,
    )
    const json = await lvsm(['--socket', socketPath, 'check', 'run', 'http', '-o', 'json'])
    expect(JSON.parse(json.out)).toMatchObject({ node: 'dir1', trials: [{ server: 'rs1', ok: true }] })
  })

  it.each([
    ['unknown-check', 404, 2],
    ['unknown-node', 404, 2],
    ['no-checks', 409, 3],
    ['not-entitled', 409, 3],
    ['no-answer', 504, 3],
  ])('ends otherwise than by a verdict where it was refused: %s', async (refusal, status, ends) => {
    const { socketPath } = await startAgent(() => ({
      code: status,
      body: { refusals: [{ code: refusal, message: 'so it is' }] },
    }))
    expect(await lvsm(['--socket', socketPath, 'check', 'run', 'http'])).toMatchObject({ code: ends, out: '' })
  })

  it.each([
    [false, 1, /^http\/rs1  failed/],
    [null, 3, /^http\/rs1  nobody knows/],
  ])('ends by the verdict %s with %i', async (ok, ends, text) => {
    const [trial] = RAN.trials
    const { socketPath } = await agent({ ...RAN, trials: trial ? [{ ...trial, ok }] : [] })
    const { code, out } = await lvsm(['--socket', socketPath, 'check', 'run', 'http'])
    expect([code, out]).toEqual([ends, expect.stringMatching(text)])
  })
})
