/** Services on several ports: which packets are theirs, which mark they have, and what is refused. */
import { MARKS } from '@lvsm/base'
import { describe, expect, it } from 'vitest'
import { checkConfig, type Config, markOf, portsText, SAMPLE, serviceId, serviceKey } from '../index.ts'
import { parsePorts } from '../ports.ts'

/** By direct routing alone, with these lines in place of the port. */
const service = (lines: string, protocol = 'tcp', more = ''): string =>
  SAMPLE.replace('    port: 80\n', lines === '' ? '' : `    ${lines.replaceAll('; ', '\n    ')}\n`)
    .replace('protocol: tcp', `protocol: ${protocol}`)
    .replace(/ {6}- \{ node: rs3.*\n/, more)
const NAT = '      - { node: rs3, address: 10.12.0.13, forward: nat, weight: 1 }\n'
const other = (name: string, lines: string): string => `
  - name: ${name}
    group: web
    address: 10.11.0.10
    ${lines.replaceAll('; ', '\n    ')}
    scheduler: rr
    realservers:
      - { node: rs1, address: 10.11.0.11, forward: dr }
`
const read = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const codes = (text: string): string[] =>
  (checkConfig(text).refusals ?? []).map(({ code, field }) => `${code} ${field}`)

describe('a service on several ports', () => {
  it('has a mark of its own name, and realservers at the port that the client asked for', () => {
    const [one] = read(service('ports: [80, "443", 8000-8100]')).services
    expect(one).toMatchObject({ port: 0, fwmark: markOf('http'), family: 'ipv4', protocol: 'tcp' })
    expect(portsText(one?.ports ?? [])).toBe('80, 443, 8000-8100')
    expect(one?.realservers.map(({ port }) => port)).toEqual([0, 0])
    expect(one?.check, 'at the first').toMatchObject({ type: 'tcp', port: 80 })
    expect(one && serviceKey(serviceId(one))).toBe(`fwmark ${markOf('http')}`)
    expect(one && serviceKey(one)).toBe(`fwmark ${markOf('http')}`)
  })
  it('may be of TCP and UDP, and have all ports', () => {
    const text = service('ports: [all]', 'tcp+udp').replace('type: tcp,', 'type: tcp, port: 22,')
    const [one] = read(text).services
    expect([portsText(one?.ports ?? []), one?.check.port]).toEqual(['all', 22])
  })
  it('keeps its mark whatever becomes of others, within the range that is ours', () => {
    const alone = read(service('ports: [80]')).services[0]?.fwmark
    const [, again] = read(
      service('port: 81').replace('name: http', 'name: aaa') + other('http', 'protocol: tcp; ports: [80]'),
    ).services
    expect(again?.fwmark).toBe(alone)
    for (const name of ['a', 'b', 'http', 'x'.repeat(32)]) {
      expect(markOf(name) & ~MARKS.serviceMarks.mask).toBe(MARKS.serviceMarks.base)
      expect(markOf(name)).toBeGreaterThan(0)
    }
  })
})

describe('of ports is refused', () => {
  it.each([
    ['none', service(''), 'missing services[0].port'],
    ['one and several', service('port: 80; ports: [443]'), 'port-and-ports services[0].ports'],
    ['a range that goes down', service('ports: [90-80]'), 'bad-port services[0].ports[0]'],
    ['port 0', service('ports: [0-80]'), 'bad-port services[0].ports[0]'],
    ['a port beyond the last', service('ports: ["70000"]'), 'bad-port services[0].ports[0]'],
    ['a word', service('ports: [http]'), 'bad-port services[0].ports[0]'],
    ['one twice', service('ports: [80, 70-90]'), 'duplicate-port services[0].ports[1]'],
    ['two protocols at one port', service('port: 80', 'tcp+udp'), 'several-protocols services[0].protocol'],
    [
      'a port of a realserver',
      service('ports: [80]').replace('forward: dr, weight: 1', 'forward: dr, port: 80'),
      'port-with-ports services[0].realservers[0].port',
    ],
    ['all, of which none is checked', service('ports: [all]'), 'no-check-port services[0].ports'],
    [
      'all behind NAT',
      service('ports: [all]', 'tcp', NAT).replace('type: tcp,', 'type: tcp, port: 80,'),
      'all-ports-answers services[0].realservers[2].forward',
    ],
    [
      'a port of another service',
      service('ports: [80-90]') + other('again', 'protocol: tcp; port: 85'),
      'duplicate-service services[1].address',
    ],
    [
      'a range with ports of another',
      service('port: 85') + other('again', 'protocol: tcp; ports: [80-90]'),
      'duplicate-service services[1].address',
    ],
    [
      'two ranges that overlap',
      service('ports: [80-90]', 'tcp+udp') + other('again', 'protocol: udp; ports: [90-99]'),
      'duplicate-service services[1].address',
    ],
    [
      'all twice',
      service('ports: [all]').replace('type: tcp,', 'type: tcp, port: 80,') +
        other('again', 'protocol: tcp; ports: [all]; check: { type: none }'),
      'duplicate-service services[1].address',
    ],
    ['a mark by number', service('port: 80; fwmark: 7'), 'unknown-key services[0].fwmark'],
  ])('%s', (_, text, expected) => expect(codes(text)).toEqual([expected]))

  it('not: what is left of a VIP, the same port of another protocol, and NAT with ports that are named', () => {
    const whole = service('ports: [all]').replace('type: tcp,', 'type: tcp, port: 80,')
    expect(codes(whole + other('again', 'protocol: tcp; port: 443'))).toEqual([])
    expect(codes(whole + other('again', 'protocol: tcp; ports: [8000-8100]'))).toEqual([])
    expect(codes(service('ports: [53]') + other('again', 'protocol: udp; port: 53'))).toEqual([])
    expect(codes(service('ports: [80, 443]', 'tcp', NAT))).toEqual([])
  })
})

it.each([
  ['80', { from: 80, to: 80 }],
  [443, { from: 443, to: 443 }],
  ['1-65535', { from: 1, to: 65_535 }],
  ['all', { from: 1, to: 65_535 }],
  ['080', null],
  ['80-', null],
  ['80-65536', null],
])('%s as ports', (written, range) => expect(parsePorts(written)).toEqual(range))
