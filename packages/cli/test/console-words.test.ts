/**
 * Of the same state the console says what `lvsm status` says: the head, the list of what is wrong and its order, each realserver and node, and
 * what stands beside groups and services.
 */
import {
  coordinatorFaults,
  droppedLines,
  groupWhy,
  listedTroubles,
  type HistoryEvent,
  isTold,
  keyChangeText,
  lostWithMove,
  nodeNotes,
  type NodeReport,
  pingRows,
  serviceNotes,
  serverWhy,
  serverWord,
  shortFault,
  type Status,
  unknownConnections,
  whyUnserving,
} from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { COORDINATORS, ILL, UNTOLD, WELL } from '../../../web/src/core/fixture.ts'
import { nodeSaid, serverSaid, shownNode, verdictOf } from '../../../web/src/core/cluster.ts'
import { linesOf } from '../../../web/src/core/troubles.ts'
import { plain } from '../src/paint.ts'
import { statusText } from '../src/status-text.ts'
import { timeText } from '../src/wanted-text.ts'

const LATE = { node: 'rs1', code: 'late', severity: 'critical', message: 'late', evidence: 'by 12 s' } as const
const GONE = { ...LATE, node: 'rs2', severity: 'warning', message: 'was late', pastMs: 70_000 } as const
const http = (change: (server: Status['services'][number]['realservers'][number], at: number) => object): Status => ({
  ...WELL,
  services: WELL.services.map((service) =>
    service.name === 'http'
      ? { ...service, realservers: service.realservers.map((one, at) => ({ ...one, ...change(one, at) })) }
      : service,
  ),
})
const dir2 = (more: Partial<NodeReport>): Status => ({
  ...WELL,
  nodes: WELL.nodes.map((one) => (one.name === 'dir2' ? { ...one, ...more } : one)),
})
const web = (more: Partial<Status['groups'][number]>): Status => ({
  ...WELL,
  groups: WELL.groups.map((group) => (group.name === 'web' ? { ...group, ...more } : group)),
})
const since = 1_795_809_600_000
const WORD = {
  ...{ what: 'node dir2', intent: 'standby', author: 'ann', since, until: null, comment: 'new disk', idle: false },
} as const
const STATES: Readonly<Record<string, Status>> = {
  'all is well': WELL,
  'much is not': ILL,
  'a trouble is over': { ...WELL, troubles: [GONE, LATE] },
  'a node is dead that only serves': {
    ...WELL,
    nodes: WELL.nodes.map((one) => (one.name === 'rs3' ? { ...one, state: 'dead', agent: false, ageMs: 9000 } : one)),
  },
  'a service is not served': http(() => ({ weight: 0, healthy: false, reason: 'connection refused' })),
  'one fails and is kept': http((_, at) => (at === 0 ? { healthy: false, reason: 'no answer' } : {})),
  'all are full': http(({ active, inactive }) => ({ upper: active + inactive })),
  'a backup stands in': http((_, at) =>
    at === 2 ? { backup: true } : { weight: 0, healthy: false, reason: 'refused' },
  ),
  'nobody tells anything': UNTOLD,
  'a director is under maintenance': dir2({
    ...{ state: 'maintenance', standby: true, reason: 'under maintenance, by ann' },
    words: { shared: WORD, local: null, holds: 'shared' },
  }),
  'an older agent calls a director under maintenance a standby': dir2({ state: 'standby', standby: true }),
  'an owner is to be under maintenance, and two words differ': dir2({
    standby: true,
    words: { shared: { ...WORD, until: since }, local: { standby: false, author: 'bob', since }, holds: 'shared' },
  }),
  'an owner has not been heard for a while': dir2({ agent: false, ageMs: 12_000 }),
  'an owner was heard a few seconds ago': dir2({ ageMs: 5000 }),
  'a ping node is not reached by the owner': web({
    pings: [
      {
        address: '10.11.0.1',
        directors: [
          { node: 'dir1', reached: false },
          { node: 'dir2', reached: null },
        ],
      },
    ],
  }),
  'the other director knows few connections': web({
    established: [
      { node: 'dir1', count: 52 },
      { node: 'dir2', count: 3 },
    ],
  }),
  'a group is to be stopped': web({ wanted: { ...WORD, what: 'group web', intent: 'stop' } }),
  'a heartbeat key is being changed': {
    ...WELL,
    keys: [
      { text: 'a new heartbeat key of dir2', waiting: ['rs1', 'rs2'] },
      { text: 'keys 1, 2', waiting: [], hint: 'lvsm key remove 1' },
    ],
  },
  'something was not believed': { ...WELL, counters: { 'drop-mac': 2, 'drop-copy': 7 }, epoch: 3 },
  'all realservers are drained, one by full NAT': http((_, at) => ({
    ...{ weight: 0, state: 'drained', wanted: ILL.wanted?.[0] },
    ...(at === 0 ? { forward: 'fullnat' } : {}),
  })),
  'one is drained': http((_, at) =>
    at === 1
      ? { weight: 0, state: 'draining', doneInMs: 60_000, wanted: { ...ILL.wanted?.[0], deadline: 1_795_809_600_000 } }
      : {},
  ),
}

describe.each(Object.entries(STATES))('where %s', (_, status) => {
  it('the head is the same', () => {
    const [head = ''] = statusText(status, plain).split('\n')
    const said = head.replace(/^.*, revision \d+(, epoch \d+)?: /, '')
    expect(said).toBe(verdictOf(status).text)
  })
  it('the list of what is wrong is the same, in the same order', () => {
    const [, said = ''] = statusText(status, plain).split('\nTROUBLES\n')
    const shown = listedTroubles(status).map((entry) => [entry.message, ...linesOf(entry, status), entry.hint ?? ''])
    expect(said === '').toBe(shown.length === 0)
    let at = 0
    for (const text of shown.flat()) {
      expect(said).toContain(text)
      at = text === '' || text.startsWith('over: ') ? at : said.indexOf(text, at)
      expect(at, `${text} comes where the console has it`).toBeGreaterThanOrEqual(0)
    }
  })
  it('each realserver is the same', () => {
    const text = statusText(status, plain)
    for (const service of status.services) {
      const told = isTold(status, service)
      const part = text.slice(text.indexOf(`SERVICE ${service.name} `)).split('\n\n')[0] ?? ''
      for (const server of service.realservers) {
        const shown = part.split('\n').find((line) => line.includes(` ${server.node} `)) ?? ''
        if (told) expect(serverSaid(server, true).text).toBe(serverWord(server))
        expect(shown).toContain(` ${serverSaid(server, told).text} `)
        expect(shown).toContain(serverWhy(server, told, timeText))
      }
      for (const said of [serviceNotes(status, service), ...lostWithMove(service)]) expect(part).toContain(said)
    }
  })
  it('each node is the same', () => {
    const [, part = ''] = statusText(status, plain).split('\nNODES\n')
    for (const node of status.nodes) {
      const shown = part.split('\n').find((line) => line.startsWith(`  ${node.name} `)) ?? ''
      expect(shown).toContain(` ${shownNode(node, status).text} `)
      expect(
        shown.endsWith(
          [whyUnserving(node, status) ?? node.reason, ...nodeNotes(node, timeText).map((note) => ` [${note}]`)].join(
            '',
          ),
        ),
      ).toBe(true)
    }
  })
  it('what stands beside groups is the same', () => {
    const text = statusText(status, plain)
    const sections = text
      .split('\n')
      .filter((line) => /^(PING NODES|CONNECTIONS|HEARTBEAT KEYS|DROPPED)/.test(line)).length
    const [pings, dropped] = [pingRows(status.groups), droppedLines(status.counters)]
    const short = status.groups.flatMap(unknownConnections)
    const keys = status.keys ?? []
    expect(sections).toBe([pings, dropped, short, keys].filter(({ length }) => length > 0).length)
    for (const group of status.groups) expect(text).toContain(groupWhy(group, timeText))
    const changes = keys.flatMap((one) => [keyChangeText(one), one.hint ?? ''])
    for (const line of [...dropped, ...short, ...changes]) expect(text).toContain(line)
    for (const { address, unreached } of pings)
      expect(text).toMatch(new RegExp(`${address}.*${unreached.join(', ') || '-'}`))
  })
})

it('a director under maintenance is not called what a ready successor is called', () => {
  for (const state of ['standby', 'maintenance'] as const) {
    const [one] = dir2({ state, standby: true }).nodes.filter(({ name }) => name === 'dir2')
    expect(one && nodeSaid(one)).toEqual({ tone: 'off', text: 'maintenance' })
  }
})

it('a realserver that no service sends connections is not said to serve, in both', () => {
  const out = http((one) =>
    one.node === 'rs3' ? { weight: 0, healthy: false, reason: 'no answer within 300 ms' } : {},
  )
  const rs3 = out.nodes.find(({ name }) => name === 'rs3')
  if (!rs3) throw new Error('no rs3')
  expect(shownNode(rs3, out)).toEqual({ tone: 'bad', text: 'not serving' })
  const row = statusText(out, plain)
    .split('\nNODES\n')[1]
    ?.split('\n')
    .find((line) => line.includes('rs3'))
  expect(row).toMatch(/not serving +gets no connections: failed in http; says of itself: serves http/)
  // One of its services has it; nobody knows; an operator wants it so.
  const rs1 = out.nodes.find(({ name }) => name === 'rs1')
  if (!rs1) throw new Error('no rs1')
  const other = http((one) => (one.node === 'rs1' ? { weight: 0, healthy: false } : {}))
  expect(shownNode(rs1, other).text).toBe('serving')
  const untold = { ...out, services: out.services.map((one) => ({ ...one, told: false })) }
  expect(shownNode(rs3, untold).text).toBe('serving')
  const drained = http((one) => (one.node === 'rs3' ? { weight: 0, healthy: false, state: 'drained' } : {}))
  expect(shownNode(rs3, drained).text).toBe('serving')
})

it('a coordinator that is gone makes both degraded', () => {
  const members = COORDINATORS.members.map((one) => (one.name === 'dir2' ? { ...one, silentMs: 40_000 } : one))
  const report = { ...COORDINATORS, members }
  const said = verdictOf(WELL, report)
  expect(said).toMatchObject({ text: 'degraded', answers: [{ label: 'not redundant' }] })
  const text = statusText(WELL, plain, coordinatorFaults(report).map(shortFault))
  expect(text).toContain(`${said.answers[0]?.label}  ${said.answers[0]?.texts.join('; ')}`)
  expect(verdictOf(WELL, COORDINATORS).text).toBe('healthy')
})

it('since when is said by the same events', () => {
  const status = http((_, at) => (at === 0 ? { weight: 0, healthy: false, reason: 'refused' } : {}))
  const events: HistoryEvent[] = [
    {
      ...{ at: '2026-10-27T08:00:00.000Z', node: 'dir1', group: 'web', kind: 'failed', number: 0 },
      reason: 'rs1 (10.11.0.11:80) in service http: refused',
    },
  ]
  expect(listedTroubles(status, events).map(({ since }) => since)).toEqual(['2026-10-27T08:00:00.000Z'])
  expect(statusText(status, plain, [], events)).toContain('since 2026-10-27 08:00:00Z')
})
