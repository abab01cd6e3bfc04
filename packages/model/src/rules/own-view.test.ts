/** Services that want to know of realservers' own agents whether somebody listens: what is refused, and where they look. */
import { describe, expect, it } from 'vitest'
import { checkConfig } from '../check.ts'
import { SAMPLE } from '../sample.ts'
import { nodeView } from '../view.ts'

const CHECK = 'check: { type: tcp, interval: 500ms, timeout: 300ms, fall: 2, rise: 2 }'
const said = (check: string, ...edits: readonly (readonly [string | RegExp, string])[]): string =>
  edits.reduce(
    (text, [from, to]) => text.replace(from, to),
    SAMPLE.replace(CHECK, `check: { ${check}, own-view: true }`),
  )
const refusals = (text: string): string[] =>
  (checkConfig(text).refusals ?? []).map(
    ({ code, line, field, message, hint }) => `${line} ${field} ${code}: ${message} → ${hint}`,
  )
const looksOf = (text: string, node: string) => {
  const { config, refusals: faults } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(faults))
  return nodeView(config, node)?.ownView
}
const AGENTLESS = / {6}- \{ node: rs1[\s\S]*$/

describe('own-view', () => {
  it.each<[why: string, text: string, expected: RegExp]>([
    [
      'nobody asks from outside',
      said('type: none'),
      /^26 services\[0\].check\.own-view own-view-alone: .*→ .*type: icmp/,
    ],
    [
      'who listens by SCTP is not seen',
      said('type: script, command: [/bin/true]', ['protocol: tcp', 'protocol: sctp']),
      /own-view-protocol: .*SCTP.*→ .*tcp or udp/,
    ],
    [
      'one of two protocols',
      said(
        'type: tcp',
        ['port: 80', 'ports: [80]'],
        ['protocol: tcp', 'protocol: tcp+udp'],
        [/ {6}- \{ node: rs3.*\n/, ''],
      ),
      /own-view-protocol: .*TCP and UDP/,
    ],
    [
      'all ports, and none is checked',
      said('type: icmp', ['port: 80', 'ports: [all]'], [/ {6}- \{ node: rs3.*\n/, '']),
      /own-view-port: nothing says at which/,
    ],
    [
      'no agent runs anywhere',
      said('type: tcp', [AGENTLESS, '      - { node: old1, address: 10.11.0.31, forward: dr, agent: false }\n']),
      /own-view-nobody: .*"http".*→ .*lvsm join/,
    ],
    [
      'no yes and no no',
      SAMPLE.replace('type: tcp', 'type: tcp, own-view: "true"'),
      /own-view.*→ write true, without quotes/,
    ],
  ])('is refused: %s', (_, text, expected) => expect(refusals(text)).toEqual([expect.stringMatching(expected)]))

  it('one without an agent among others is a remark', () => {
    const text = said('type: tcp', [
      /( {6}- \{ node: rs1)/,
      '      - { node: old1, address: 10.11.0.31, forward: dr, agent: false }\n$1',
    ])
    expect(
      checkConfig(text).warnings?.map(({ code, severity, message }) => `${severity} ${code} ${message}`),
    ).toContainEqual(expect.stringMatching(/^info own-view-partly no agent looks for itself at old1/))
  })

  it('looks at the VIP where packets arrive for it, and at the realserver’s own address behind NAT; told to the directors of the group', () => {
    const text = said('type: icmp')
    const place = { service: 'http', protocol: 'tcp' }
    const directors = ['dir1', 'dir2']
    expect(looksOf(text, 'rs1')).toMatchObject({
      looks: [{ ...place, key: '10.11.0.11:80', address: '10.11.0.10', port: 80 }],
      directors,
    })
    expect(looksOf(text, 'rs3')).toMatchObject({
      looks: [{ ...place, key: '10.12.0.13:8080', address: '10.12.0.13', port: 8080 }],
      directors,
    })
    expect(looksOf(text, 'dir1')).toEqual({ looks: [], arrivals: [], directors: [] })
    expect(looksOf(SAMPLE, 'rs1')).toMatchObject({ looks: [], directors: [] })
  })

  it('where clients arrive is looked at whether or not a check wants it, of each protocol: for the VIP, and behind NAT for the own address', () => {
    const arrival = { service: 'http', protocol: 'tcp', address: '10.11.0.10', port: 80, own: '10.11.0.11' }
    expect(looksOf(SAMPLE, 'rs1')?.arrivals).toEqual([arrival])
    const translated = { ...arrival, address: '10.12.0.13', port: 8080, own: '10.12.0.13' }
    expect(looksOf(SAMPLE, 'rs3')?.arrivals).toEqual([translated])
    const both = SAMPLE.replace('port: 80', 'ports: [8000-8100]')
      .replace('protocol: tcp', 'protocol: tcp+udp')
      .replace(/ {6}- \{ node: rs3.*\n/, '')
    expect(looksOf(both, 'rs1')?.arrivals.map(({ protocol, port }) => `${protocol} ${port}`)).toEqual([
      'tcp 8000',
      'udp 8000',
    ])
  })

  it('of several ports the first, of all the one that is checked', () => {
    const noNat = [/ {6}- \{ node: rs3.*\n/, ''] as const
    expect(looksOf(said('type: icmp', ['port: 80', 'ports: [443, 80]'], noNat), 'rs1')?.looks).toMatchObject([
      { port: 443 },
    ])
    expect(looksOf(said('type: tcp, port: 25', ['port: 80', 'ports: [all]'], noNat), 'rs1')?.looks).toMatchObject([
      { port: 25 },
    ])
  })
})
