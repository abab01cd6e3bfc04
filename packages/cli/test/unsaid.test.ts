/** What no trouble says has an entry all the same, one for each cause, with since when and the next step. */
import {
  type HistoryEvent,
  type NodeReport,
  type RealserverReport,
  type ServiceReport,
  type Status,
  unsaid,
} from '@lvsm/protocol'
import { afterEach, expect, test } from 'vitest'
import { plain } from '../src/paint.ts'
import { statusText } from '../src/status-text.ts'
import { cleanUp, lvsm, startAgent, STATUS, without } from './agent.ts'

afterEach(cleanUp)

const [HTTP] = STATUS.services as [ServiceReport]
const [RS1] = HTTP.realservers as [RealserverReport]
const server = (node: string, more: Partial<RealserverReport> = {}): RealserverReport => ({ ...RS1, node, ...more })
const down = (node: string, more: Partial<RealserverReport> = {}): RealserverReport =>
  server(node, { weight: 0, healthy: false, reason: 'connection refused', ...more })
const SILENT = 'no answer within 1000 ms'
const silent = (node: string, more: Partial<RealserverReport> = {}): RealserverReport =>
  down(node, { reason: SILENT, ...more })
const service = (name: string, ...realservers: readonly RealserverReport[]): ServiceReport => ({
  ...HTTP,
  name,
  realservers,
})
const having = (services: readonly ServiceReport[], more: Partial<Status> = {}): Status =>
  without({ services, ...more })
const said = (status: Status, events: readonly HistoryEvent[] = []): string[] =>
  unsaid(status, events).map(({ severity, code, message }) => `${severity} ${code}: ${message}`)
const dead = (name: string, more: Partial<NodeReport> = {}): NodeReport[] =>
  STATUS.nodes.map((one) =>
    one.name === name ? { ...one, state: 'dead', reason: 'silent for 4.1 s', agent: false, ...more } : one,
  )
const failed = (at: string, node: string, of = 'http'): HistoryEvent => ({
  ...{ at, node: 'dir1', group: 'web', kind: 'failed', number: 0 },
  reason: `${node} (10.11.0.11:80) in service ${of}: connection refused`,
})

test('where all is well nothing is added', () => expect(unsaid(STATUS, [])).toEqual([]))

test('a realserver that fails has its check, since when, and what to run', () => {
  const events = [failed('2026-10-27T08:00:00.000Z', 'rs1'), failed('2026-10-27T09:00:00.000Z', 'rs1')]
  const text = statusText(having([service('http', down('rs1'), server('rs2'))]), plain, [], events)
  expect(text.slice(text.indexOf('TROUBLES'), text.indexOf('\n\nDROPPED'))).toBe(
    [
      'TROUBLES',
      '  warning  dir1: http: rs1 failed (connection refused) (server-failed; since 2026-10-27 09:00:00Z)',
      '    so: the others carry their load; http is 10.11.0.10 port 80: 1 of 2 realservers takes connections',
      '    → on rs1: does its server run (ss -ltnp)? else start it; lvsm check run http/rs1 --explain: what it is asked, and answers; lvsm explain node rs1',
    ].join('\n'),
  )
})

test('one that is no node of the cluster is explained as a server', () => {
  const [entry] = unsaid(having([service('http', server('rs1'), down('rs9'))]), [])
  expect(entry?.hint).toMatch(/; lvsm explain server rs9$/)
})

test('where nothing comes back, and its agent says nothing of it, the machine is looked at', () => {
  const [entry] = unsaid(having([service('http', silent('rs1'), server('rs2'))]), [])
  expect(entry?.hint).toMatch(/--explain: what it is asked, and answers; on rs1: lvsm doctor; lvsm explain node rs1$/)
  const harm = { node: 'rs1', code: 'qdisc-harm', severity: 'critical' as const, message: 'loses 40 %' }
  const [known] = unsaid(having([service('http', silent('rs1'), server('rs2'))], { troubles: [harm] }), [])
  expect(known?.hint).toMatch(/^first what rs1 says of itself \(qdisc-harm\); lvsm check run/)
  const [outside] = unsaid(having([service('http', server('rs1'), silent('rs9'))]), [])
  expect(outside?.hint, 'lvsm may not be there').not.toContain('doctor')
})

test('one cause is one entry: of several services, and of several realservers with one reason', () => {
  const both = [
    service('http', down('rs1'), down('rs2'), server('rs3')),
    service('https', down('rs1'), down('rs2'), down('rs3', { reason: 'no answer within 1 s' }), server('rs4')),
  ]
  expect(said(having(both))).toEqual([
    'warning server-failed: http, https: rs1, rs2 failed (connection refused)',
    'warning server-failed: https: rs3 failed (no answer within 1 s)',
  ])
  const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => down(name))
  expect(said(having([service('http', server('rs1'), ...many)]))).toEqual([
    'warning server-failed: http: a, b, c, d and 2 more failed (connection refused)',
  ])
})

test('what is measured of each makes no entries of its own', () => {
  const slow = (node: string, after: string) =>
    down(node, { reason: `no answer within 1000 ms: a second question was answered after ${after}: a slow way` })
  const all = [service('http', slow('rs1', '1.4 s'), slow('rs2', '700 ms'), server('rs3'))]
  expect(said(having(all))).toEqual([
    'warning server-failed: http: rs1, rs2 failed (no answer within 1000 ms: a second question was answered after 1.4 s: a slow way; the others alike)',
  ])
})

test.each(['accepts-nobody', 'accepts-some', 'stopped-process'])(
  'what %s says of a server is said by that alone',
  (code) => {
    const told = { node: 'rs1', code, severity: 'critical' as const, object: 'service http', message: 'it hangs' }
    expect(said(having([service('http', silent('rs1'), server('rs2'))], { troubles: [told] }))).toEqual([])
  },
)

test('a server that a packet filter of its own node keeps from everybody is one entry, and so is a service whose clients the owner drops', () => {
  const by = (node: string, what: string) => ({
    ...{ node, code: 'drop-rule', severity: 'critical' as const, object: 'chain inet site in handle 4' },
    message: `a rule of chain inet site in of ${node} drops ${what}: all that is tcp port 80`,
  })
  const services = [service('http', silent('rs1'), server('rs2'))]
  expect(said(having(services, { troubles: [by('rs1', 'what comes for the servers of http here')] }))).toEqual([])
  expect(said(having(services, { troubles: [by('rs2', 'what comes for the servers of http here')] }))).toHaveLength(1)
  const all = [service('http', server('rs1'), server('rs2'))]
  expect(said(having(all, { troubles: [by('dir1', 'what clients of http send')] }))).toEqual([])
})

test('a realserver that the owner has no way to is said by that alone; not where nobody serves, nor of another node', () => {
  const way = (node: string) => ({
    ...{ node, code: 'no-way', severity: 'critical' as const, object: 'address 10.11.0.11', hint: '' },
    message: `the kernel of ${node} has no way to 10.11.0.11 (rs1), 10.11.0.12 (rs2): rule 90 prohibits it`,
  })
  const owner = STATUS.groups[0]?.owner ?? ''
  const services = [service('http', silent('rs2'), server('rs3'))]
  expect(said(having(services, { troubles: [way(owner)] }))).toEqual([])
  expect(said(having(services, { troubles: [way('rs3')] }))).toHaveLength(1)
  expect(said(having([service('http', silent('rs2'))], { troubles: [way(owner)] }))).toHaveLength(1)
})

test('realservers whose checks fail for a packet filter of the owner are said by that rule alone, where none serves too', () => {
  const owner = STATUS.groups[0]?.owner ?? ''
  const by = (node: string, what: string, all = 'tcp', does = 'drops') => ({
    ...{ node, code: 'drop-rule', severity: 'critical' as const, object: 'chain inet site in handle 4' },
    message: `a rule of chain inet site in of ${node} ${does} ${what}: all that is ${all}`,
  })
  const [one, all] = [
    [service('http', down('rs1', { reason: SILENT }), server('rs2'))],
    [service('http', down('rs1', { reason: SILENT }), down('rs2', { reason: SILENT }))],
  ]
  for (const what of ['what goes to realservers of http', 'what realservers of dns, http answer'])
    for (const services of [one, all]) expect(said(having(services, { troubles: [by(owner, what)] })), what).toEqual([])
  for (const trouble of [
    by('rs2', 'what goes to realservers of http'),
    by(owner, 'what goes to realservers of dns'),
    by(owner, 'what goes to realservers of http', 'to 10.11.0.12 (rs2) tcp'),
    // Who refuses answers.
    by(owner, 'what goes to realservers of http', 'tcp', 'refuses'),
  ])
    expect(said(having(one, { troubles: [trouble] })), trouble.message).toHaveLength(1)
  const refused = [service('http', down('rs1'), server('rs2'))]
  expect(said(having(refused, { troubles: [by(owner, 'what goes to realservers of http')] }))).toHaveLength(1)
  const refusing = by(owner, 'what goes to realservers of http', 'to 10.11.0.11 (rs1) tcp', 'refuses')
  expect(said(having(refused, { troubles: [refusing] }))).toEqual([])
})

test('nobody carries the load where none serves, one is kept, or a backup alone fails', () => {
  const of = (...realservers: RealserverReport[]) =>
    unsaid(having([service('http', ...realservers)]), []).map(({ code, severity, means }) => [severity, code, means])
  expect(of(down('rs1'))).toEqual([['critical', 'service-unserved', undefined]])
  expect(of(down('rs1', { weight: 1 }))).toEqual([['critical', 'service-doubtful', undefined]])
  expect(of(down('rs1', { weight: 1 }), server('rs2'))).toEqual([
    ['warning', 'server-failed', 'it is kept all the same, and clients are still sent to it'],
  ])
  expect(of(down('rs1', { backup: true }), server('rs2'))).toEqual([
    ['warning', 'server-failed', 'it could not stand in if the others failed'],
  ])
})

test('what operators took out is no trouble, and what nobody knows is told as that', () => {
  expect(said(having([service('http', down('rs1', { state: 'drained' }), server('rs2'))]))).toEqual([])
  expect(said(having([{ ...service('http', down('rs1'), server('rs2')), told: false }]))).toEqual([
    'info not-known: not known: the table of http (dir1 did not tell it)',
  ])
})

test('a dead node is one entry, with what it served, by its role', () => {
  const [entry, ...more] = unsaid(having([service('http', silent('rs1'), server('rs2'))], { nodes: dead('rs1') }), [])
  expect(more).toEqual([])
  expect(entry).toMatchObject({
    severity: 'critical',
    message: 'node rs1 is dead: nothing is heard from it over any link (silent for 4.1 s)',
    means: 'without its vote, one more voter lost costs the majority',
    hint: expect.stringMatching(
      /^on rs1, where the machine runs .*: lvsm status says what it finds itself .*; systemctl status lvsm-lease; one that hangs /,
    ),
  })
  const kept = unsaid(
    having([service('http', silent('rs1', { weight: 1 }), server('rs2'))], { nodes: dead('rs1', { voter: false }) }),
    [],
  )
  expect(kept[0]?.means).toBe('clients of http may still be sent to it')
  const [director] = unsaid(without({ nodes: dead('dir2', { ageMs: 9000 }) }), [])
  expect(director).toMatchObject({
    message:
      'node dir2 is dead: nothing is heard from it over any link (silent for 4.1 s; its agent was heard last 9 s ago)',
    means: 'it can take no group over; without its vote, one more voter lost costs the majority',
  })
})

test('what a dead node costs is true of that node, and of the voters that are left', () => {
  const nodes = (...more: readonly Partial<NodeReport>[]): NodeReport[] => {
    const [, , third] = STATUS.nodes
    if (!third) throw new Error('the status has three nodes')
    return [...dead('rs1', { roles: ['realserver'] }), ...more.map((one, at) => ({ ...third, name: `w${at}`, ...one }))]
  }
  const costs = (all: readonly NodeReport[]) => {
    const text = statusText(having([service('http', server('rs2'))], { nodes: all }), plain, [], [])
    return /rs1 is dead.*\n {4}so: (.*)/.exec(text)?.[1]
  }
  const plainly = dead('rs1', { roles: ['realserver'], voter: false })
  expect(costs(plainly)).toMatch(/^the cluster decides without it as before, for it neither directs nor votes;/)
  expect(costs(nodes({ voter: true }, { voter: true }))).toBe(
    'its vote is lost; whether its servers answer, their checks say',
  )
  expect(costs(nodes({ voter: true }, { voter: true, state: 'dead' }))).toBe(
    'without its vote, one more voter lost costs the majority',
  )
  expect(costs(nodes({ voter: true, state: 'dead' }, { voter: true, state: 'dead' }))).toBe(
    'its vote is lost: 2 of 5 voters are left, and 3 must agree',
  )
})

test('a dead node whose server answers its checks may be one whose lease process hangs', () => {
  const [entry] = unsaid(without({ nodes: dead('rs1') }), [])
  expect(entry?.evidence).toBe(
    'its server answers the checks of http: the machine may run, and lvsm-lease there be silent',
  )
})

test('a group without an owner, and a service without realservers, have their next step', () => {
  const nobody = STATUS.groups.map((one) => ({ ...one, owner: null, state: 'nobody' as const, reason: 'no majority' }))
  expect(unsaid(without({ groups: nobody }), [])).toMatchObject([
    { code: 'group-unowned', hint: 'lvsm explain group web: why no director could take it' },
  ])
  expect(unsaid(having([service('http')]), [])).toMatchObject([
    { code: 'service-unserved', message: 'http has no realserver', hint: 'lvsm explain service http' },
  ])
})

test('the command asks for the events, and says since when', async () => {
  const status = having([service('http', down('rs1'), server('rs2'))])
  const events = [failed('2026-10-27T08:00:00.000Z', 'rs1')]
  const { socketPath } = await startAgent(({ path }) => ({ body: path.startsWith('/v1/events') ? { events } : status }))
  const { out } = await lvsm(['--socket', socketPath, 'status'])
  expect(out).toContain('(server-failed; since 2026-10-27 08:00:00Z)')
})
