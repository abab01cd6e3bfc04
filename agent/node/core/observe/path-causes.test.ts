/** A path that is dead because of something that is told: one trouble. */
import { agreementDigests, destKey } from '@lvsm/model'
import {
  DROPPED,
  encodeMessage,
  type NodeTrouble,
  type ServerOpenings,
  type StateMessage,
  withoutEchoes,
} from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

type Told = Pick<NodeTrouble, 'node' | 'code' | 'message'> & Partial<NodeTrouble>
const dead = (server: string, service = 'http'): Told => ({
  ...{ code: 'path-dead', severity: 'critical', node: 'dir1', object: `service ${service}` },
  message: `no new connection of service ${service} at ${server} (10.12.0.13:8080) gets further than its first packet, though others do`,
  evidence: `${server}: 4 connections opened and not answered, of 192.0.2.7; connections get on at rs2`,
})
const ofServer = (code: string, by = 'rs3'): Told => ({ code, severity: 'critical', node: by, message: 'as it says' })
const drop = (by: string, what: string, at: string): Told => ({
  ...{
    ...ofServer('drop-rule', by),
    message: `a rule of chain inet site in of ${by} drops ${what}: all that is ${at}`,
  },
})
const isEcho = (cause: Told, server = 'rs3', service?: string): boolean =>
  !withoutEchoes([cause, dead(server, service)] as NodeTrouble[]).some(({ code }) => code === 'path-dead')

test('a realserver that says why nothing comes back from it, and the owner that sees nothing come back, are one cause', () => {
  for (const code of [
    'foreign-default-route',
    'foreign-answer-route',
    'foreign-tunnel',
    'foreign-device',
    'loopback-down',
  ]) {
    expect(isEcho(ofServer(code)), code).toBe(true)
    expect(isEcho(ofServer(code, 'rs2')), 'of another one').toBe(false)
    expect(isEcho({ ...ofServer(code), pastMs: 100 }), 'over').toBe(false)
  }
  expect(isEcho(ofServer('memory-killed'))).toBe(false)
})
test('a rule of the realserver, or of the director that sends there', () => {
  for (const kind of ['servers', 'answers', 'requests', 'replies'] as const) {
    expect(isEcho(drop('rs3', DROPPED[kind]('ftp, http'), 'tcp port 80')), kind).toBe(true)
    expect(isEcho(drop('rs3', DROPPED[kind]('ftp'), 'tcp port 21')), `${kind} of another service`).toBe(false)
  }
  expect(isEcho(drop('dir1', DROPPED.sent('http'), 'to 10.12.0.13 (rs3) tcp port 8080'))).toBe(true)
  expect(isEcho(drop('dir1', DROPPED.sent('http'), 'to 10.12.0.12 (rs2) tcp port 8080'))).toBe(false)
  expect(isEcho(drop('dir2', DROPPED.sent('http'), 'to 10.12.0.13 (rs3) tcp port 8080')), 'not the owner').toBe(false)
})

test('a server that listens elsewhere: that may be meant, and is critical where its director sees that nobody is answered', () => {
  const astray = {
    ...ofServer('listens-elsewhere'),
    severity: 'warning',
    object: 'service http',
    hint: 'as it says',
  } as const
  const path = { ...dead('rs3'), hint: 'follow it; until then: lvsm drain rs3' }
  const told = (...all: Told[]) => withoutEchoes(all as NodeTrouble[])
  expect(told(astray)).toEqual([astray])
  expect(told(astray, path)).toEqual([
    {
      ...astray,
      severity: 'critical',
      evidence: `dir1 sees: ${path.evidence}`,
      hint: 'as it says; until then: lvsm drain rs3',
    },
  ])
  for (const other of [
    { ...astray, node: 'rs2' },
    { ...astray, object: 'service ftp' },
    { ...astray, pastMs: 100 },
  ])
    expect(told(other, path)).toEqual([other, path])
})

/** Three realservers, clients that wait at rs3; what other nodes say does not matter. */
function waitsAt(one: TestNode, ms: number): string[] {
  let seconds = 100
  for (let left = ms; left > 0; left -= 100) {
    goesOn(one, 100, statusOf('dir1', 'dir1', 7))
    const [service] = one.kern.state.services
    if (service)
      one.kern.state.services[0] = { ...service, dests: service.dests.map((dest) => ({ ...dest, inactive: 5 })) }
    if (one.take('openings').length === 0) continue
    seconds += 10
    const servers = (one.config.services[0]?.realservers ?? []).map((server): ServerOpenings => {
      const of = { service: 'http', node: server.node, key: destKey(server), clients: ['192.0.2.7'] }
      return server.node === 'rs3'
        ? { ...of, opening: 4, openingFor: { 60: 4 }, latest: {} }
        : { ...of, opening: 1, openingFor: { 60: 1 }, latest: { FIN_WAIT: seconds } }
    })
    one.feed({ kind: 'openings', report: { whole: true, tookMs: 5, servers } })
  }
  return one.core.status(one.now()).troubles.flatMap(({ node: by, code }) => (by === 'dir1' ? [code] : []))
}
function owner(): TestNode {
  const one = node('dir1')
  one.feed({ kind: 'lease-up' })
  goesOn(one, 8000, statusOf('dir1', 'dir1', 7))
  return one
}
test('where its check fails too, its check says it; a check that is well says nothing of the way of clients', () => {
  expect(waitsAt(owner(), 15_000)).toContain('path-dead')
  const one = owner()
  for (const address of one.config.services[0]?.realservers.flatMap((s) => (s.node === 'rs3' ? [s.address] : [])) ?? [])
    one.alive.delete(address)
  one.failsSo = 'no answer within 300 ms'
  expect(waitsAt(one, 15_000)).not.toContain('path-dead')
})
test('where the owner drops all that it forwards, what comes back from a realserver by NAT is lost for that', () => {
  const one = owner()
  Object.assign(one.kern.state, { dropping: [{ family: 'ip', table: 'others', chain: 'forward', families: ['ipv4'] }] })
  const found = waitsAt(one, 15_000)
  expect(found).toContain('forward-dropped')
  expect(found).not.toContain('path-dead')
})

/** What rs3 says of itself. */
function saysOf(one: TestNode, ...troubles: StateMessage['troubles']): void {
  const said = {
    ...{ kind: 'state' as const, revision: 1, agreement: agreementDigests(one.config), state: 'serving' as const },
    reason: '',
    ...{ standby: false, ready: { web: '' }, pings: {}, events: [], boot: 'rs3', troubles },
  }
  one.feed({ kind: 'message', from: 'rs3', text: encodeMessage(said) })
}
test('when what is told as its cause is over, the path is looked at from the beginning', () => {
  const one = owner()
  const rule = { ...drop('rs3', DROPPED.requests('http'), 'tcp port 80'), severity: 'critical' as const }
  const path = (ms: number, ...troubles: StateMessage['troubles']): boolean => {
    let is = false
    for (let left = ms; left > 0; left -= 1000) {
      saysOf(one, ...troubles)
      is = waitsAt(one, 1000).includes('path-dead')
    }
    return is
  }
  const told = { code: rule.code, severity: rule.severity, message: rule.message }
  expect(path(15_000, told), 'it is the rule').toBe(false)
  expect(path(1000), 'the rule is gone').toBe(false)
  expect(path(1000)).toBe(false)
  expect(path(12_000), 'and it is dead for another cause').toBe(true)
  expect(path(6000), 'nobody said why, so nothing ended').toBe(true)
})
