/** What a service is beside its scheduler: what of it is refused, what is warned about, and what it comes to. */
import { describe, expect, it } from 'vitest'
import { checkConfig, type Config, SAMPLE, specOf, specText } from '../index.ts'
import { parseNetmask } from '../netmask.ts'

const CHECK = /check: \{[^}]*\}/
/** All realservers by direct routing, with one more line in the service, and no check. */
const service = (protocol: string, more = '', check = ''): string =>
  SAMPLE.replace(
    'protocol: tcp',
    `protocol: ${protocol}${more === '' ? '' : `\n    ${more.replaceAll('; ', '\n    ')}`}`,
  )
    .replace(`    ${CHECK.exec(SAMPLE)?.[0]}\n`, check === '' ? '' : `    check: ${check}\n`)
    .replace(/ {6}- \{ node: rs3.*\n/, '')
const withServer = (more: string): string =>
  SAMPLE.replace('forward: dr, weight: 1 }', `forward: dr, weight: 1, ${more} }`)
const read = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const first = (text: string) => read(text).services[0]
const codes = (text: string): string[] =>
  (checkConfig(text).refusals ?? []).map(({ code, field }) => `${code} ${field}`)
const warned = (text: string): string[] => (checkConfig(text).warnings ?? []).map(({ code }) => code)
const CHECKED = '{ type: none }'

describe('of a service is refused', () => {
  it.each([
    ['one packet of TCP', service('tcp', 'one-packet: true'), 'one-packet-protocol services[0].one-packet'],
    ['one packet of SCTP', service('sctp', 'one-packet: true', CHECKED), 'one-packet-protocol services[0].one-packet'],
    [
      'one packet whose answers would have to be translated',
      SAMPLE.replace('protocol: tcp', 'protocol: udp\n    one-packet: true'),
      'one-packet-answers services[0].realservers[2].forward',
    ],
    [
      'a netmask without persistence',
      service('tcp', 'persistence-netmask: 24'),
      'no-persistence services[0].persistence-netmask',
    ],
    [
      'an engine without persistence',
      service('udp', 'persistence-engine: sip'),
      'no-persistence services[0].persistence-engine',
    ],
    [
      'an engine of another protocol',
      service('tcp', 'persistence: 5m; persistence-engine: sip'),
      'engine-protocol services[0].persistence-engine',
    ],
    [
      'an engine that there is none of',
      service('udp', 'persistence: 5m; persistence-engine: http'),
      'bad-value services[0].persistence-engine',
    ],
    ['half a second', service('tcp', 'persistence: 500ms'), 'not-whole-seconds services[0].persistence'],
    ['no time at all', service('tcp', 'persistence: 0s'), 'not-whole-seconds services[0].persistence'],
    ['a month', service('tcp', 'persistence: 43200m'), 'out-of-range services[0].persistence'],
    ['a number without unit', service('tcp', 'persistence: 300'), 'bad-duration services[0].persistence'],
    [
      'a mask with a hole',
      service('tcp', 'persistence: 5m; persistence-netmask: 255.0.255.0'),
      'bad-netmask services[0].persistence-netmask',
    ],
    [
      'a prefix of another family',
      service('tcp', 'persistence: 5m; persistence-netmask: 64'),
      'bad-netmask services[0].persistence-netmask',
    ],
    [
      'a prefix length of 0',
      service('tcp', 'persistence: 5m; persistence-netmask: 0'),
      'out-of-range services[0].persistence-netmask',
    ],
    ['SCTP of which no check is said', service('sctp'), 'no-check services[0].protocol'],
    [
      'a lower threshold alone',
      withServer('lower-threshold: 5'),
      'lower-without-upper services[0].realservers[0].lower-threshold',
    ],
    [
      'thresholds that are crossed',
      withServer('upper-threshold: 5, lower-threshold: 6'),
      'thresholds-crossed services[0].realservers[0].lower-threshold',
    ],
    ['a threshold of 0', withServer('upper-threshold: 0'), 'out-of-range services[0].realservers[0].upper-threshold'],
    [
      'a timeout of less than a second',
      SAMPLE.replace('revision: 1', 'revision: 1\nudp-timeout: 100ms'),
      'not-whole-seconds udp-timeout',
    ],
    ['a protocol that IPVS does not know', service('dccp'), 'bad-value services[0].protocol'],
  ])('%s', (_, text, expected) => expect(codes(text)).toEqual([expected]))

  it('words of keepalived and ipvsadm, with the word that they have here', () => {
    const said = (line: string) => checkConfig(service('udp', line)).refusals?.map(({ message }) => message)
    expect(said('ops: true')).toEqual(['the key "ops" is called "one-packet" here'])
    expect(said('persistence_timeout: 300')).toEqual(['the key "persistence_timeout" is called "persistence" here'])
    expect(checkConfig(withServer('uthreshold: 3')).refusals?.[0]?.hint).toBe('write upper-threshold')
  })
})

describe('a service comes to', () => {
  it('what it says, in one text', () => {
    const text = (...of: Parameters<typeof service>): string => {
      const one = first(service(...of))
      return one ? specText(specOf(one)) : ''
    }
    expect(text('tcp')).toBe('wrr')
    expect(text('udp', 'one-packet: true')).toBe('wrr, one packet')
    expect(text('udp', 'one-packet: false')).toBe('wrr')
    expect(text('tcp', 'persistence: 5m')).toBe('wrr, persistent 300 s')
    expect(text('tcp', 'persistence: 90s; persistence-netmask: 255.255.255.0')).toBe(
      'wrr, persistent 90 s for each /24',
    )
    // A client is one address: that is how it is without a netmask.
    expect(text('tcp', 'persistence: 90s; persistence-netmask: 32')).toBe('wrr, persistent 90 s')
    expect(text('udp', 'persistence: 90s; persistence-netmask: 16; persistence-engine: sip')).toBe(
      'wrr, persistent 90 s for each /16 by sip',
    )
  })
  it('the check of its protocol, where it says none; at a port of its own, where it names one', () => {
    expect(first(service('udp'))?.check).toMatchObject({ type: 'udp', port: null })
    expect(first(service('tcp'))?.check.type).toBe('tcp')
    expect(first(service('sctp', '', '{ type: tcp, port: 8080 }'))?.check).toMatchObject({ type: 'tcp', port: 8080 })
  })
  it('realservers with limits, and timeouts where they are said', () => {
    expect(
      first(withServer('upper-threshold: 5, lower-threshold: 2'))?.realservers.map(({ upper, lower }) => [
        upper,
        lower,
      ]),
    ).toEqual([
      [5, 2],
      [undefined, undefined],
      [undefined, undefined],
    ])
    expect(read(SAMPLE).ipvsTimeouts).toEqual({ tcp: null, tcpFin: null, udp: null })
    expect(read(SAMPLE.replace('revision: 1', 'revision: 1\nudp-timeout: 1m')).ipvsTimeouts).toEqual({
      tcp: null,
      tcpFin: null,
      udp: 60,
    })
  })
})

it('a check that asks another protocol than clients is warned about, but for named ports', () => {
  expect(warned(service('udp', '', '{ type: tcp }'))).toContain('check-of-other-protocol')
  expect(warned(service('tcp', '', '{ type: udp }'))).toContain('check-of-other-protocol')
  for (const check of ['{ type: dns }', '{ type: udp }', '{ type: tcp, port: 53 }', '{ type: none }'])
    expect(warned(service('udp', '', check))).not.toContain('check-of-other-protocol')
  expect(warned(service('udp'))).not.toContain('check-of-other-protocol')
  for (const check of ['{ type: tcp }', '{ type: dns }', '{ type: dns, tcp: true }']) {
    const both = service('tcp+udp', '', check).replace('port: 80\n', 'ports: [80]\n')
    expect([codes(both), warned(both)], 'of services of both it asks one').toEqual([[], expect.any(Array)])
    expect(warned(both)).not.toContain('check-of-other-protocol')
  }
  expect(warned(service('tcp', '', '{ type: dns, tcp: true }'))).not.toContain('check-of-other-protocol')
  expect(warned(service('tcp', '', '{ type: dns }')), 'who listens for datagrams').toContain('check-of-other-protocol')
  expect(warned(service('udp', '', '{ type: dns, tcp: true }'))).toContain('check-of-other-protocol')
})

it.each([
  ['255.255.255.0', 24],
  ['255.255.255.255', 32],
  ['128.0.0.0', 1],
  ['24', 24],
  [128, 128],
  ['0.0.0.0', null],
  ['255.255.0.255', null],
  ['24x', null],
  ['129', null],
  ['', null],
  ['ffff::', null],
])('%s is a netmask of %s bits', (written, prefix) => expect(parseNetmask(written)).toBe(prefix))
