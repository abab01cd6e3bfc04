/** `lvsm explain --at`: the same paragraph of a moment that is past, from what a node recorded; and what is not recorded is said. */
import { type HistoryEvent, NO_RECORD, type RecordedReport } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { Failure } from '../src/failure.ts'
import { agoOf } from '../src/explain/moment.ts'
import { MemoryConfiguration, serveConfiguration } from '../../../test/kit/configuration.ts'
import { cleanUp, lvsm, lvsmSaying, scratchPath, startAgent, STATUS, without } from './agent.ts'

describe('a moment', () => {
  const NOW = Date.parse('2026-11-28T07:00:00.000Z')
  const local = (hours: number, minutes: number, seconds = 0) =>
    (NOW - new Date(NOW).setHours(hours, minutes, seconds, 0) + 86_400_000) % 86_400_000
  it.each([
    ['90s', 90_000],
    ['0s', 0],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['2026-11-28T06:59:00Z', 60_000],
    ['2026-11-28T06:59:00.250Z', 59_750],
    ['2026-11-28 06:59Z', 60_000],
    ['2026-11-28T08:59:00+02:00', 60_000],
    ['2026-11-27T07:00:00Z', 86_400_000],
    ['03:12', local(3, 12)],
    ['3:12:05', local(3, 12, 5)],
    ['23:59', local(23, 59)],
  ])('%s is so long ago', (text, ms) => expect(agoOf('--at', text, NOW)).toBe(ms))
  it.each([
    '',
    'yesterday',
    '25:00',
    '12:60',
    '2026-11-28',
    '2026-13-01T00:00Z',
    '2026-02-30T00:00Z',
    '-5m',
    '12',
    '1970',
  ])('%j is none, and what would be one is said', (text) => {
    expect(() => agoOf('--at', text, NOW)).toThrow(Failure)
    expect(() => agoOf('--at', text, NOW)).toThrow(/^--at: ".*" is no time, and no duration$/)
  })
  it('is not in the future', () =>
    expect(() => agoOf('--at', '2026-11-28T09:00:00Z', NOW)).toThrow('--at: 2026-11-28T09:00:00Z is 2 h in the future'))
})

const iso = (agoMs: number): string => new Date(Date.now() - agoMs).toISOString()
function reportOf(agoMs: number): RecordedReport {
  const [group] = STATUS.groups
  const lost = { ...group!, owner: null, number: 0, state: 'nobody' as const, reason: 'no majority of the voters' }
  const status = without({ groups: [{ ...lost, takers: [{ node: 'dir2', could: false, reason: 'no IPVS' }] }] })
  return {
    ...{ node: 'dir1', at: iso(agoMs), agoMs, clockSet: false },
    spans: [{ from: iso(900_000), to: iso(0), where: 'memory' }],
    found: {
      status,
      own: {
        lease: null,
        peers: [
          { name: 'dir2', life: 'alive', why: '' },
          { name: 'rs1', life: 'dead', why: '' },
        ],
        parts: [{ group: 'web', role: 'candidate', reason: 'waits for votes', unready: '' }],
      },
      happened: [{ at: iso(agoMs + 1500), agoMs: 1500, text: 'configuration: revision 7, epoch 1' }],
    },
  }
}
const event = (agoMs: number, more: Partial<HistoryEvent>): HistoryEvent => ({
  ...{ at: iso(agoMs), ageMs: agoMs, node: 'dir1', group: 'web', kind: 'took', number: 42, reason: 'dir2 was silent' },
  ...more,
})
const EVENTS = [
  event(300_000, { kind: 'lost', number: 41, reason: 'no majority' }),
  event(60_000, { number: 42, reason: 'it has a majority again' }),
]
const asked: string[] = []
const agent = (report: (agoMs: number) => RecordedReport) =>
  startAgent(({ path }) => {
    asked.push(path)
    if (path.startsWith('/v1/cluster/'))
      return { code: 503, body: { refusals: [{ code: 'no-coordinator', message: 'none answers' }] } }
    const ago = /recorded\?ago=(\d+)/.exec(path)?.[1]
    return { body: ago ? report(Number(ago)) : path.includes('events') ? { events: EVENTS } : STATUS }
  })

describe('lvsm explain --at', () => {
  afterEach(cleanUp)
  it('says what was, since when, why, and what would have changed it, with what the node recorded', async () => {
    const { socketPath } = await agent(reportOf)
    const said = await lvsm(['--socket', socketPath, 'explain', 'web', '--at', '2m'])
    expect(said.code).toBe(0)
    expect(said.out).toMatch(
      /^As dir1 recorded it at \S+Z \(2 min ago\):\nnobody owns group web \(.*\): it does not answer\. Since \S+ \(\d+ \w+ before\)\.\nWhy: no majority of the voters; it was lost because no majority\.\n→ dir2 cannot take it: no IPVS\n/,
    )
    expect(said.out).toMatch(/dir1 +hears dir2\n/)
    expect(said.out).toMatch(/dir1 +does not hear rs1\n/)
    expect(said.out).toMatch(/dir1 +of web it is candidate: waits for votes; it could take it\n/)
    expect(said.out).toMatch(/dir1 +\S+ configuration: revision 7, epoch 1\n/)
    // What happened later was not known then.
    expect(said.out).not.toContain('it has a majority again')
  })
  it('says it as data', async () => {
    const { socketPath } = await agent(reportOf)
    const said = await lvsm(['--socket', socketPath, 'explain', 'web', '--at', '2m', '-o', 'json'])
    expect(JSON.parse(said.out)).toMatchObject([{ kind: 'group', name: 'web', by: 'dir1', at: expect.any(String) }])
  })
  it('takes its kind before its name, as lvsm simulate does', async () => {
    const { socketPath } = await agent(reportOf)
    const asked = (...words: string[]) =>
      lvsm(['--socket', socketPath, 'explain', ...words, '--at', '2m', '-o', 'json'])
    expect(JSON.parse((await asked('group', 'web')).out)).toMatchObject([{ kind: 'group', name: 'web' }])
    for (const words of [
      ['cluster', 'web'],
      ['group', 'web', 'now'],
      ['node', 'web', '--kind', 'group'],
    ]) {
      const said = await asked(...words)
      expect([said.code, said.out]).toEqual([2, ''])
      expect(said.err).toContain('is not one name')
    }
  })
  it('counts no connections of the past', async () => {
    const { socketPath } = await agent(reportOf)
    const said = await lvsm(['--socket', socketPath, 'explain', 'rs1', '--at', '2m'])
    expect(said.out).toContain('in http it is healthy, weight 1 (answers)')
    expect(said.out).not.toContain('active connections')
  })
  it('says what is recorded where that moment is not', async () => {
    const file = { from: iso(9_000_000), to: iso(8_000_000), where: 'file' as const }
    const { socketPath } = await agent((ago) => {
      const { spans, ...report } = reportOf(ago)
      return { ...report, spans: [file, ...spans], found: null }
    })
    const said = await lvsm(['--socket', socketPath, 'explain', 'web', '--at', '1h'])
    expect([said.code, said.out]).toEqual([1, ''])
    expect(said.err).toMatch(
      /is not recorded on dir1: recorded is \S+ to \S+ \(kept at a move\), \S+Z to \S+Z\n.*→ ask for a time in there/,
    )
  })
  it('says that nothing is recorded', async () => {
    const { socketPath } = await agent((ago) => ({ ...reportOf(ago), spans: [], found: null }))
    expect((await lvsm(['--socket', socketPath, 'explain', 'web', '--at', '1h'])).err).toContain(
      'is not recorded on dir1: nothing is\n',
    )
  })
  it('says that the clock was set since', async () => {
    const { socketPath } = await agent((ago) => ({ ...reportOf(ago), clockSet: true }))
    expect((await lvsm(['--socket', socketPath, 'explain', 'web', '--at', '1m'])).out).toMatch(
      /ago\); the node's clock was set since, and this is by the clock of now:\n/,
    )
  })
  it('asks the coordinator of this node for the whole cluster, and says what this node itself heard', async () => {
    const { socketPath } = await agent(reportOf)
    const path = scratchPath('coordinator.sock')
    const [group] = STATUS.groups
    const clusterRecorded = (ago: number): RecordedReport => {
      const { found, ...report } = reportOf(ago)
      const status = without({ groups: [{ ...group!, number: 40 }] })
      return { ...report, node: 'rs2', found: found && { ...found, status, own: NO_RECORD, happened: [] } }
    }
    const server = serveConfiguration(path, Object.assign(new MemoryConfiguration(), { clusterRecorded }))
    const environment = { LVSM_SOCKET: socketPath, LVSM_COORDINATOR_SOCKET: path }
    const said = await lvsmSaying(/coordinator on rs2/, ['explain', 'web', '--at', '2m'], environment)
    server.close()
    expect(said.out).toMatch(
      /^As the coordinator on rs2 recorded it at \S+Z \(2 min ago\):\ndir1 owns group web .*, lease 40\./,
    )
    expect(said.out).toMatch(/dir1 +does not hear rs1\n/)
  })
  it('asks the agent alone where the coordinator does not have that moment', async () => {
    const { socketPath } = await agent(reportOf)
    const path = scratchPath('coordinator.sock')
    const server = serveConfiguration(path, new MemoryConfiguration())
    const environment = { LVSM_SOCKET: socketPath, LVSM_COORDINATOR_SOCKET: path }
    const said = await lvsm(['explain', 'web', '--at', '2m'], environment)
    server.close()
    expect(said.out).toMatch(/^As dir1 recorded it at /)
  })
  it('refuses what is no time without asking anybody, and a name that nothing had then', async () => {
    const { socketPath } = await agent(reportOf)
    asked.length = 0
    const wrong = await lvsm(['--socket', socketPath, 'explain', 'web', '--at', 'yesterday'])
    expect([wrong.code, wrong.err, asked]).toEqual([
      2,
      expect.stringMatching(/--at: "yesterday" is no time, and no duration\n.*→ so long ago: 90s/),
      [],
    ])
    const unknown = await lvsm(['--socket', socketPath, 'explain', 'wbe', '--at', '1m'])
    expect([unknown.code, unknown.err]).toEqual([
      1,
      expect.stringMatching(/there is no .* wbe in revision 7, which was in use then[^]*→ there are: web, http, dir1/),
    ])
  })
})
