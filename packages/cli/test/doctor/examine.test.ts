/** Every check names its trap where a machine has stepped into it, says how that was seen, and is silent where it has not. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKS } from '../../src/doctor/core/checks/index.ts'
import { examine, verdict } from '../../src/doctor/core/examine.ts'
import { partOf } from '../../src/doctor/core/part.ts'
import { checkConfig, type NodeView, nodeView, SAMPLE } from '@lvsm/model'
import { address, destination, director, ipvs, link, type Machine, plain, realserver, service } from './facts.ts'
import { listener } from './parts.ts'
import { ADDRESS_TRAPS } from './traps-addresses-and-routes.ts'
import { MACHINE_TRAPS } from './traps-machine.ts'
import { OBSTACLE_TRAPS } from './traps-obstacles.ts'
import { TABLE_TRAPS } from './traps-table-and-connections.ts'

const TRAPS = [...ADDRESS_TRAPS, ...TABLE_TRAPS, ...MACHINE_TRAPS, ...OBSTACLE_TRAPS]

const found = ({ facts, given, view }: Machine, check: string) => examine(facts, view ?? null, given, [check]).findings

describe.each(TRAPS)('$check: $what', ({ check, trapped, clean, says, fixes, severity }) => {
  test('is named, with evidence and a mend', () => {
    const named = found(trapped, check).filter(({ message }) => says.test(message))
    expect(named).toHaveLength(1)
    const [one] = named
    expect(one?.evidence.length).toBeGreaterThan(0)
    expect(one?.mend).not.toBe('')
    expect(one?.fixes).toEqual(fixes ?? [])
    if (severity !== undefined) expect(one?.severity).toBe(severity)
  })
  test('is not named where it is not', () => {
    expect(found(clean, check).filter(({ message }) => says.test(message))).toEqual([])
  })
})

test('every check has a trap here, and every row of the traps a check', () => {
  expect(new Set(TRAPS.map(({ check }) => check))).toEqual(new Set(CHECKS.map(({ name }) => name)))
  const book = readFileSync(join(import.meta.dirname, '../../../plan/TRAPS.md'), 'utf8')
  const rows = [...book.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number))
  expect(rows.length).toBeGreaterThanOrEqual(39)
  expect([...new Set(CHECKS.flatMap((check) => check.rows))].toSorted((a, b) => a - b)).toEqual(
    rows.toSorted((a, b) => a - b),
  )
})

test('where a configuration says whose an address is, its node is named beside it', () => {
  const { config } = checkConfig(SAMPLE)
  const view = config && nodeView(config, 'dir1')
  const server = view?.services[0]?.realservers[0]
  if (!view || !server) throw new Error('the sample has none')
  const { address: to, node } = server
  const rule = { family: 'ip', table: 'filter', chain: 'OUTPUT', hook: 3, handle: 7, more: false, packets: 12 }
  const { facts, given } = director('dr', {
    wayless: [{ to, why: 'Invalid argument', code: 'EINVAL' }],
    dropRules: [{ ...rule, destination: to }],
  })
  const said = examine(facts, view, given, ['no-way', 'drop-rule']).findings.map(({ message }) => message)
  for (const check of [`no way to ${to} (${node})`, `what is to ${to} (${node})`])
    expect(said).toContainEqual(expect.stringContaining(check))
})

test('the worst is named first, and of what is as bad what harms now before what waits for the next boot', () => {
  const rule = { family: 'inet', table: 'site', chain: 'in', hook: 1, handle: 4, more: false, packets: 0 }
  const { facts, given } = director('dr', {
    units: ['keepalived.service'],
    dropRules: [{ ...rule, destination: '10.12.0.11' }],
    links: [link('lo'), link('eth0', { carrier: false })],
  })
  const { findings } = examine(facts, null, given, ['rivals', 'drop-rule', 'no-carrier'])
  expect(findings.map(({ severity, check }) => `${severity} ${check}`)).toEqual([
    'critical no-carrier',
    'warning drop-rule',
    'warning rivals',
  ])
})

test('machines that are well have nothing worse than a word', () => {
  for (const { facts, given } of [plain(), realserver(), director(), director('nat')])
    expect(examine(facts, null, given).findings.filter(({ severity }) => severity !== 'info')).toEqual([])
})

test('an entry for checks that go through IPVS is no service: weight 0 there, and its mark, are nothing to be named', () => {
  const mark = (port: number) =>
    service('', [destination('10.12.0.11:80', 'dr', { weight: 0 })], { protocol: null, address: '', port })
  const named = (port: number) => {
    const { facts, given } = director('dr', {
      ipvs: ipvs(service('10.11.0.50:80', [destination('10.12.0.11:80')]), mark(port)),
    })
    return examine(facts, null, given)
      .findings.filter(({ object }) => object?.startsWith('fwmark'))
      .map(({ object }) => object)
  }
  expect(named(0x4d00_0001)).toEqual([])
  expect(named(7)).toContain('fwmark 7')
})

test('what a machine is for is seen of its kernel', () => {
  const part = ({ facts, given }: Machine) => partOf(facts, null, given)
  expect(part(plain())).toMatchObject({ director: false, vips: [], aliases: [], tunnelled: false, gateways: [] })
  expect(part(realserver())).toMatchObject({ director: false, aliases: ['10.11.0.50'] })
  expect(part(director())).toMatchObject({ director: true, vips: ['10.11.0.50'], aliases: [] })
  const dummy = plain({
    links: [link('lo'), link('eth0'), link('vip', { kind: 'dummy' })],
    addresses: [address('vip', '10.11.0.50/32')],
  })
  expect(part(dummy).aliases).toEqual(['10.11.0.50'])
  expect(part(plain({ localRoutes: [{ interface: 'lo', address: '10.11.0.50' }] })).aliases).toEqual(['10.11.0.50'])
})

test('the exit is 0 for what is only worth knowing, and no clean bill where something was not seen', () => {
  const report = ({ facts, given }: Machine) => ({
    findings: examine(facts, null, given).findings,
    gaps: facts.gaps,
    agent: null,
  })
  expect(verdict(report(plain()))).toBe('ok')
  expect(verdict(report(director('dr', { sysctls: { 'net/ipv4/ip_forward': '1' } })))).toBe('ok')
  expect(verdict(report(plain({ gaps: [{ what: 'IPVS', why: 'EPERM' }] })))).toBe('unexamined')
  expect(verdict(report(director('nat', { sysctls: { 'net/ipv4/ip_forward': '0' } })))).toBe('trapped')
})

test('the worst comes first, and a change that two findings want is made once', () => {
  const { facts, given } = director('nat', {
    sysctls: { 'net/ipv4/ip_forward': '0', 'net/ipv4/conf/all/send_redirects': '1' },
  })
  const { findings, fixes } = examine(facts, null, given)
  expect(findings.map(({ severity }) => severity)).toEqual(['critical', 'warning'])
  expect(new Set(fixes.map((one) => JSON.stringify(one))).size).toBe(fixes.length)
})

describe('what the configuration says of a machine', () => {
  const viewOf = (name: string, text = SAMPLE): NodeView => {
    const { config } = checkConfig(text)
    const view = config && nodeView(config, name)
    if (!view) throw new Error(name)
    return view
  }
  const named = ({ facts }: Machine, node: string, check: string) =>
    examine(facts, viewOf(node), plain().given, [check]).findings.map(({ severity, object }) => `${severity} ${object}`)

  test('a realserver is asked at the ports of its services alone, and not where its heartbeats come', () => {
    const vip = [address('eth0', '10.11.0.11/24'), address('lo', '10.11.0.10/32')]
    const listeners = [{ ...listener('10.11.0.11', 6940), protocol: 'udp' as const }, listener('10.11.0.11', 22)]
    expect(named(realserver({ addresses: vip, listeners }), 'rs1', 'listens-on-rip')).toEqual([])
    const web = [...listeners, listener('10.11.0.11')]
    expect(named(realserver({ addresses: vip, listeners: web }), 'rs1', 'listens-on-rip')).toEqual([
      'warning 10.11.0.10 port 80',
    ])
  })
  test('a VIP that no service is configured for is kept on purpose', () => {
    const both = SAMPLE.replace('vips: [10.11.0.10/24]', 'vips: [10.11.0.10/24, 10.11.0.19/24]')
    const view = viewOf('dir1', both)
    const facts = director('dr', {
      ipvs: ipvs(),
      addresses: [address('eth0', '10.11.0.1/24'), address('eth0', '10.11.0.10/24'), address('eth0', '10.11.0.19/24')],
    }).facts
    expect(examine(facts, view, plain().given, ['vip-without-service']).findings.map(({ object }) => object)).toEqual([
      '10.11.0.10',
    ])
  })
  test('the tunnel of somebody else on a node is none of its business', () => {
    const strict = (name: string): Machine =>
      realserver({
        links: [link('lo'), link('eth0'), link(name, { kind: 'gre', arp: false })],
        addresses: [address('eth0', '10.11.0.11/24'), address('lo', '10.11.0.10/32')],
        sysctls: { [`net/ipv4/conf/${name}/rp_filter`]: '1' },
      })
    expect(named(strict('vpn0'), 'rs1', 'tunnel-rp-filter')).toEqual([])
    expect(named(strict('lvsm-g0a0b0c0d'), 'rs1', 'tunnel-rp-filter')).toEqual(['critical lvsm-g0a0b0c0d'])
    const { facts, given } = strict('vpn0')
    expect(examine(facts, null, given, ['tunnel-rp-filter']).findings).toMatchObject([{ severity: 'info', fixes: [] }])
  })
})
