/** `lvsm stats` of all nodes, and `--history`, as their own processes. */
import type { ClusterRates, RateHistory, StatsReport, Traffic } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { MemoryConfiguration, serveConfiguration } from '../../../test/kit/configuration.ts'
import { cleanUp, lvsm, lvsmSaying, scratchPath, startAgent } from './agent.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
  cleanUp()
})

const NOTHING: Traffic = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 }
const counted = { active: 0, inactive: 0, persistent: 0, totals: NOTHING, rates: NOTHING }
const STATS: StatsReport = {
  ...{ cluster: 'lab', node: 'dir1', revision: 7, ipvs: true },
  groups: [{ name: 'web', owner: 'dir1', directed: true, ...counted }],
  services: [{ name: 'http', group: 'web', what: 'tcp 10.11.0.10:80', present: true, ...counted, realservers: [] }],
}
const nodeOf = (name: string, role: string) => ({
  ...{ name, roles: [role], ageMs: 1200, reason: '', directs: null, serves: null, active: null, inactive: null },
})
const RATES: ClusterRates = {
  cluster: 'lab',
  node: 'dir2',
  nodes: [
    { ...nodeOf('dir1', 'director'), directs: { ...NOTHING, connections: 77 } },
    { ...nodeOf('rs1', 'realserver'), serves: { ...NOTHING, connections: 55 }, active: 12, inactive: 3 },
    { ...nodeOf('rs2', 'realserver'), ageMs: null, reason: 'its agent never reported' },
  ],
  services: [
    {
      name: 'smtp',
      group: 'mail',
      owner: 'dir2',
      rates: { ...NOTHING, connections: 8 },
      active: 1,
      inactive: 2,
      reason: '',
    },
  ],
}
const lines: RateHistory['total']['hour'] = {
  ...{ connections: [1, 3], inPackets: [2, 2], outPackets: [0, 0], inBytes: [9, 9], outBytes: [0, 0] },
}
const HISTORY: RateHistory = {
  ...{ cluster: 'lab', node: 'dir1', at: '2026-11-28T03:00:00.000Z', directs: true },
  stepMs: { hour: 10_000, halfDay: 60_000 },
  total: { hour: lines, halfDay: lines },
  services: [],
  more: [],
  rest: null,
}
const agent = () =>
  startAgent(({ path }) =>
    path.startsWith('/v1/stats')
      ? { body: STATS }
      : path.startsWith('/v1/rates')
        ? { body: HISTORY }
        : { code: 503, body: { refusals: [{ code: 'no-coordinators', message: 'follows none' }] } },
  )
function coordinator(rates: ClusterRates | null): string {
  const path = scratchPath('coordinator.sock')
  const server = serveConfiguration(path, Object.assign(new MemoryConfiguration(), { clusterRates: () => rates }))
  closers.push(() => server.close())
  return path
}
const wordsOf = (out: string, text: string): string[] =>
  (out.split('\n').find((line) => line.trim().startsWith(text)) ?? expect.fail(`no ${text} in:\n${out}`))
    .trim()
    .split(/\s+/)

describe('lvsm stats', () => {
  it('tells of all nodes by a coordinator, each with its age or why not', async () => {
    const { socketPath } = await agent()
    const environment = { LVSM_SOCKET: socketPath, LVSM_COORDINATOR_SOCKET: coordinator(RATES) }
    const { out, code } = await lvsmSaying(/^ +smtp/m, ['stats'], environment)
    expect(code).toBe(0)
    expect(wordsOf(out, 'dir1')).toEqual(['dir1', 'director', '-', '-', '77', '0', '0', '0', '0', '1', 's', 'ago'])
    expect(wordsOf(out, 'rs1').slice(0, 5)).toEqual(['rs1', 'realserver', '12', '3', '55'])
    expect(out).toMatch(/rs2 +realserver +-.* never: its agent never reported\n/)
    expect(wordsOf(out, 'smtp').slice(0, 5)).toEqual(['smtp', 'dir2', '1', '2', '8'])
    const { out: json } = await lvsmSaying(/"others":\s*\{/, ['stats', '-o', 'json'], environment)
    expect(JSON.parse(json)).toEqual({ ...STATS, others: RATES })
    const { out: one } = await lvsmSaying(/rs1/, ['stats', 'rs1'], environment)
    expect(one).toContain('rs1')
    expect(one).not.toContain('smtp')
  })
  it('says plainly that other nodes are not known where no coordinator answers, and asks one agent alone with --socket', async () => {
    const { socketPath } = await agent()
    const environment = { LVSM_SOCKET: socketPath, LVSM_COORDINATOR_SOCKET: scratchPath('nobody.sock') }
    const { out, code } = await lvsm(['stats'], environment)
    expect(code).toBe(0)
    expect(out).toMatch(/NODES\n {2}of other nodes nothing is known here: no coordinator answers/)
    const { out: json } = await lvsm(['stats', '-o', 'json'], environment)
    expect(JSON.parse(json)).toEqual({ ...STATS, others: null })
    const { out: alone } = await lvsm(['--socket', socketPath, 'stats'])
    expect(alone).not.toContain('NODES')
  })
})

describe('lvsm stats --history', () => {
  it('prints plain numbers where there is no terminal, and what the agent said as JSON', async () => {
    const { socketPath, heard } = await agent()
    const { out, code } = await lvsm(['--socket', socketPath, 'stats', '--history'])
    expect(code).toBe(0)
    expect(out).toContain('lab  rates of the kernel of dir1, until 2026-11-28T03:00:00.000Z\n')
    expect(out).toContain('    conn/s: 2\n')
    const { out: json } = await lvsm(['--socket', socketPath, 'stats', '--history', 'http', '-o', 'json'])
    expect(JSON.parse(json)).toEqual(HISTORY)
    expect(heard.map(({ path }) => path)).toEqual(['/v1/rates', '/v1/rates?service=http'])
  })
  it('of a service that is not there is refused with what was meant; one that is may have had no traffic', async () => {
    const { socketPath } = await agent()
    const [idle, wrong, two] = await Promise.all(
      [['http'], ['htpt'], ['http', 'smtp']].map((names) =>
        lvsm(['--socket', socketPath, 'stats', '--history', ...names]),
      ),
    )
    expect([idle?.code, wrong?.code, two?.code]).toEqual([0, 1, 2])
    expect(idle?.out).toContain('no traffic in the last twelve hours')
    expect(wrong?.err).toContain('lvsm: dir1 directs no service htpt\n  → did you mean "http"?\n')
    expect(two?.err).toContain('--history takes one service')
  })
})
