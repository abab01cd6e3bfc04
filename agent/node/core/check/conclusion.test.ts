/** What is said to follow from a check without an answer is what the evidence leaves, and nothing that it excludes. */
import { SAMPLE } from '@lvsm/model'
import { NOR_TO_ARP, NOT_THERE, type SeenSocket } from '@lvsm/protocol'
import { describe, expect, it, test } from 'vitest'
import { instant } from '@lvsm/base'
import { configOf } from '../fixture.ts'
import { conclusionOf } from './conclusion.ts'

type Life = Parameters<typeof conclusionOf>[1]
const SILENT = 'no answer within 1000 ms'
const NOBODY = `${SILENT}: ${NOR_TO_ARP}: no machine there had that address`
const LATE = `${SILENT}: a second question was answered after 1.4 s: a slow way, lost packets, or a full accept queue`

function said(
  reason: string,
  life: Life,
  is: SeenSocket['is'] | null = null,
  check: object = {},
  server: object = {},
): string {
  const service = configOf(SAMPLE).services.find(({ name }) => name === 'http')
  const realserver = service?.realservers.find(({ node }) => node === 'rs1')
  if (!service || !realserver) throw new Error('the sample has changed')
  const at = instant(0)
  const seen = { service: 'http', key: '10.11.0.11:80', queue: 0, most: 128, at, since: at, load: 0 }
  const sight = is === null ? null : { ...seen, is, stale: false }
  const asked = {
    service: { ...service, check: { ...service.check, ...check } },
    realserver: { ...realserver, ...server },
  }
  return conclusionOf({ ...asked, sight }, life, reason) ?? ''
}

describe('nobody answered to ARP', () => {
  it('is a machine that is off, or without that address: no packet filter, and no server', () => {
    for (const life of ['dead', null, 'unknown'] as const) {
      expect(said(NOBODY, life)).toContain('no machine answered to ARP or neighbour discovery at 10.11.0.11: it is off')
      expect(said(NOBODY, life)).toContain('neither its server nor a packet filter for its port is the cause')
    }
    expect(said(NOBODY, 'dead')).toMatch(/^so: rs1 is not heard either/)
  })
  it('also to a check that sends datagrams; where there is no way nobody was asked by ARP', () => {
    const absent = `no answer, and ${NOT_THERE}: no route`
    expect(said(`${absent}, or no answer to ARP`, 'dead')).toContain('no machine answered to ARP')
    expect(said(absent, 'dead')).toBe('')
  })
  it('is none that is off where it is heard, or its agent speaks', () => {
    for (const text of [said(NOBODY, 'alive'), said(NOBODY, 'dead', 'listens')]) {
      expect(text).toMatch(/^so: rs1 is heard, .* its machine is on/)
      expect(text).toContain('the address is not there any more')
      expect(text).not.toMatch(/packet filter|hangs|it is off/)
    }
  })
})

test('more time brought an answer: neither off nor a filter that drops all', () => {
  for (const life of ['alive', 'dead', null] as const)
    expect(said(LATE, life)).toMatch(/^so: 10\.11\.0\.11:80 answers, and later .* no packet filter drops all/)
})

describe('nothing came back', () => {
  it('from who is heard: its machine is on', () => {
    expect(said(SILENT, 'alive')).toMatch(
      /^so: rs1 is heard, so its machine is on, .*a packet filter, a server that hangs/,
    )
    expect(said(SILENT, 'alive', null, { port: 8080 })).toContain('10.11.0.11:8080 is silent')
  })
  it('nor heartbeats: its machine or all ways before its server', () => {
    expect(said(SILENT, 'dead')).toContain('its machine is off or stands still, or all ways there are cut')
  })
  it('from where no agent runs: it may be off, and lvsm doctor is not advised there', () => {
    const text = said(SILENT, null, null, {}, { agent: false })
    expect(text).toContain('What is left: that it is off, a packet filter, a server that hangs, or the way')
    expect(text).toContain('ip neigh show 10.11.0.11')
    expect(text).not.toContain('doctor')
  })
  it('from this very machine: a packet filter here, or the server', () => {
    expect(said(SILENT, 'own')).toMatch(/is on this machine, and silent: a packet filter here/)
  })
  it('though somebody listens: of TCP no server, of UDP perhaps the server', () => {
    expect(said(SILENT, 'alive', 'listens')).toMatch(/although somebody listens there: a packet filter there/)
    expect(said(SILENT, 'alive', 'listens', { type: 'dns' })).toContain('the server does not answer what it is asked')
    const tcp = { type: 'dns', keys: { tcp: true } }
    expect(said(SILENT, 'alive', 'listens', tcp), 'its kernel would').not.toContain('does not answer what it is asked')
  })
  it('where its agent sees that nobody listens: the server, and that no refusal came is something else', () => {
    expect(said(SILENT, 'alive', 'closed')).toMatch(/nobody listens at .* that no refusal came is a packet filter/)
    expect(said(SILENT, 'alive', 'full')).toContain('a full queue alone explains')
  })
  it('at another port than its agent speaks of, and from a host that is pinged: that says nothing of a server', () => {
    expect(said(SILENT, 'alive', 'closed', { port: 8080 })).toContain('rs1 is heard')
    expect(said(SILENT, 'alive', 'closed', { type: 'icmp' })).not.toMatch(/nobody listens|hangs/)
  })
  it('through IPVS: the forwarding is left, too', () => {
    expect(said(`${SILENT}, asked through IPVS to 10.11.0.10`, 'alive')).toMatch(
      /through IPVS.* that is the forwarding/,
    )
  })
})

test.each([
  'connection refused: nothing listens there, or a packet filter rejects it',
  'no route, or no answer to ARP',
  'answers 500',
])('of %s the reason says all', (reason) => {
  expect(said(reason, 'alive')).toBe('')
})
