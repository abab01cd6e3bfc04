/** What is served, and who serves: by what a verdict is made of, by what the kernel does, and not by what one node says of another. */
import { expect, test } from 'vitest'
import { head, nodes, server, service, status, trouble } from './fixture.ts'
import { PROHIBITED } from '../silence.ts'
import { isOfNode } from '../troubles/kind.ts'
import { troubleKind } from '../troubles/table.ts'
import type { Status } from './status.ts'
import { judge } from './verdict.ts'

const serving = (...realservers: object[]): Status => status({ services: [service({ realservers })] })
const full = { upper: 100, active: 60, inactive: 40 }
const openings = (code: string, of: string, words: string): Status =>
  status({
    troubles: [{ ...trouble('critical', of, words, code), object: 'service http', evidence: 'rs1: 5 connections' }],
  })
const DEAD = 'no new connection of service http at rs1 (10.11.0.20:80) gets further than its first packet'
const UNOPENED = 'no new connection of service http gets further than its first packet, at any of its realservers'
const UNANSWERED = {
  ...trouble(
    'critical',
    'rs1',
    'the kernel of rs1 has no way to 192.0.2.7, a client of http: no route leads there',
    'no-way',
  ),
  evidence: 'answers of http to 192.0.2.7 are lost; ip route get 192.0.2.7 from 10.11.0.10: ENETUNREACH',
}
const FILTERED = trouble(
  'critical',
  'dir1',
  'a rule of chain inet site in of dir1 drops what clients of dns, http send: all that is to 10.11.0.10',
  'drop-rule',
)
const SILENT = { healthy: false, weight: 0, reason: 'no answer within 1000 ms' }
const ruleOf = (of: string, words: string) =>
  trouble('critical', of, `a rule of chain inet site in of ${of} drops ${words}`, 'drop-rule')
const KEPT_IN = ruleOf('dir1', 'what goes to realservers of http: all that is tcp port 80')
const KEPT_OUT = ruleOf('rs1', 'what comes for the servers of http here: all that is tcp port 80')
const WAYLESS = trouble(
  'critical',
  'dir1',
  'the kernel of dir1 has no way to 10.11.0.20 (rs1): rule 90 prohibits it',
  'no-way',
)
const LISTENS = {
  ...trouble('warning', 'rs1', 'no program listens on rs1 at 10.11.0.20:80', 'nobody-listens'),
  object: 'service http',
}
const without = (troubles: Status['troubles'], ...realservers: object[]): Status => ({
  ...serving(...realservers),
  troubles,
})
const DOUBT = 'all checks fail, and its realservers are kept, so that nobody knows whether it is served'
const REFUSED = { healthy: false, reason: 'connection refused' }
const FAILED = { healthy: false, reason: 'HTTP 404; kept', kept: 'last' }

test.each<[string, Status, string, boolean | null | undefined]>([
  ['all answer', serving(server('rs1'), server('rs2')), 'healthy', true],
  [
    'every check fails, and all are kept: clients may be served',
    serving(server('rs1', FAILED), server('rs2', FAILED)),
    'degraded | unserving: http: all checks fail, and its realservers are kept, so that nobody knows whether it is served: rs1 failed (HTTP 404; kept), rs2 failed (HTTP 404; kept)',
    null,
  ],
  [
    'one of two fails, and is kept by the cap',
    serving(server('rs1'), server('rs2', { ...FAILED, kept: 'cap' })),
    'degraded | unserving: http: rs2 failed (HTTP 404; kept)',
    true,
  ],
  [
    'no check asks: as the configuration wants it, and nobody knows',
    serving(server('rs1', { basis: 'no-check' }), server('rs2', { basis: 'no-check' })),
    'healthy',
    null,
  ],
  ['one answers, and one is not asked', serving(server('rs1'), server('rs2', { basis: 'no-check' })), 'healthy', true],
  [
    'who is in the table since its agent started was not asked yet',
    serving(server('rs1', { basis: 'table', reason: 'served before' }), server('rs2')),
    'not known | unknown: whether rs1 serves http (served before)',
    true,
  ],
  ['one is full', serving(server('rs1', full), server('rs2')), 'healthy', true],
  [
    'all are full: new clients are refused',
    serving(server('rs1', full), server('rs2', { ...full, active: 70 })),
    'not served | unserved: http: new clients are refused, for all that serve are full (connections of rs1: 100 of 100, rs2: 110 of 100)',
    false,
  ],
  [
    'one is full still, as its director knows, and the other failed',
    serving(server('rs1', { ...full, active: 50, full: true }), server('rs2', { healthy: false, weight: 0 })),
    'not served | unserved: http: new clients are refused, for all that serve are full (connections of rs1: 90 of 100)',
    false,
  ],
  [
    'a packet filter of the owner drops what clients send, and all checks are well',
    { ...serving(server('rs1'), server('rs2')), troubles: [FILTERED] },
    `not served | unserved: http: ${FILTERED.message} | other: 1 critical trouble`,
    false,
  ],
  [
    'a packet filter of the owner drops what it asks all of them: the cause, and not what a check sees of it',
    without([KEPT_IN], server('rs1', SILENT), server('rs2', SILENT)),
    `not served | unserved: http: ${KEPT_IN.message} | other: 1 critical trouble`,
    false,
  ],
  [
    'and they are kept',
    without([KEPT_IN], server('rs1', { ...SILENT, weight: 1 }), server('rs2', { ...SILENT, weight: 1 })),
    `degraded | unserving: http: ${KEPT_IN.message}; ${DOUBT} | other: 1 critical trouble`,
    null,
  ],
  [
    'and they are kept, and nobody is there: that is known',
    without(
      [LISTENS, { ...LISTENS, node: 'rs2', message: 'nor on rs2' }],
      server('rs1', { ...REFUSED, weight: 1 }),
      server('rs2', { ...REFUSED, weight: 1 }),
    ),
    `degraded, 2 | unserving: http: ${LISTENS.message}; nor on rs2; all checks fail, and its realservers are kept`,
    null,
  ],
  [
    'one of them fails for something else',
    without([KEPT_IN], server('rs1', SILENT), server('rs2', { ...SILENT, reason: 'HTTP 500' })),
    'not served | unserved: http: none of 2 realservers takes connections (rs1: no answer within 1000 ms) | other: 1 critical trouble',
    false,
  ],
  [
    'a packet filter of one keeps everybody from its server: once',
    without([KEPT_OUT], server('rs1', SILENT), server('rs2')),
    `degraded | unserving: http: rs1 failed (${KEPT_OUT.message}) | other: 1 critical trouble`,
    true,
  ],
  [
    'the owner has no way to one',
    without([WAYLESS], server('rs1', { ...SILENT, reason: PROHIBITED }), server('rs2')),
    `degraded | unserving: http: rs1 failed (${WAYLESS.message}) | other: 1 critical trouble`,
    true,
  ],
  [
    'nobody listens on one, which is kept',
    without([LISTENS], server('rs1', { ...SILENT, weight: 1, reason: 'connection refused' }), server('rs2')),
    `degraded, 1 | unserving: http: rs1 failed (${LISTENS.message}; kept)`,
    true,
  ],
  [
    'nobody listens there any more, and its check fails all the same',
    without([{ ...LISTENS, pastMs: 9000 }], server('rs1', SILENT), server('rs2')),
    'degraded | unserving: http: rs1 failed (no answer within 1000 ms)',
    true,
  ],
  [
    'the machines of all are dead',
    status({
      nodes: nodes('rs2', { state: 'dead' }),
      services: [service({ realservers: [server('rs2', SILENT)] })],
    }),
    'not served | unserved: http: nothing is heard of rs2 | other: dead: rs2',
    false,
  ],
  [
    'that of one is',
    status({
      nodes: nodes('rs2', { state: 'dead' }),
      services: [service({ realservers: [server('rs1'), server('rs2', SILENT)] })],
    }),
    'degraded | unserving: http: rs2 failed (nothing is heard of its node) | other: dead: rs2',
    true,
  ],
  [
    'that of another node does, and nobody gets through after a takeover: of whom no switchover is refused, that is told',
    { ...serving(server('rs1'), server('rs2')), troubles: [{ ...FILTERED, node: 'dir2', severity: 'warning' }] },
    `degraded, 1 | thin: dir2: ${FILTERED.message}`,
    true,
  ],
  [
    'it is a warning until the owner has looked again',
    { ...serving(server('rs1'), server('rs2')), troubles: [{ ...FILTERED, severity: 'warning' }] },
    `not served, 1 | unserved: http: ${FILTERED.message}`,
    false,
  ],
  [
    'the path to one is dead',
    openings('path-dead', 'dir1', DEAD),
    `degraded | unserving: http: ${DEAD} (rs1: 5 connections) | other: 1 critical trouble`,
    true,
  ],
  [
    'one of two has no way to its clients, as it says itself',
    { ...serving(server('rs1'), server('rs2')), troubles: [UNANSWERED] },
    `degraded | unserving: rs1: ${UNANSWERED.message} | other: 1 critical trouble`,
    true,
  ],
  [
    'the only one that takes connections has none',
    { ...serving(server('rs1')), troubles: [UNANSWERED] },
    `degraded | unserving: rs1: ${UNANSWERED.message} | other: 1 critical trouble`,
    null,
  ],
  [
    'no connection opens at all',
    openings('no-opening', 'dir1', UNOPENED),
    `degraded | unserving: http: ${UNOPENED} (rs1: 5 connections): whether any client is served is not known | other: 1 critical trouble`,
    null,
  ],
  [
    'somebody says it who does not own the group',
    openings('no-opening', 'dir2', UNOPENED),
    'degraded | other: 1 critical trouble',
    true,
  ],
  [
    'everybody says that the agent of a realserver is gone: they serve all the same',
    status({
      troubles: ['dir1', 'rs2'].map((of) => trouble('critical', of, 'lvsm-agent of rs1 is not there', 'agent-silent')),
    }),
    'degraded | other: 1 critical trouble',
    true,
  ],
  ...['disagreement', 'peer-unbelieved', 'state-not-kept', 'no-lease-process'].map(
    (code): [string, Status, string, boolean] => [
      `a realserver says ${code}: it serves all the same`,
      status({ troubles: [trouble('critical', 'rs2', 'a thing', code)] }),
      'degraded | other: 1 critical trouble',
      true,
    ],
  ),
  [
    'a realserver loses some of what it sends: it serves, and not well',
    status({ troubles: [trouble('critical', 'rs2', 'loses 40 %', 'qdisc-harm')] }),
    'degraded | impaired: rs2: loses 40 % | other: 1 critical trouble',
    true,
  ],
  [
    'a realserver says of itself what this version does not know',
    status({ troubles: [trouble('critical', 'rs2', 'a new thing', 'lately')] }),
    'degraded | impaired: rs2: a new thing | other: 1 critical trouble',
    true,
  ],
])('%s', (_, of, words, served) => {
  expect(head(of)).toBe(words)
  expect(judge(of).served.get('http')).toBe(served)
})

test('which services are doubted', () => {
  expect([...judge(serving(server('rs1', FAILED))).doubted]).toEqual(['http'])
  expect([...judge(serving(server('rs1', FAILED), server('rs2'))).doubted]).toEqual([])
  expect([...judge(serving(server('rs1', { ...FAILED, weight: 0 }))).doubted]).toEqual([])
})

test.each([
  'link-silent',
  'lossy-link',
  'link-down',
  'one-way',
  'standby-finds-none',
  'standby-unaware',
  'below-quorum',
  'ping-unreached',
])('lost redundancy is degraded: %s', (code) =>
  expect(head(status({ troubles: [trouble('warning', 'dir2', 'a thing', code)] }))).toBe(
    'degraded, 1 | thin: dir2: a thing',
  ),
)
test('a coordinator that is lost is lost redundancy', () => {
  expect(judge(status(), ['dir2 is silent for 40 s'])).toMatchObject({
    health: 'degraded',
    thin: ['dir2 is silent for 40 s'],
  })
})
test('of much lost redundancy the first are said, and how many more there are', () => {
  const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((of) => trouble('warning', of, `link ${of}`, 'link-silent'))
  expect(judge(status({ troubles: many })).thin).toEqual([
    ...['a', 'b', 'c', 'd'].map((of) => `${of}: link ${of}`),
    'and 2 more of this kind, below',
  ])
})

test.each(['foreign-service', 'no-ipvs', 'kernel-refused', 'tunnel-source', 'interface-down', 'no-lease-process'])(
  'a node that says %s is troubled itself',
  (code) => expect(isOfNode(troubleKind(code))).toBe(true),
)
test.each(['agent-silent', 'disagreement', 'peer-unbelieved', 'state-not-kept', 'path-dead', 'link-silent'])(
  'a node that says %s does its own work',
  (code) => expect(isOfNode(troubleKind(code))).toBe(false),
)
