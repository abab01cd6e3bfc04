import type { ConfigService, NodeView } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { viewOf, wide } from './fixture.ts'
import { type NatRules, natRulesText } from './index.ts'
import { natRules } from './nat-rules.ts'

const NOBODY = new Map<string, readonly string[]>()
const director = viewOf(wide, 'dir1')
const needs = (view: NodeView, handover = NOBODY): NatRules =>
  natRules(view, handover) ?? { untranslated: [], masquerade: [], handover: [], suppressRst: [] }
/** The director's view with other services than it has. */
const serving = (...services: ConfigService[]): NodeView => ({ ...director, services })
const service = (name: string): ConfigService => {
  const found = wide.services.find((one) => one.name === name)
  if (!found) throw new Error(name)
  return found
}
const places = (entries: readonly { readonly address: string; readonly port: number }[]): string[] =>
  entries.map(({ address, port }) => `${address}:${port}`)

describe('the NAT rules of a director', () => {
  it('ends what NAT realservers answer untranslated, each of their services once', () => {
    expect(places(needs(director).untranslated)).toEqual(['10.12.0.13:8080', '10.12.0.13:8443', '10.12.1.14:2525'])
    const [http, again] = [service('http'), { ...service('http'), name: 'again', port: 81 }]
    expect(places(needs(serving(http, again)).untranslated)).toEqual(['10.12.0.13:8080'])
    expect(places(needs(serving(http, again)).suppressRst)).toEqual(['10.12.0.13:8080'])
    const other = { ...http, realservers: http.realservers.map((entry) => ({ ...entry, address: '10.12.0.15' })) }
    expect(places(needs(serving(http, other)).untranslated)).toEqual(['10.12.0.13:8080', '10.12.0.15:8080'])
    expect(needs(serving(http)).untranslated[0]?.protocol).toBe('tcp')
  })

  it('keeps back refusals of checked services only: of an unchecked one nobody would notice the silence', () => {
    expect(needs(director).suppressRst).toEqual([
      { address: '10.12.0.13', port: 8080, protocol: 'tcp', at: 'forward' },
      { address: '10.12.1.14', port: 2525, protocol: 'tcp', at: 'forward' },
    ])
    expect(needs(serving(service('https'))).suppressRst).toEqual([])
    const ofTheHost = { ...service('http'), check: { ...service('http').check, type: 'icmp' as const } }
    expect(needs(serving(ofTheHost)).suppressRst, 'a host that answers says nothing of who listens').toEqual([])
    const checked = { ...service('https'), check: service('http').check }
    expect(places(needs(serving(service('http'), checked)).suppressRst)).toEqual(['10.12.0.13:8080', '10.12.0.13:8443'])
    const elsewhere = { ...service('smtp'), realservers: [{ ...service('smtp').realservers[0], port: 8080 } as never] }
    expect(places(needs(serving(service('http'), elsewhere)).suppressRst)).toEqual([
      '10.12.0.13:8080',
      '10.12.1.14:8080',
    ])
  })

  it.each<[why: string, view: NodeView]>([
    ['the gateway is of another group', serving({ ...service('http'), group: 'mail' })],
    ['the group is not ours', serving({ ...service('http'), group: 'other' })],
    [
      'the gateway is a VIP',
      {
        ...serving(service('http')),
        directs: director.directs.map((group) => ({
          ...group,
          addresses: group.addresses.map((entry) => ({ ...entry, kind: 'vip' as const })),
        })),
      },
    ],
    [
      'there is no VIP',
      {
        ...serving(service('http')),
        directs: director.directs.map((group) => ({
          ...group,
          addresses: group.addresses.filter((entry) => entry.kind === 'gateway'),
        })),
      },
    ],
    [
      'it is by direct routing',
      serving({
        ...service('http'),
        realservers: service('http').realservers.map((entry) => ({ ...entry, forward: 'dr' as const })),
      }),
    ],
    ['there is none', serving(service('imap'))],
  ])('stops nothing of a realserver where %s', (_, view) =>
    expect(needs(view)).toMatchObject({ untranslated: [], handover: [], suppressRst: [] }),
  )

  it('hands on the packets of groups that move, and of no others', () => {
    const moving = needs(director, new Map([['mail', ['10.12.0.2']]])).handover
    expect(moving).toEqual([
      { address: '10.11.0.20', port: 80, protocol: 'tcp', to: '10.12.0.2' },
      { address: '10.11.0.21', port: 25, protocol: 'tcp', to: '10.12.0.2' },
    ])
    expect(needs(serving(service('imap')), new Map([['mail', ['10.12.0.2']]])).handover).toHaveLength(1)
    expect(needs(director).handover).toEqual([])
  })
})

describe('the NAT rules of a realserver', () => {
  it('keeps back refusals of what it serves by direct routing, and is checked', () => {
    expect(natRules(viewOf(wide, 'rs1'), NOBODY)).toEqual({
      untranslated: [],
      masquerade: [],
      handover: [],
      suppressRst: [{ address: '10.11.0.10', port: 80, protocol: 'tcp', at: 'output' }],
    })
    expect(natRules(viewOf(wide, 'rs4'), NOBODY)).toBeNull()
  })

  it('and as a director too, those of NAT realservers behind it', () => {
    const both = { ...serving(service('http')), serves: [service('http')] }
    expect(needs(both).suppressRst.map(({ at }) => at)).toEqual(['output', 'forward'])
  })
})

describe('the text of NAT rules', () => {
  const all = needs(director, new Map([['mail', ['10.12.0.2']]]))
  it('is the same for the same rules, and null for none', () => {
    expect(natRulesText(structuredClone(all))).toBe(natRulesText(all))
    expect(natRulesText(null)).toBeNull()
  })
  it.each(['untranslated', 'masquerade', 'handover', 'suppressRst'] as const)('tells apart other %s', (name) => {
    expect(all[name].length).toBeGreaterThan(0)
    expect(natRulesText({ ...all, [name]: all[name].slice(1) })).not.toBe(natRulesText(all))
  })
})
