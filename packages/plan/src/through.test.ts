/** Checks that go through IPVS: what the owner's kernel is to have for them, and that nothing of it stays. */
import { checkConfig, checkMarkOf, isCheckMark, isMark, SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { kernel, planInput, viewOf } from './fixture.ts'
import {
  audit,
  claim,
  desired,
  diff,
  isForChecks,
  natRulesText,
  type Observed,
  type Operation,
  rememberSettings,
} from './index.ts'
import { throughService } from './through.ts'

const { config } = checkConfig(SAMPLE.replace(/ {6}- \{ node: rs3.*\n/, '').replace('type: tcp', 'type: tcp, via: vip'))
if (!config) throw new Error('the sample is refused')
const view = viewOf(config, 'dir1')
const MARK = checkMarkOf('http')
const IN = 'net/ipv4/conf/outside/'
const ALL = 'net/ipv4/conf/all/rp_filter'
const [ONE, OTHER] = ['10.11.0.11:80', '10.11.0.12:80']
const host = (all = '0'): Observed => {
  const now = kernel()
  const addresses = now.addresses.map((one) => ({ ...one, address: one.address.replace(/\.\d+$/, '.1') }))
  const settings = [`${IN}accept_local`, `${IN}rp_filter`].map((path, at) => [path, String(at)] as const)
  return { ...now, addresses, sysctls: new Map([...now.sysctls, ...settings, [ALL, all]]) }
}
const wantedOf = (owned: readonly string[], turn?: string, now = host()) =>
  desired(planInput('dir1', { view, owned: new Set(owned), turns: new Map(turn ? [['http', turn]] : []) }), now)
const ours = claim(new Map(), [...view.services, ...view.services.flatMap((one) => throughService(one) ?? [])])
const dest = (key: string, weight: number) =>
  ({ address: key.split(':')[0] ?? '', port: 80, forward: 'dr', weight, active: 0, inactive: 0 }) as const
/** With an entry in which one of them takes connections. */
const inTurn = (now: Observed, key: string, ...more: ReturnType<typeof dest>[]): Observed => {
  const dests = [ONE, OTHER].map((one) => dest(one, one === key ? 1 : 0))
  const spec = { scheduler: 'rr', flags: [] }
  return { ...now, services: [{ fwmark: MARK, family: 'ipv4', spec, dests: [...dests, ...more] }] }
}
const forChecks = (plan: readonly Operation[]): string[] =>
  plan.flatMap((one) => {
    if (!('service' in one) || !isMark(one.service)) return []
    const about = 'dest' in one ? ` ${one.dest.address} ${one.dest.weight}` : 'address' in one ? ` ${one.address}` : ''
    return [one.kind + about]
  })
const settingsIn = (plan: readonly Operation[]): string[] =>
  plan.flatMap((one) => (one.kind === 'sysctl' && isForChecks(one) ? [`${one.path} ${one.value}`] : [])).toSorted()

describe('a check through IPVS', () => {
  it('has a mark of its own, a service in which the one whose turn it is takes connections, and an interface that lets answers in', () => {
    const wanted = wantedOf(['web'], ONE)
    expect(isCheckMark(MARK)).toBe(true)
    expect(wanted.natRules?.through).toEqual([
      { protocol: 'tcp', source: '10.11.0.1', address: '10.11.0.10', port: 80, mark: MARK },
    ])
    const plan = diff(host(), wanted, ours)
    expect(forChecks(plan)).toEqual(['service-add', 'dest-add 10.11.0.11 1', 'dest-add 10.11.0.12 0'])
    expect(settingsIn(plan)).toEqual([`${IN}accept_local 1`, `${IN}rp_filter 2`])
    expect(audit(plan, { observed: host(), owned: ours, held: new Set(['10.11.0.10']) })).toEqual([])
  })

  it.each<[string, readonly (readonly [string, string])[], string, number, boolean]>([
    [
      'datagrams, of which IPVS keeps nothing',
      [['protocol: tcp', 'protocol: udp']],
      'type: udp, expect: pong',
      80,
      true,
    ],
    ['a name server over TCP', [], 'type: dns, tcp: true', 80, false],
    ['the first of several ports', [['port: 80', 'ports: [80, 8000-8100]']], 'type: tcp', 80, false],
    ['the one that is named', [['port: 80', 'ports: [80, 8000-8100]']], 'type: tcp, port: 8001', 8001, false],
  ])('is of %s', (_, edits, check, port, onePacket) => {
    const direct = SAMPLE.replace(/ {6}- \{ node: rs3.*\n/, '').replace('type: tcp', `${check}, via: vip`)
    const text = edits.reduce((one, [from, to]) => one.replace(from, to), direct)
    const found = checkConfig(text)
    if (!found.config) throw new Error(JSON.stringify(found.refusals))
    const wanted = desired(planInput('dir1', { view: viewOf(found.config, 'dir1'), owned: new Set(['web']) }), host())
    const protocol = onePacket ? 'udp' : 'tcp'
    expect(wanted.natRules?.through).toMatchObject([{ protocol, address: '10.11.0.10', port, mark: MARK }])
    const entry = wanted.services.find((one) => isMark(one) && one.fwmark === MARK)
    expect(entry?.spec.onePacket ?? false).toBe(onePacket)
  })

  it('hands over from one to the next, and takes nobody out: who was asked before hears how its connection ends', () => {
    const now = inTurn(host(), ONE)
    const plan = diff(now, wantedOf(['web'], OTHER), ours)
    expect(forChecks(plan)).toEqual(['dest-edit 10.11.0.12 1', 'dest-edit 10.11.0.11 0'])
    expect(audit(plan, { observed: now, owned: ours, held: new Set() })).toEqual([])
  })

  it('has no two at once; what somebody else puts in holds nothing up', () => {
    const now = inTurn(host(), ONE)
    const service = { fwmark: MARK, family: 'ipv4' } as const
    const both: Operation[] = [{ kind: 'dest-edit', service, dest: dest(OTHER, 1) }]
    expect(audit(both, { observed: now, owned: ours, held: new Set() })).toEqual([
      `fwmark ${MARK} would check 2 realservers at once`,
    ])
    const foreign = inTurn(host(), ONE, dest('10.11.0.99:80', 1))
    const plan = diff(foreign, wantedOf(['web'], OTHER), ours)
    expect(audit(plan, { observed: foreign, owned: ours, held: new Set() })).toEqual([])
  })

  it.each([
    ['0', '0', []],
    ['1', '0', [`${IN}rp_filter 2`]],
    ['0', '1', [`${IN}rp_filter 2`]],
    ['1', '2', []],
    ['2', '0', []],
  ])('of all (%s) and the interface (%s) the larger rp_filter counts: %j is written', (all, one, written) => {
    const now = host(all)
    const observed = { ...now, sysctls: new Map([...now.sysctls, [`${IN}rp_filter`, one], [`${IN}accept_local`, '1']]) }
    const wanted = wantedOf(['web'], ONE, observed)
    expect(settingsIn(diff(observed, wanted, ours))).toEqual(written)
    expect(wanted.sysctls.some(({ path }) => path === ALL)).toBe(true)
  })

  it('leaves nothing on who does not own the group: settings are as they were', () => {
    const wanted = wantedOf(['web'], ONE)
    const record = rememberSettings(ours, host(), wanted, diff(host(), wanted, ours))
    const sysctls = new Map([...host().sysctls, [`${IN}accept_local`, '1'], [`${IN}rp_filter`, '2']])
    const now = { ...inTurn({ ...host(), sysctls }, ONE), natRules: natRulesText(wanted.natRules) }
    const plan = diff(now, wantedOf([]), record)
    expect(wantedOf([]).natRules?.through).toBeUndefined()
    expect(forChecks(plan)).toEqual([
      'dest-edit 10.11.0.11 0',
      'dest-remove 10.11.0.11',
      'dest-remove 10.11.0.12',
      'service-remove',
    ])
    expect(settingsIn(plan)).toEqual([`${IN}accept_local 0`, `${IN}rp_filter 1`])
    expect(audit(plan, { observed: now, owned: record, held: new Set() })).toEqual([])
  })

  it('marks with nothing but marks of checks', () => {
    const wanted = wantedOf(['web'], ONE)
    const rule = { protocol: 'tcp', source: '10.11.0.10', address: '10.11.0.10', port: 80, mark: 7 }
    const needs = { ...wanted.natRules, through: [rule] } as typeof wanted.natRules
    expect(
      audit([{ kind: 'nat-rules', needs }], { observed: host(), owned: ours, held: new Set(['10.11.0.10']) }),
    ).toEqual([
      'checks of 10.11.0.10 would get the mark 7, which is not ours',
      '10.11.0.10 would be checked from 10.11.0.10, which clients ask',
    ])
  })
})
