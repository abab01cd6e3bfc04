/** `lvsm explain`: what is, since when, why, and what would change it, from the status and the events of a cluster. */
import type { HistoryEvent, Status } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { explain, subjectsOf } from '../src/explain/explain.ts'
import type { Kind } from '../src/explain/subject.ts'
import { agoText, explanationText } from '../src/explain/text.ts'
import { plain } from '../src/paint.ts'
import { cleanUp, lvsm, startAgent, STATUS, without } from './agent.ts'

const NOW = Date.parse('2026-11-28T07:00:00.000Z')
const event = (more: Partial<HistoryEvent>): HistoryEvent => ({
  ...{
    at: '2026-11-28T06:00:00.000Z',
    node: 'dir1',
    group: 'web',
    kind: 'took',
    number: 42,
    reason: 'dir2 was silent',
  },
  ...more,
})
const AGENT = 'lvsm-agent 1.0 started (process 7)'
const EVENTS = [
  event({ at: '2026-11-28T05:59:59.000Z', node: 'dir2', kind: 'lost', number: 41, reason: 'no majority' }),
  event({}),
  event({ at: '2026-11-28T06:30:00.000Z', node: 'dir2', group: '', kind: 'started', number: 0, reason: AGENT }),
]
const [group] = STATUS.groups
const [service] = STATUS.services
const [rs1, rs2] = service!.realservers

function said(name: string, change: Partial<Status> = {}, kind: Kind | null = null, events = EVENTS): string {
  const status = without(change)
  return subjectsOf(status, name, kind)
    .map((subject) => explanationText(explain({ status, events }, subject), plain, NOW))
    .join('\n')
}

describe('an explanation', () => {
  it('of a group says who owns it since when and why, and who would take it', () => {
    expect(
      said('web'),
    ).toBe(`dir1 owns group web (10.11.0.10, 10.12.0.254), lease 42. Since 2026-11-28T06:00:00.000Z (1 h ago).
Why: dir1 holds the lease by 3 of 3 voters; it was taken because dir2 was silent.
→ dir2 takes it if dir1 dies, or after: lvsm switchover web dir2

EVIDENCE
  dir1  owner: owns web
  dir2  standby: ready for web
  dir1  2026-11-28T06:00:00.000Z web took (lease 42): dir2 was silent
  dir2  2026-11-28T05:59:59.000Z web lost (lease 41): no majority
`)
  })
  it('tells ages as all of lvsm does, and none where the clocks disagree', () => {
    const ages = ['06:59:00.400', '06:59:00.000', '07:00:00.000', '07:00:00.001'].map((time) =>
      agoText(`2026-11-28T${time}Z`, NOW),
    )
    expect(ages).toEqual([' (59 s ago)', ' (1 min ago)', ' (0 s ago)', ''])
  })
  it('says why nobody could take it', () => {
    const takers = [{ node: 'dir2', could: false, reason: 'this kernel has no IPVS' }]
    expect(said('web', { groups: [{ ...group!, takers }] })).toContain(
      '\n→ nobody could take web: dir2: this kernel has no IPVS\n',
    )
  })
  it('of a realserver that is no node says what its checks say, and that no agent does', () => {
    const old = { ...rs2!, node: 'old1', healthy: false as const, reason: 'connection refused' }
    const services = [{ ...service!, realservers: [rs1!, old] }]
    expect(said('old1', { services })).toMatch(
      /^old1 is a realserver, and no node of the cluster; in http it is failed, .*\(connection refused\)\.\n.*no agent runs there[^]*look at the server there[^]*lvsm recipe old1/,
    )
    // Of one that is a node its node tells.
    expect(said('rs1', { services })).not.toContain('no node of the cluster')
    expect(said('rs1', { services }, 'server')).toBe('')
  })
  it('of a node whose server failed says since when, and what shows why', () => {
    const failed = { ...rs1!, healthy: false as const, reason: 'no answer within 300 ms' }
    const services = [{ ...service!, realservers: [failed, rs2!] }]
    const at = '2026-11-28T06:59:00.000Z'
    const reason = 'rs1 (10.11.0.11:80) in service http: no answer within 300 ms'
    const text = said('rs1', { services }, null, [...EVENTS, event({ at, node: 'dir1', kind: 'failed', reason })])
    expect(text).toContain(`in http it is failed since ${at}, weight`)
    expect(text).toMatch(/\n→ in http it comes back by itself .*: lvsm check run http\/rs1 --explain\n/)
    expect(said('rs2', { services })).not.toContain('lvsm check run')
    const nowhere = { node: 'rs1', code: 'nobody-listens', severity: 'warning' as const, object: 'service http' }
    const troubles = [{ ...nowhere, message: 'no program listens', hint: 'start it' }]
    expect(said('rs1', { services, troubles })).toContain('\n→ rs1: no program listens: start it\n→ in ')
  })
  it('of a realserver that no service sends connections does not say that it serves', () => {
    const out = { ...rs1!, weight: 0, healthy: false as const, reason: 'no answer within 300 ms' }
    expect(said('rs1', { services: [{ ...service!, realservers: [out, rs2!] }] })).toMatch(
      /^rs1 \(.*\) is a realserver that gets no connections; in http it is failed/,
    )
    expect(said('rs1', { services: [{ ...service!, realservers: [out, rs2!] }] })).toMatch(
      /\nWhy: gets no connections: failed in http; says of itself: is set up to answer for 10\.11\.0\.10/,
    )
    expect(said('rs1')).toMatch(/^rs1 \(.*\) is serving as a realserver; in http/)
    // Since it failed, and not since its agent serves.
    const at = '2026-11-28T06:59:00.000Z'
    const failed = event({ at, node: 'dir1', kind: 'failed', reason: 'rs1 (10.11.0.11:80) in service http: no answer' })
    const services = [{ ...service!, realservers: [out, rs2!] }]
    expect(said('rs1', { services }, null, [...EVENTS, failed])).toContain(`Since ${at} (`)
    expect(said('rs1', { services })).not.toMatch(/^Since |\. Since /)
  })
  it('takes a realserver as lvsm check run does', () => {
    expect(said('http/rs1')).toBe(said('rs1'))
    expect(said('http/rs1', {}, 'node')).toBe(said('rs1'))
    for (const name of ['http/rs9', 'mail/rs1', 'http/rs1/rs1', 'http/']) expect(said(name)).toBe('')
  })
  it('of a node names its newest event by time, and what is over by its end alone, the newest first', () => {
    const own = (time: string, kind: string, reason: string, code = 'x'): HistoryEvent =>
      event({ at: `2026-11-28T06:${time}.000Z`, node: 'rs1', group: '', number: 0, kind, reason, code })
    const text = said('rs1', {}, null, [
      own('10:00', 'trouble', 'loses 40 % of it'),
      own('30:00', 'started', AGENT),
      // Found out later.
      own('20:00', 'over', 'over after 10 min: loses 45 % of it'),
      own('20:10', 'trouble', 'is full', 'y'),
    ])
    expect(text).toContain(`its last event: started, ${AGENT}.`)
    expect(text.slice(text.indexOf('2026-11-28T06:20:10'))).toBe(
      `2026-11-28T06:20:10.000Z trouble: is full
  rs1  2026-11-28T06:20:00.000Z over after 10 min: loses 45 % of it
  rs1  2026-11-28T06:30:00.000Z started: ${AGENT}
`,
    )
  })
  it('says of a trouble that is over that it is', () => {
    const past = { node: 'rs1', code: 'x', severity: 'critical' as const, message: 'it was so', pastMs: 40_000 }
    expect(said('rs1', { troubles: [past] })).toContain('  rs1  over: the last of it 40 s ago: it was so (x)')
  })
  it('of a group that nobody owns says who gave it up, and why nobody takes it', () => {
    const takers = [{ node: 'dir2', could: null, reason: 'its agent did not say' }]
    const lost = { ...group!, owner: null, state: 'nobody' as const, reason: 'no majority of the voters', takers }
    expect(said('web', { groups: [lost] })).toMatch(
      /^nobody owns group web \(.*\): it does not answer\. Since 2026-11-28T05:59:59.*\nWhy: no majority of the voters; it was lost because no majority\.\n→ whether dir2 could take it is not known: its agent did not say\n/,
    )
  })
  it('of a stopped group says how it comes back', () => {
    expect(said('web', { groups: [{ ...group!, owner: null, state: 'stopped', reason: 'stopped by ann' }] })).toMatch(
      /is stopped: nobody is to own it[^]*→ it is served again after: lvsm group enable web\n/,
    )
  })
  it('of a group says what is not known', () => {
    const unknown = { ...group!, owner: null, state: 'unknown' as const, reason: 'no director reports' }
    expect(said('web', { groups: [unknown] })).toMatch(/^who owns group web .* is not known here\./)
  })
  it('of a service names each realserver that takes nothing, why, and the way back', () => {
    const realservers = [
      { ...rs1!, weight: 0, healthy: false, reason: 'connection refused, 4 times' },
      { ...rs2!, weight: 0, state: 'drained' as const },
    ]
    const text = said('http', { services: [{ ...service!, realservers }] })
    expect(text).toMatch(
      /^service http \(tcp 10\.11\.0\.10:80\) is not served: 0 of 2 realservers take connections, through dir1\./,
    )
    expect(text).toContain('Why: rs1 fails its check (connection refused, 4 times); rs2 is drained.\n')
    expect(text).toContain('→ rs1 comes back by itself when its check succeeds')
    expect(text).toContain('→ rs2 comes back after: lvsm enable rs2\n')
  })
  it('of a realserver that failed on the way of clients says where to look: its own address may answer', () => {
    const reason = 'no answer within 300 ms, asked through IPVS to 10.11.0.10'
    const text = said('http', {
      services: [{ ...service!, realservers: [{ ...rs1!, weight: 0, healthy: false, reason }] }],
    })
    expect(text).toContain(`Why: rs1 fails its check (${reason}).\n`)
    expect(text).toMatch(/→ rs1 comes back .*alias, the tunnel and the firewall.* \(on rs1: lvsm doctor\)/)
  })
  it('of a service whose owner told nothing says that, and no number', () => {
    const text = said('http', { services: [{ ...service!, told: false }] })
    expect(text).toMatch(
      /^what dir1 serves of service http .* is not known here\..*\nWhy: dir1 did not tell its table;/,
    )
    expect(text).not.toMatch(/realservers take/)
  })
  it('of a service says where no check has spoken, and why somebody has no weight', () => {
    const of = (...realservers: Status['services'][number]['realservers']) =>
      said('http', { services: [{ ...service!, realservers }] })
    expect(of(rs1!, rs2!)).toContain('Why: all of them answer their checks.\n')
    expect(of(rs1!, { ...rs2!, healthy: null })).toContain('Why: not checked yet: rs2; rs1 answers its check.\n')
    expect(of(rs1!, { ...rs2!, weight: 0, configured: 0 })).toContain('lvsm server set rs2 service=http weight=1\n')
    expect(of(rs1!, { ...rs2!, weight: 0, configured: 2 })).toMatch(
      /→ rs2 takes connections as soon as [^]*lvsm status/,
    )
  })
  it('of a service of which nobody knows the owner does not say that it is not served', () => {
    const unknown = { ...group!, owner: null, state: 'unknown' as const, reason: 'no director reports' }
    expect(said('http', { groups: [unknown] })).toMatch(/^whether service http .* is served is not known: who owns /)
  })
  it('of a group says what is not known of who would be left without its owner', () => {
    const nodes = STATUS.nodes.map((one) => (one.name === 'rs1' ? { ...one, state: 'unknown' as const } : one))
    expect(said('web', { nodes })).toContain('→ not known: whether web survives dir1 (does rs1 vote?)\n')
  })
  it('of a service that nobody owns is that of its group', () => {
    const lost = { ...group!, owner: null, state: 'nobody' as const, reason: 'no majority' }
    expect(said('http', { groups: [lost] })).toMatch(/^service http .* is not served: nobody owns group web/)
  })
  it('of a node says what it does and serves, its last event, and the next step of what is wrong', () => {
    const troubles = [
      { node: 'dir2', severity: 'critical' as const, code: 'no-ipvs', message: 'no IPVS', hint: 'modprobe ip_vs' },
      { node: 'dir1', severity: 'critical' as const, code: 'other', message: 'of another node', hint: 'x' },
    ]
    const text = said('dir2', { troubles })
    expect(text).toMatch(
      /^dir2 \(director, votes\) is a standby director\. Since 2026-11-28T06:30:00\.000Z \(30 min ago\)\./,
    )
    expect(text).toContain('its last event: started, lvsm-agent 1.0 started')
    expect(text).toContain('→ dir2: no IPVS: modprobe ip_vs\n→ it takes web if dir1 fails\n')
    expect(text).toContain('  dir2  critical: no IPVS (no-ipvs)\n')
    expect(text).not.toContain('of another node')
    const lost = { ...group!, owner: null, state: 'nobody' as const }
    expect(said('dir2', { groups: [lost] })).toContain('→ it could take web\n')
    expect(said('rs1')).toContain('in http it is healthy, weight 1, 3 active connections (answers)')
  })
  it('of a node says since when it is what it is, and not when something else happened there', () => {
    const events = [...EVENTS, event({ at: '2026-11-28T06:59:00.000Z', kind: 'failed', reason: 'rs1 in service http' })]
    expect(said('dir1', {}, null, events)).toMatch(/^dir1 .* is owner of a group\. Since 2026-11-28T06:00:00\.000Z /)
    const of = (more: Partial<Status['nodes'][number]>) =>
      said(
        'dir1',
        { nodes: STATUS.nodes.map((one) => (one.name === 'dir1' ? { ...one, ...more } : one)) },
        null,
        events,
      )
    expect(of({ state: 'dead', agent: false })).not.toContain('since')
    const local = { standby: true, author: 'bob', since: Date.parse('2026-11-28T06:50:00.000Z') }
    expect(of({ state: 'maintenance', standby: true, words: { shared: null, local, holds: 'local' } })).toMatch(
      /^dir1 .* is under maintenance: it takes nothing over\. Since 2026-11-28T06:50:00\.000Z \(10 min ago\)\./,
    )
  })
  it('of a dead one says so, and with what to go on', () => {
    const nodes = STATUS.nodes.map((one) =>
      one.name === 'rs1'
        ? { ...one, state: 'dead' as const, agent: false, reason: 'dir1 does not hear it', ageMs: 9000 }
        : one,
    )
    expect(said('rs1', { nodes }, null, [])).toMatch(
      /^rs1 \(realserver, votes\) is dead, and its agent is not heard, last heard 9 s ago;[^]*→ on rs1, where the machine runs [^]*systemctl restart lvsm-lease[^]*start it; if it never comes back: lvsm node remove rs1\n/,
    )
  })
  it('is of everything that has the name, or of one kind', () => {
    const services = [{ ...service!, name: 'web' }]
    expect(said('web', { services }).match(/EVIDENCE/g)).toHaveLength(2)
    expect(said('web', { services }, 'service').match(/EVIDENCE/g)).toHaveLength(1)
  })
})

/** A third director, before or after dir2. */
const third = (name: string): Partial<Status> => ({
  nodes: [...STATUS.nodes, { ...STATUS.nodes[1]!, name, voter: false }],
  groups: [
    {
      ...group!,
      directors: ['dir1', 'dir2', name],
      pings: [],
      takers: [
        { node: 'dir2', could: true, reason: '', voters: 2 },
        { node: name, could: true, reason: '', voters: 2 },
      ],
    },
  ],
})

describe('who is next', () => {
  it('is one of those that are ready: of the others who comes before them', () => {
    expect(said('dir2', third('dir3'))).toContain('→ it takes web if dir1 fails\n')
    expect(said('dir3', third('dir3'))).toContain(
      '→ it takes web after: lvsm switchover web dir3; if dir1 fails, dir2 comes before it\n',
    )
  })
  it('is nobody where too few voters would be left, and not known where their votes are not', () => {
    const lost = STATUS.nodes.map((one) =>
      one.name === 'rs1' ? { ...one, state: 'dead' as const, agent: false } : one,
    )
    expect(said('dir2', { nodes: lost })).toMatch(/→ it takes web after: [^;]*; if dir1 fails, not, or nobody knows: /)
    expect(said('dir2', { nodes: lost })).not.toContain('takes web if dir1 fails')
  })
})

describe('since when', () => {
  const failed = (more: Partial<HistoryEvent>): HistoryEvent =>
    event({
      ...{
        at: '2026-11-28T06:40:00.000Z',
        kind: 'failed',
        number: 0,
        reason: 'rs1 (10.11.0.11:80) in service http: refused',
      },
      ...more,
    })
  const out = (...realservers: Status['services'][number]['realservers']) => ({
    services: [{ ...service!, realservers }],
  })
  const dead = (one: Status['services'][number]['realservers'][number]) => ({ ...one, weight: 0, healthy: false })
  it('a service is not served: since the last of its realservers failed, and not since its group moved', () => {
    const events = [
      ...EVENTS,
      failed({ at: '2026-11-28T06:41:00.000Z' }),
      failed({ at: '2026-11-28T06:42:00.000Z', reason: 'rs2 (10.11.0.12:80) in service http: refused' }),
      failed({ at: '2026-11-28T06:50:00.000Z', reason: 'rs1 (10.11.0.11:25) in service smtp: refused' }),
      failed({ at: '2026-11-28T06:51:00.000Z', node: 'dir2' }),
    ]
    const change = out(dead(rs1!), dead(rs2!))
    expect(said('http', change, null, events)).toMatch(/^service http .* is not served: .* Since 2026-11-28T06:42:00/)
  })
  it('it is served by fewer: since one failed, or another came back', () => {
    const change = out(dead(rs1!), rs2!)
    const events = [...EVENTS, failed({})]
    expect(said('http', change, null, events)).toMatch(/^service http .* is served: .* Since 2026-11-28T06:40:00/)
    const back = failed({
      ...{
        at: '2026-11-28T06:45:00.000Z',
        kind: 'recovered',
        reason: 'rs2 (10.11.0.12:80) in service http: connected',
      },
    })
    expect(said('http', change, null, [...events, back])).toMatch(/ Since 2026-11-28T06:45:00/)
  })
  it('who took it later serves since then', () => {
    const events = [failed({ at: '2026-11-28T05:00:00.000Z' }), ...EVENTS]
    expect(said('http', out(dead(rs1!), rs2!), null, events)).toMatch(/ Since 2026-11-28T06:00:00/)
  })
  it('nobody remembers: nothing is said', () => {
    expect(said('http', out(dead(rs1!), rs2!))).not.toContain('. Since ')
    expect(said('http', out(rs1!, { ...rs2!, weight: 0, configured: 2 }))).not.toContain('. Since ')
  })
  it('nothing that merely happened on a node begins what it does', () => {
    const note = (kind: string, reason: string) =>
      event({ at: '2026-11-28T06:50:00.000Z', node: 'dir2', group: '', kind, number: 0, reason })
    for (const one of [note('note', 'rejoined'), note('started', 'lvsm-coordinator 1.0 started'), note('trouble', 'x')])
      expect(said('dir2', {}, null, [...EVENTS, one])).toMatch(/^dir2 .* Since 2026-11-28T06:30:00/)
    expect(said('dir2', {}, null, [...EVENTS, note('standby', 'dir2 is no longer under maintenance')])).toMatch(
      /^dir2 .* Since 2026-11-28T06:50/,
    )
  })
  it('an agent that was restarted begins nothing; a trouble begins it, and its end', () => {
    const at = '2026-11-28T06:50:00.000Z'
    const reason = 'lvsm-agent 1.0 started (process 9); the one before it ended: by a signal'
    const note = { at, group: '', number: 0, reason }
    const again = event({ ...note, node: 'dir2', kind: 'started' })
    expect(said('dir2', {}, null, [...EVENTS, again])).toMatch(/^dir2 .* Since 2026-11-28T06:30:00/)
    expect(said('rs1', {}, null, [event({ ...note, node: 'rs1', kind: 'started' })])).not.toContain('. Since ')
    const over = event({ ...note, node: 'rs1', kind: 'over', code: 'no-ipvs', reason: 'over after 9 s: no IPVS' })
    expect(said('rs1', {}, null, [over])).toMatch(/^rs1 .* Since 2026-11-28T06:50/)
    const troubles = [{ node: 'rs1', severity: 'critical' as const, code: 'no-ipvs', message: 'no IPVS', since: at }]
    const nodes = STATUS.nodes.map((one) =>
      one.name === 'rs1' ? { ...one, state: 'troubled' as const, reason: 'no IPVS' } : one,
    )
    expect(said('rs1', { nodes, troubles }, null, [])).toMatch(/^rs1 .* Since 2026-11-28T06:50/)
  })
  it('what others say of a node that cannot say it itself is told of it', () => {
    const message = 'lvsm-agent of dir2 is not at work: it does not start'
    const one = { severity: 'critical' as const, code: 'agent-silent', object: 'node dir2', message, hint: 'start it' }
    const troubles = ['dir1', 'rs1'].map((by) => ({ ...one, node: by }))
    const text = said('dir2', { troubles })
    expect(text).toContain(`→ dir1, rs1: ${message}: start it\n`)
    expect(text.match(/agent-silent/g)).toHaveLength(1)
  })
  it('of a group that was given up is that of giving up', () => {
    const lost = { ...group!, owner: null, state: 'nobody' as const, reason: 'no majority', takers: [] }
    const events = [...EVENTS, event({ at: '2026-11-28T06:20:00.000Z', kind: 'gave-up', reason: 'eth0 is down' })]
    expect(said('web', { groups: [lost] }, null, events)).toMatch(
      /Since 2026-11-28T06:20:00[^]*it was given up because eth0 is down/,
    )
  })
})

describe('where no coordinator keeps the configuration', () => {
  it('the file is what is changed', () => {
    const idle = [{ ...service!, realservers: [rs1!, { ...rs2!, weight: 0, configured: 0 }] }]
    expect(said('http', { coordinators: false, services: idle })).toMatch(
      /weight: 1 for rs2 in service http in the configuration file of every node, and reload it/,
    )
    const nodes = STATUS.nodes.map((one) =>
      one.name === 'rs1' ? { ...one, state: 'dead' as const, agent: false } : one,
    )
    expect(said('rs1', { coordinators: false, nodes }, 'node')).not.toMatch(/lvsm node/)
  })
})

describe('lvsm explain', () => {
  afterEach(cleanUp)
  it('asks an agent, and refuses a name that nothing has, with those that there are', async () => {
    const { socketPath } = await startAgent(({ path }) => ({
      body: path.includes('events') ? { events: EVENTS } : STATUS,
    }))
    const [table, json, wrong] = await Promise.all([
      lvsm(['--socket', socketPath, 'explain', 'web']),
      lvsm(['--socket', socketPath, 'explain', 'web', '-o', 'json']),
      lvsm(['--socket', socketPath, 'explain', 'wbe']),
    ])
    expect([table.code, table.out]).toEqual([0, expect.stringMatching(/^dir1 owns group web /)])
    expect(JSON.parse(json.out)).toMatchObject([{ kind: 'group', name: 'web', since: '2026-11-28T06:00:00.000Z' }])
    expect([wrong.code, wrong.err]).toEqual([
      1,
      expect.stringMatching(/there is no .* wbe[^]*→ there are: web, http, dir1/),
    ])
  })
})
