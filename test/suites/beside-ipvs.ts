/**
 * What stands beside IPVS on a kernel as an agent meets it, the real one and the simulated one: our rules, which are loaded as a whole and told by the
 * text of what was loaded while they are that, and tunnel devices. Whoever has no tunnels says so, and is asked to refuse them in words.
 */
import { MARKS } from '@lvsm/base'
import { type NatRules, natRulesText, type Observed, type Operation } from '@lvsm/plan'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

export interface BesideSubject {
  apply(operation: Operation): string | null
  observe(): Observed
  /** Somebody puts a rule into one of our chains. */
  spoil(): void
  /** Somebody deletes our tables. */
  flush(): void
  readonly hasTunnels: boolean
  close(): void
}

const NONE: NatRules = { untranslated: [], masquerade: [], handover: [], suppressRst: [] }
const ONE: NatRules = {
  ...NONE,
  untranslated: [{ address: '10.12.0.13', port: 80, protocol: 'tcp' }],
  suppressRst: [{ address: '10.11.0.10', port: 80, protocol: 'tcp', at: 'output' }],
}
const OTHER: NatRules = {
  ...NONE,
  untranslated: [
    { address: '10.12.0.14', port: 8000, upTo: 8100, protocol: 'udp' },
    { address: 'fd00:12::13', port: 80, protocol: 'tcp' },
  ],
}
const TUNNEL = { name: 'lvsm-a0000001', device: 'ipip', remote: '10.55.7.9' } as const

export function besideSuite(make: () => BesideSubject): void {
  let subject: BesideSubject
  beforeEach(() => {
    subject = make()
  })
  afterEach(() => {
    subject.apply({ kind: 'nat-rules', needs: null })
    subject.close()
  })
  const load = (needs: NatRules | null): string | null => subject.apply({ kind: 'nat-rules', needs })
  const told = (): string | null | undefined => subject.observe().natRules

  describe('our rules', () => {
    test('are none to begin with, come as a whole, give way to others as a whole, and go', () => {
      expect(told()).toBe(natRulesText(null))
      for (const needs of [ONE, OTHER, ONE, ONE]) {
        expect(load(needs)).toBeNull()
        expect(told()).toBe(natRulesText(needs))
      }
      expect(natRulesText(OTHER)).not.toBe(natRulesText(ONE))
      expect([load(null), told()]).toEqual([null, natRulesText(null)])
      expect([load(null), told()], 'and are gone').toEqual([null, natRulesText(null)])
    })
    test('are told as something else where somebody changed them, until they are loaded again', () => {
      expect(load(ONE)).toBeNull()
      subject.spoil()
      expect(told()).not.toBe(natRulesText(ONE))
      expect(told(), 'nor as none').not.toBe(natRulesText(null))
      expect([load(ONE), told()]).toEqual([null, natRulesText(ONE)])
    })
    test('are told as none where somebody deleted them', () => {
      expect(load(ONE)).toBeNull()
      subject.flush()
      expect(told()).toBe(natRulesText(null))
      expect([load(ONE), told()]).toEqual([null, natRulesText(ONE)])
    })
  })

  test('a tunnel is ours by its note, is there once, and goes with its address', () => {
    const device = () => subject.observe().links.find(({ name }) => name === TUNNEL.name)
    const made = subject.apply({ kind: 'tunnel-add', ...TUNNEL })
    if (!subject.hasTunnels) {
      expect([made, device()]).toEqual([expect.stringMatching(/is the module ipip there/), undefined])
      return
    }
    expect(made).toBeNull()
    const { index = 0, ...link } = device() ?? {}
    const tunnel = { kind: TUNNEL.device, local: null, remote: TUNNEL.remote }
    expect(link).toMatchObject({ loopback: false, up: true, note: MARKS.deviceNote, tunnel })
    const on = (): string[] =>
      subject.observe().addresses.flatMap((one) => (one.index === index ? [`${one.address}/${one.prefix}`] : []))
    expect(on()).toEqual([`${MARKS.deviceAddress}/32`])
    expect(subject.apply({ kind: 'tunnel-add', ...TUNNEL })).toMatch(/EEXIST|exists already/)
    expect(subject.apply({ kind: 'tunnel-up', name: TUNNEL.name, index })).toBeNull()
    expect(on(), 'no second one').toHaveLength(1)
    expect(subject.apply({ kind: 'tunnel-remove', name: TUNNEL.name, index })).toBeNull()
    expect([device(), on()]).toEqual([undefined, []])
    expect(subject.apply({ kind: 'tunnel-remove', name: TUNNEL.name, index })).toMatch(
      /ENODEV|no such network interface/,
    )
  })
}
