/** Why a realserver does not serve: what explains what its check found, and nothing else. */
import { expect, test } from 'vitest'
import { asServiceSays, ITS_AGENT_SAYS, NO_HOST, NO_ROUTE, NOR_TO_ARP, REFUSED } from '../silence.ts'
import { withoutEchoes } from '../troubles/echoes.ts'
import { serversOf } from '../unsaid/servers.ts'
import { causeOf } from './causes.ts'
import { head, nodes, server, service, status, trouble } from './fixture.ts'
import type { NodeTrouble, RealserverReport, Status } from './status.ts'

const SILENT = 'no answer within 1000 ms'
const DEAD_NODE = { nodes: nodes('rs1', { state: 'dead' }) }
const of = (troubles: readonly NodeTrouble[], reason: string, more: object = {}): [Status, RealserverReport] => {
  const one = server('rs1', { healthy: false, weight: 0, reason })
  return [status({ troubles, services: [service({ realservers: [one, server('rs2')] })], ...more }), one]
}
const causeIn = ([all, one]: [Status, RealserverReport]): string | null => causeOf(all, service(), one)?.of ?? null
const rule = (at: string, does: string, words: string): NodeTrouble =>
  trouble('critical', at, `a rule of chain inet site in of ${at} ${does} ${words} tcp port 80`, 'drop-rule')
const ARRIVING = 'what comes for the servers of http here: all that is'
const ANSWERING = 'what the servers of http here answer: all that is'
const onService = (at: string, code: string, message = 'a thing'): NodeTrouble => ({
  ...trouble('critical', at, message, code),
  object: 'service http',
})
const WAYLESS = trouble(
  'critical',
  'dir1',
  'the kernel of dir1 has no way to 10.11.0.20 (rs1): rule 90 prohibits it',
  'no-way',
)

const noWayTo = (name: string): NodeTrouble =>
  trouble(
    'warning',
    'rs1',
    `the kernel of rs1 has no way to 10.12.0.9 (${name}): route blackhole 10.12.0.9`,
    'link-no-way',
  )

test('another machine that has its address too explains whatever its check found, and that its node is not heard there', () => {
  const taken = (node: string, address: string) => ({
    ...trouble(
      'critical',
      node,
      `02:00:00:00:00:64 answers for ${address} too, which is this node's own address on outside`,
    ),
    ...{ code: 'duplicate-address', object: `address ${address}` },
  })
  const { address } = server('rs1')
  for (const reason of [SILENT, REFUSED, 'answers 503, and not 200']) {
    expect(causeIn(of([taken('rs1', address)], reason))).toBe('server')
    expect(causeIn(of([taken('rs1', '10.9.9.9')], reason))).toBeNull()
    expect(causeIn(of([taken('rs2', address)], reason))).toBeNull()
  }
  const silent: NodeTrouble = {
    ...trouble('warning', 'rs1', 'over the heartbeat link outside nothing comes from dir1, dir2, but over another one'),
    ...{ code: 'link-silent', object: 'link outside' },
    evidence: `rs1 listens there at ${address}, UDP port 6940; whether the other direction works, the others say`,
  }
  expect(withoutEchoes([taken('rs1', address), silent])).toHaveLength(1)
  for (const other of [taken('rs1', '10.9.9.9'), taken('rs2', address), { ...taken('rs1', address), pastMs: 1 }])
    expect(withoutEchoes([other, silent])).toHaveLength(2)
})

test.each([
  ['silent', SILENT, 'node'],
  ['silent, and to ARP, too', `${SILENT}: ${NOR_TO_ARP}: no machine there had that address`, 'node'],
  ['no way there', NO_HOST, 'node'],
  ['of a datagram', `no answer, and the host is not there: ${NO_HOST}`, 'node'],
  ['an answer', 'answers 503, and not 200', null],
  ['a refusal', REFUSED, null],
  ['a connection', 'accepts connections, but does not answer the request within 1000 ms', null],
  ['silent, as another service finds', `${asServiceSays('mail')}${NO_HOST}`, 'node'],
  ['its agent', `${ITS_AGENT_SAYS}listens there (its check: connected)`, null],
])(
  'a node that is dead by heartbeats explains what is silent, for what answers is on a machine that lives: %s',
  (_, reason, is) => {
    expect(causeIn(of([], reason, DEAD_NODE))).toBe(is)
  },
)
test('one that an operator drained is not out because its node is dead', () => {
  const drained = server('rs1', { weight: 0, reason: SILENT, healthy: true })
  expect(causeOf(status(DEAD_NODE), service(), drained)).toBeNull()
})
test('the head says what a machine answers whose heartbeats are gone', () => {
  const [all] = of([], 'answers 503, and not 200', DEAD_NODE)
  expect(head(all)).toContain('http: rs1 failed (answers 503, and not 200) |')
  expect(serversOf(all, []).map(({ code }) => code)).toEqual(['server-failed'])
})

test.each<[string, NodeTrouble, Record<string, string | null>]>([
  [
    'no way to who asks',
    noWayTo('dir1'),
    { [SILENT]: 'server', [NO_HOST]: 'server', [REFUSED]: null, 'HTTP 500': null },
  ],
  ['no way to another one', noWayTo('dir2'), { [SILENT]: null }],
  ['a rule that drops', rule('rs1', 'drops', ARRIVING), { [SILENT]: 'server', [REFUSED]: null, 'HTTP 500': null }],
  [
    'a rule that refuses',
    rule('rs1', 'refuses', ARRIVING),
    { [SILENT]: null, [REFUSED]: 'server', [NO_HOST]: 'server', 'HTTP 500': null },
  ],
  ['one that drops the answers', rule('rs1', 'drops', ANSWERING), { [SILENT]: 'server', 'HTTP 500': null }],
  ['one against the owner', rule('rs1', 'drops', `${ARRIVING} from 10.11.0.1 (dir1)`), { [SILENT]: 'server' }],
  ['one against another director', rule('rs1', 'drops', `${ARRIVING} from 10.11.0.2 (dir2)`), { [SILENT]: null }],
  ['one against answers to it', rule('rs1', 'drops', `${ANSWERING} to 10.11.0.2 (dir2)`), { [SILENT]: null }],
  [
    'no way there',
    WAYLESS,
    { [NO_ROUTE]: 'way', [SILENT]: 'way', [REFUSED]: null, 'HTTP 500': null, 'connection reset': null },
  ],
  ['nobody listens', onService('rs1', 'nobody-listens'), { [REFUSED]: 'server', [SILENT]: null, 'HTTP 500': null }],
  [
    'nobody accepts',
    onService('rs1', 'accepts-nobody'),
    {
      [SILENT]: 'server',
      [`${ITS_AGENT_SAYS}accepts: 129 connections wait, and 128 may (its check: connected)`]: 'server',
      'HTTP 500': null,
    },
  ],
  [
    'a stopped process',
    onService('rs1', 'stopped-process'),
    {
      'accepts connections, but does not answer the request within 1000 ms': 'server',
      [REFUSED]: null,
      'HTTP 500': null,
    },
  ],
])('%s explains what it makes of a check', (_, one, found) => {
  for (const [reason, is] of Object.entries(found)) expect([reason, causeIn(of([one], reason))]).toEqual([reason, is])
})
test('the head and the list say the answer, and not a rule that leaves the owner alone', () => {
  const [all] = of([rule('rs1', 'drops', `${ARRIVING} from 10.11.0.2 (dir2)`)], 'HTTP 500')
  expect(head(all)).toContain('http: rs1 failed (HTTP 500);')
  expect(serversOf(all, []).map(({ message }) => message)).toEqual(['http: rs1 failed (HTTP 500)'])
})

const FLAPS = 'realserver rs1 of service http fails again and again, and is held out for a while'
const flaps = (at: string): NodeTrouble => ({ ...onService(at, 'flapping', FLAPS), severity: 'warning' })
test('one that fails again and again is said with what its check says', () => {
  const [all] = of([flaps('dir1')], 'HTTP 500')
  expect(head(all)).toContain('http: rs1 failed (HTTP 500)')
  expect(serversOf(all, [])).toEqual([])
  expect(serversOf(of([flaps('dir2')], 'HTTP 500')[0], [])).toHaveLength(1)
})
test('where nobody serves the head says what the check says, and the list as critical', () => {
  const one = server('rs1', { healthy: false, weight: 0, reason: REFUSED })
  const alone = [service({ realservers: [one] })]
  const held = status({ troubles: [flaps('dir1')], services: alone })
  expect(head(held)).toContain(`http: none of 1 realservers takes connections (rs1: ${REFUSED})`)
  const listens: NodeTrouble = { ...onService('rs1', 'nobody-listens', 'no program listens'), severity: 'warning' }
  for (const all of [held, status({ troubles: [listens], services: alone })])
    expect(serversOf(all, []).map(({ code, severity }) => [code, severity])).toEqual([['service-unserved', 'critical']])
})

test('of many causes the first are said, and how many more there are', () => {
  const names = Array.from({ length: 40 }, (_, at) => `w${at + 1}`)
  const troubles = names.map((name) => onService(name, 'nobody-listens', `no program listens on ${name}`))
  const out = names.map((name) => server(name, { healthy: false, weight: 0, reason: REFUSED }))
  const first = names.slice(0, 4).map((name) => `no program listens on ${name}`)
  expect(head(status({ troubles, services: [service({ realservers: out })] }))).toContain(
    `http: ${first.join('; ')} and 36 more |`,
  )
  const some = head(status({ troubles, services: [service({ realservers: [...out, server('rs1')] })] }))
  expect(some).toMatch(/, w8 failed \(no program listens on w8\) and 32 more \|/)
})
