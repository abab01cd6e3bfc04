import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { kernel, planInput, viewOf } from './fixture.ts'
import { audit, desired, diff, NOTHING_OWNED, type Observed, type Operation, troublesOf } from './index.ts'
import { sourcesToward } from './full-nat.ts'

const configOf = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
/** rs1 on the outside network; rs3, which was behind the gateway, stays there by NAT. */
const FULL = SAMPLE.replace('10.11.0.11, forward: dr', '10.11.0.11, port: 8080, forward: fullnat')
const CONNTRACK = 'net/ipv4/vs/conntrack'
const view = viewOf(configOf(FULL), 'dir1')
/** The addresses of dir1, and what the kernel says of a setting. */
const host = (more: Partial<Observed> = {}, conntrack: string | null = '0'): Observed => {
  const now = kernel()
  const addresses = now.addresses.map((one) =>
    one.label === 'inside' || one.label === 'outside' ? { ...one, address: one.address.replace(/\.\d+$/, '.1') } : one,
  )
  return { ...now, addresses, sysctls: new Map([...now.sysctls, [CONNTRACK, conntrack]]), ...more }
}
const wantedOf = (now: Observed, of = view) => desired(planInput('dir1', { view: of }), now)
const plan = (now: Observed, of = view): Operation[] => diff(now, wantedOf(now, of), NOTHING_OWNED)
const judged = (now: Observed, operations: readonly Operation[], held: readonly string[] = []): string[] =>
  audit(operations, { observed: now, owned: new Map(), held: new Set(held) })

describe('a director with a realserver by full NAT', () => {
  it("hands packets over from its own address in the realserver's network, for this service and realserver alone", () => {
    expect(wantedOf(host()).natRules?.sources).toEqual([
      {
        vip: '10.11.0.10',
        address: '10.11.0.11',
        protocol: 'tcp',
        ports: { from: 8080, to: 8080 },
        source: '10.11.0.1',
      },
    ])
    expect(wantedOf(host(), viewOf(configOf(SAMPLE), 'dir1')).natRules?.sources).toBeUndefined()
  })

  it('keeps connection tracking from services of which it would see one half', () => {
    const half = FULL.concat(
      '  - { name: dns, group: web, address: 10.11.0.10, port: 53, protocol: udp, scheduler: rr, realservers: [{ node: rs2, address: 10.11.0.12, forward: dr }] }\n',
    )
    const rules = wantedOf(host(), viewOf(configOf(half), 'dir1')).natRules
    expect(rules?.untracked).toEqual([{ address: '10.11.0.10', port: 53, protocol: 'udp' }])
    const direct = half.replace('port: 8080, forward: fullnat', 'forward: dr')
    expect(wantedOf(host(), viewOf(configOf(direct), 'dir1')).natRules?.untracked).toBeUndefined()
    expect(wantedOf(host()).natRules?.untracked, 'what passes in both directions').toBeUndefined()
  })

  it('leaves out what is of NAT alone: its answers come to the director, and what it begins is its own', () => {
    const { untranslated, masquerade, suppressRst } = wantedOf(host()).natRules ?? {}
    expect(untranslated?.map(({ address }) => address)).toEqual(['10.12.0.13'])
    expect(masquerade?.map(({ network }) => network.address)).toEqual(['10.12.0.0'])
    expect(suppressRst?.map(({ address, port }) => `${address}:${port}`)).toEqual([
      '10.11.0.11:8080',
      '10.12.0.13:8080',
    ])
  })

  it('has its connections tracked, and forwards; the table says NAT', () => {
    const first = plan(host())
    const settings = first.flatMap((one) => (one.kind === 'sysctl' ? [`${one.path} ${one.value}`] : []))
    expect(settings).toContain(`${CONNTRACK} 1`)
    expect(settings).toContain('net/ipv4/ip_forward 1')
    expect(judged(host(), first)).toEqual([])
    const serving = new Map([['http', new Set(['10.11.0.11:8080'])]])
    const served = desired(planInput('dir1', { view, serving }), host())
    expect(served.services[0]?.dests).toMatchObject([{ address: '10.11.0.11', port: 8080, forward: 'nat' }])
    expect(
      plan(host(), viewOf(configOf(SAMPLE), 'dir1')).some((one) => one.kind === 'sysctl' && one.path === CONNTRACK),
    ).toBe(false)
  })

  it('has connection tracking remember idle connections as long as IPVS does, and leaves it to remember longer', () => {
    const ESTABLISHED = 'net/netfilter/nf_conntrack_tcp_timeout_established'
    const wrote = (was: string | null, of = view) =>
      plan(host({ sysctls: new Map([...host().sysctls, [ESTABLISHED, was]]) }), of).flatMap((one) =>
        one.kind === 'sysctl' && one.path === ESTABLISHED ? [one.value] : [],
      )
    expect(wrote('300')).toEqual(['900'])
    expect(wrote('900')).toEqual([])
    expect(wrote('432000'), 'as the kernel begins').toEqual([])
    expect(wrote(null), 'without connection tracking').toEqual([])
    const longer = { ...view, ipvsTimeouts: { ...view.ipvsTimeouts, tcp: 3600 } }
    expect(wrote('900', longer)).toEqual(['3600'])
    expect(wrote('300', viewOf(configOf(SAMPLE), 'dir1')), 'nobody by full NAT').toEqual([])
  })

  it('never hands over from an address that may move on', () => {
    const label = 'outside:lvsm'
    const index = host().addresses.find((one) => one.label === 'outside')?.index ?? 0
    const floats = host({ addresses: [...host().addresses, { index, address: '10.11.0.10', prefix: 24, label }] })
    expect(wantedOf(floats).natRules?.sources?.[0]?.source).toBe('10.11.0.1')
    const needs = wantedOf(host()).natRules
    const [rule] = needs?.sources ?? []
    if (!needs || !rule) return expect.unreachable()
    const to = (source: string): Operation => ({
      kind: 'nat-rules',
      needs: { ...needs, sources: [{ ...rule, source }] },
    })
    const broken = (source: string) => `10.11.0.11 would be asked from ${source}, which does not stay this node's own`
    expect(judged(floats, [to('10.11.0.10')])).toEqual([broken('10.11.0.10')])
    expect(judged(host(), [to('10.11.0.77')])).toEqual([broken('10.11.0.77')])
    expect(judged(host(), [to('10.11.0.1')], ['10.11.0.1'])).toEqual([broken('10.11.0.1')])
    expect(judged(host(), [to('10.11.0.1')])).toEqual([])
  })

  it('takes the link of its way out for a realserver that is in none of its networks', () => {
    const [inside, outside] = ['inside', 'outside'].map((name) => host().addresses.find(({ label }) => label === name))
    const by = (index = 0) =>
      sourcesToward(view, host({ defaults: [{ gateway: '10.0.0.254', index, protocol: 3, metric: 0 }] }))('10.99.0.13')
    expect(by(inside?.index)).toBe('10.12.0.1')
    expect(by(outside?.index)).toBe('10.11.0.1')
    expect(sourcesToward(view, host())('10.99.0.13')).toMatch(/^10\.1[12]\.0\.1$/)
    expect(sourcesToward(view, host())('2001:db8::13')).toBeNull()
  })
})

describe('what is in the way of it', () => {
  const codes = (now: Observed) =>
    troublesOf(view, wantedOf(now), now, NOTHING_OWNED)
      .filter(({ code }) => code === 'no-source' || code === 'no-conntrack')
      .map(({ code, severity }) => `${code} ${severity}`)
  it('is told: no address of its own is on the node, or its IPVS tracks nothing', () => {
    expect(codes(host())).toEqual([])
    expect(codes(kernel({ sysctls: new Map([[CONNTRACK, '1']]) })), 'those are addresses of another machine').toEqual([
      'no-source critical',
    ])
    expect(codes(host({}, null))).toEqual(['no-conntrack critical'])
  })
})
