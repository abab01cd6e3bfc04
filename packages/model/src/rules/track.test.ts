/** Services that go by the verdicts of another one's check: what is refused, and what nodes know of it. */
import { describe, expect, it } from 'vitest'
import { agreementDigests, differences } from '../agreement.ts'
import { checkConfig } from '../check.ts'
import { SAMPLE } from '../sample.ts'

const SERVER = '{ node: rs1, address: 10.11.0.11, forward: dr }'
const service = (
  name: string,
  port: number,
  check: string,
  servers = SERVER,
  more = 'group: web, address: 10.11.0.10',
): string =>
  `  - { name: ${name}, ${more}, port: ${port}, protocol: tcp, scheduler: wlc, check: { ${check} }, realservers: [${servers}] }\n`
const with_ = (...services: readonly string[]): string => `${SAMPLE}${services.join('')}`
const refusals = (text: string): string[] =>
  (checkConfig(text).refusals ?? []).map(
    ({ code, line, field, message, hint }) => `${line} ${field} ${code}: ${message} → ${hint}`,
  )
const MAIL = `groups:
  - { name: mail, directors: [dir1, dir2, rs2], vips: [10.11.0.20/24] }
`
const elsewhere = with_(service('mx', 25, 'track: http', SERVER, 'group: mail, address: 10.11.0.20'))
  .replace('groups:\n', MAIL)
  .replace('{ name: rs2, roles: [realserver]', '{ name: rs2, roles: [realserver, director]')

describe('track', () => {
  it.each<[why: string, text: string, expected: RegExp]>([
    [
      'a service that is not there',
      with_(service('mx', 25, 'track: htp')),
      /check\.track unknown-service: .*"htp" → did you mean "http"/,
    ],
    [
      'a realserver that is no part of it',
      with_(service('mx', 25, 'track: http', `${SERVER}, { node: dir2, address: 10.11.0.2, forward: local }`)).replace(
        '{ name: dir2, roles: [director]',
        '{ name: dir2, roles: [director, realserver]',
      ),
      /check\.track track-realserver: dir2 is no part of service "http" → .*weight: 0/,
    ],
    ['itself', with_(service('mx', 25, 'track: mx')), /track-circle: service "mx" would go by its own verdicts/],
    [
      'each other',
      with_(service('mx', 25, 'track: pop'), service('pop', 110, 'track: mx')),
      /track-circle: service "mx" .*\n.*track-circle: service "pop"/,
    ],
    [
      'nobody who is checked',
      with_(service('ssh', 22, 'type: none'), service('mx', 25, 'track: ssh')),
      /track-unchecked: service "ssh" is not checked/,
    ],
    [
      'and asks as well',
      with_(service('mx', 25, 'track: http, type: tcp, interval: 2s')),
      /check\.track track-and-check: .*type, interval → take those out, or track/,
    ],
    ['and has its own view', with_(service('mx', 25, 'track: http, own-view: true')), /track-and-check: .*own-view/],
    ['a service that other directors check', elsewhere, /track-elsewhere: rs2 may own group "mail"/],
    [
      'who is served locally there, and from everywhere here',
      with_(
        service('local', 22, 'type: tcp', '{ node: dir1, address: 10.11.0.1, forward: local }'),
        service('mx', 25, 'track: local', '{ node: dir1, address: 10.11.0.1, forward: fullnat }'),
      ).replace('{ name: dir1, roles: [director]', '{ name: dir1, roles: [director, realserver]'),
      /track-local: of dir1, .*→ write forward: local/,
    ],
  ])('refuses %s', (_, text, expected) => {
    expect(refusals(text).join('\n')).toMatch(expected)
  })

  it('is one fault where two lead into a circle that they are no part of', () => {
    const text = with_(service('mx', 25, 'track: pop'), service('pop', 110, 'track: pop'))
    expect(refusals(text)).toHaveLength(1)
  })

  it('a check says how to ask, or whom to go by, and that is told beside all else', () => {
    const all = refusals(with_(service('mx', 25, 'interval: soon')))
    expect(all.join('\n')).toMatch(/"soon"/)
    expect(all.join('\n')).toMatch(/services\[1\]\.check\.type missing: "type" is missing/)
    expect(refusals(with_(service('mx', 25, 'track: [http]'))).join('\n')).toMatch(/check\.track bad-type/)
    expect(refusals(SAMPLE.replace(/check: \{[^}]*\}/, 'check: tcp'))).toHaveLength(1)
  })

  it('asks nobody itself, and has a pool of its own', () => {
    const checked = checkConfig(
      with_(
        service('mx', 25, 'track: http, keep-last: false, slow-start: 30s', SERVER.replace(' }', ', weight: 10 }')),
      ),
    )
    expect(checked.refusals).toBeUndefined()
    expect(checked.warnings).toEqual(checkConfig(SAMPLE).warnings)
    expect(checked.config?.services[1]?.check).toMatchObject({ type: 'none', track: 'http', keepLast: false })
    expect(checked.config?.services[1]?.check.pacing.slowStartMs).toBe(30_000)
  })

  it('may go by one that goes by another', () => {
    expect(refusals(with_(service('pop', 110, 'track: mx'), service('mx', 25, 'track: http')))).toEqual([])
  })

  it('is what nodes must agree on', () => {
    const digests = (check: string) => {
      const { config } = checkConfig(with_(service('mx', 25, check)))
      return config ? agreementDigests(config) : {}
    }
    expect(differences(digests('track: http'), digests('type: none'))).toEqual(['checks'])
  })
})
