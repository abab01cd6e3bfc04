/** Services that are checked through IPVS to the VIP: what is refused, and what nodes know of it. */
import { describe, expect, it } from 'vitest'
import { agreementDigests } from '../agreement.ts'
import { checkConfig } from '../check.ts'
import { checkMarkOf, markOf } from '../ports.ts'
import { SAMPLE } from '../sample.ts'

const CHECK = 'check: { type: tcp, interval: 500ms, timeout: 300ms, fall: 2, rise: 2 }'
const DIRECT = SAMPLE.replace(/ {6}- \{ node: rs3.*\n/, '')
const said = (check: string, text = DIRECT, ...edits: readonly (readonly [string, string])[]): string =>
  edits.reduce((one, [from, to]) => one.replace(from, to), text.replace(CHECK, `check: { ${check}, via: vip }`))
const refusals = (text: string): string[] =>
  (checkConfig(text).refusals ?? []).map(
    ({ code, line, field, message, hint }) => `${line} ${field} ${code}: ${message} → ${hint}`,
  )

const UDP = ['protocol: tcp', 'protocol: udp'] as const
const SEVERAL = ['port: 80', 'ports: [80, 81]'] as const

describe('via: vip', () => {
  it.each<[why: string, text: string, expected: RegExp]>([
    ['the host alone is asked', said('type: icmp'), /services\[0\]\.check\.via via-type: .*icmp.*→ .*type: tcp/],
    [
      'a name server by datagrams',
      said('type: dns'),
      /via-protocol: .*dns asks over UDP.* a service of TCP.*→ add tcp: true/,
    ],
    ['nobody is asked', said('type: none'), /via-type/],
    ['a program asks whom it likes', said('type: script, command: [/bin/true]'), /via-type/],
    ['UDP', said('type: tcp', DIRECT, UDP), /via-protocol: .*tcp asks over TCP.*UDP.*→ .*type: udp, or type: dns/],
    ['UDP that nobody need answer', said('type: udp', DIRECT, UDP), /via-expect: .*→ add expect/],
    ['SCTP', said('type: tcp', DIRECT, ['protocol: tcp', 'protocol: sctp']), /via-protocol: .*SCTP.*→ take via out$/m],
    ['a name server of UDP by TCP', said('type: dns, tcp: true', DIRECT, UDP), /via-protocol: .*→ take tcp out/],
    [
      'a port that it has not',
      said('type: tcp, port: 82', DIRECT, SEVERAL),
      /via-port: .*82 → take one of its ports: 80/,
    ],
    ['another port', said('type: tcp, port: 81'), /via-port: .*81/],
    ['NAT', said('type: tcp', SAMPLE), /realservers\[2\]\.forward via-forward: rs3 .*NAT.*→ .*dr or tun/],
    [
      'the usual way',
      SAMPLE.replace('type: tcp', 'type: tcp, via: rip'),
      /check\.via bad-value: "rip" is not vip → take via out/,
    ],
    ['the agent’s word', SAMPLE.replace('type: tcp', 'type: tcp, via: agent'), /check\.via .*→ write own-view: true/],
    ['another word', SAMPLE.replace('type: tcp', 'type: tcp, via: dip'), /check\.via .*"dip".*→ .*vip/],
  ])('%s', (_, text, expected) => {
    expect(refusals(text).join('\n')).toMatch(expected)
  })

  it.each<[string, string]>([
    ['a name server that is asked over TCP', said('type: dns, tcp: true')],
    ['UDP', said('type: udp, expect: pong', DIRECT, UDP)],
    ['a name server of UDP', said('type: dns', DIRECT, UDP)],
    ['several ports', said('type: tcp', DIRECT, SEVERAL)],
    ['several ports, of which one is named', said('type: tcp, port: 81', DIRECT, SEVERAL)],
  ])('is of %s, too', (_, text) => expect(refusals(text)).toEqual([]))

  it('is what nodes must agree on, and nothing where it is not said', () => {
    const of = (text: string) => {
      const { config, refusals: faults } = checkConfig(text)
      if (!config) throw new Error(JSON.stringify(faults))
      return config
    }
    const [plain, via] = [of(DIRECT), of(DIRECT.replace('type: tcp', 'type: tcp, via: vip'))]
    expect(plain.services[0]?.check).not.toHaveProperty('via')
    expect(via.services[0]?.check.via).toBe('vip')
    expect(agreementDigests(via).checks).not.toBe(agreementDigests(plain).checks)
  })

  it('marks come of names: two that have the same are refused, whether it is of their checks or of their packets', () => {
    const place = (port: number, several: boolean): string => (several ? `ports: [${port}]` : `port: ${port}`)
    const [first, second] = ['s37489', 's40854']
    const of = (check: string, several: boolean, name: string): string[] => {
      const [head = '', one = ''] = said(check).replace('name: http', `name: ${first}`).split('\nservices:\n')
      const other = one.replace(first, name).replace('port: 80', place(81, several))
      return refusals(`${head}\nservices:\n${one.replace('port: 80', place(80, several))}${other}`)
    }
    const plain = (name: string, several: boolean): string[] =>
      of('type: tcp', several, name).map((text) => text.replace(/ → .*/, ''))
    expect(plain(second, false)).toEqual([
      expect.stringMatching(
        /services\[1\]\.name mark-collision: "s40854" has the same mark for its checks as service "s37489"/,
      ),
    ])
    expect(plain('s40855', false)).toEqual([])
    // A service on several ports has a mark of its own, too.
    expect(plain(second, true)).toContainEqual(expect.stringMatching(/"s40854" has the same firewall mark as/))
    expect(checkMarkOf(first)).not.toBe(markOf(first))
  })
})
