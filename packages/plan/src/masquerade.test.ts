import { describe, expect, it } from 'vitest'
import { viewOf, wide } from './fixture.ts'
import { addressesHere, masquerades } from './masquerade.ts'
import { natRules, natRulesText } from './nat-rules.ts'

const director = viewOf(wide, 'dir1')
const textOf = (view: Parameters<typeof masquerades>[0]): string[] =>
  masquerades(view).map(
    ({ network: { address, prefix }, vip, vips }) => `${address}/${prefix} ${vip} of ${vips.join()}`,
  )

describe('the networks behind gateways', () => {
  it('leave with the first VIP of their group, each as a whole', () =>
    expect(textOf(director)).toEqual([
      '10.12.0.0/24 10.11.0.10 of 10.11.0.10',
      '10.12.1.0/24 10.11.0.20 of 10.11.0.20,10.11.0.21',
    ]))
  it('do so whether or not a service has a realserver there', () => {
    const rules = natRules({ ...director, services: [] }, new Map())
    expect([rules?.masquerade.length, rules?.untranslated]).toEqual([2, []])
  })
  it('leave with a VIP of their family, and have no rule where there is none', () => {
    const [group] = director.directs
    if (!group) return expect.fail('no group')
    const addresses = [
      ...group.addresses,
      { address: 'fd00:12::254', prefix: 64, kind: 'gateway' as const, interface: null },
      { address: 'fd00:11::10', prefix: 64, kind: 'vip' as const, interface: null },
    ]
    const directs = [{ ...group, addresses }]
    expect(textOf({ directs })).toEqual([
      '10.12.0.0/24 10.11.0.10 of 10.11.0.10',
      'fd00:12::/64 fd00:11::10 of fd00:11::10',
    ])
    expect(textOf({ directs: [{ ...group, addresses: addresses.slice(0, -1) }] })).toHaveLength(1)
  })
  it('have one rule where two gateways are in one network', () => {
    const [group] = director.directs
    if (!group) return expect.fail('no group')
    const second = { address: '10.12.0.253', prefix: 24, kind: 'gateway' as const, interface: null }
    expect(textOf({ directs: [{ ...group, addresses: [...group.addresses, second] }] })).toHaveLength(1)
  })
  it('are those that a node directs', () => expect(textOf(viewOf(wide, 'rs1'))).toEqual([]))
})

describe('addresses that are never translated', () => {
  it("are the node's own, and all that it may have", () => {
    const all = ['10.12.0.1', '10.11.0.1', '10.11.0.10', '10.12.0.254', '10.11.0.20', '10.11.0.21', '10.12.1.253']
    const at = (address: string) => ({ index: 2, address, prefix: 24, label: 'inside' })
    const host = { addresses: [at('10.12.0.1'), at('10.12.0.77'), at('192.168.7.1')] }
    const here = addressesHere(director, masquerades(director), host)
    expect(new Set(here)).toEqual(new Set([...all, '10.12.0.77']))
    const rules = natRules(director, new Map(), null, false, host)
    expect(rules?.here).toEqual(here)
    expect(natRulesText({ ...rules, here: [] } as never)).not.toBe(natRulesText(rules))
  })
})
