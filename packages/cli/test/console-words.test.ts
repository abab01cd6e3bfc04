/** Of the same state the console says what `lvsm status` says: the head, the list of what is wrong and its order, each realserver. */
import {
  coordinatorFaults,
  listedTroubles,
  type HistoryEvent,
  isTold,
  serverWhy,
  serverWord,
  shortFault,
  type Status,
} from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { COORDINATORS, ILL, WELL } from '../../../web/src/core/fixture.ts'
import { serverSaid, verdictOf } from '../../../web/src/core/cluster.ts'
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
  'one is drained': http((_, at) =>
    at === 1
      ? { weight: 0, state: 'draining', doneInMs: 60_000, wanted: { ...ILL.wanted?.[0], deadline: 1_795_809_600_000 } }
      : {},
  ),
}

describe.each(Object.entries(STATES))('where %s', (_, status) => {
  it('the head is the same', () => {
    const [head = ''] = statusText(status, plain).split('\n')
    expect(head.slice(head.indexOf(`, revision ${status.revision}: `))).toBe(
      `, revision ${status.revision}: ${verdictOf(status).text}`,
    )
  })
  it('the list of what is wrong is the same, in the same order', () => {
    const [, said = ''] = statusText(status, plain).split('\nTROUBLES\n')
    const shown = listedTroubles(status).map((entry) => [
      entry.message,
      ...linesOf(entry, status.nodes),
      entry.hint ?? '',
    ])
    expect(said === '').toBe(shown.length === 0)
    let at = 0
    for (const text of shown.flat()) {
      expect(said).toContain(text)
      at = text === '' || text.endsWith('; not now') ? at : said.indexOf(text, at)
      expect(at, `${text} comes where the console has it`).toBeGreaterThanOrEqual(0)
    }
  })
  it('each realserver is the same', () => {
    const text = statusText(status, plain)
    for (const service of status.services.filter((one) => isTold(status, one)))
      for (const server of service.realservers) {
        expect(serverSaid(server, true).text).toBe(serverWord(server))
        expect(text).toContain(serverWhy(server, true, timeText))
      }
  })
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
