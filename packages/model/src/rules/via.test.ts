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

describe('via: vip', () => {
  it.each<[why: string, text: string, expected: RegExp]>([
    ['the host alone is asked', said('type: icmp'), /services\[0\]\.check\.via via-type: .*icmp.*→ .*type: tcp/],
    ['a name server by datagrams', said('type: dns'), /via-type: .*dns.*→ add tcp: true/],
    ['nobody is asked', said('type: none'), /via-type/],
    ['a program asks whom it likes', said('type: script, command: [/bin/true]'), /via-type/],
    ['UDP', said('type: tcp', DIRECT, ['protocol: tcp', 'protocol: udp']), /via-protocol: .*UDP.*→ .*protocol: tcp/],
    ['several ports', said('type: tcp', DIRECT, ['port: 80', 'ports: [80, 81]']), /via-ports: service "http"/],
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

  it('is of a name server that is asked over TCP, too', () =>
    expect(refusals(said('type: dns, tcp: true'))).toEqual([]))

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
    // A service on several ports has a mark of its own, and no check through its VIP.
    expect(plain(second, true)).toContainEqual(expect.stringMatching(/"s40854" has the same firewall mark as/))
    expect(checkMarkOf(first)).not.toBe(markOf(first))
  })
})
