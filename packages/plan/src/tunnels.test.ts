import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { apply, kernel, kinds, links, planInput, viewOf } from './fixture.ts'
import {
  audit,
  claim,
  desired,
  diff,
  isGueWanted,
  natRulesText,
  NOTHING_OWNED,
  type Observed,
  type Operation,
  type OwnedRecord,
  readRecord,
  rememberSettings,
  troublesOf,
  writeRecord,
} from './index.ts'

const checked = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const config = checked(
  SAMPLE.replace('10.11.0.11, forward: dr', '10.11.0.11, forward: tun').replace(
    '10.11.0.12, forward: dr',
    '10.11.0.12, forward: tun, tunnel: gre',
  ),
)
const GUE = { port: 6080, family: 'ipv4' } as const
const DEVICES = ['lvsm-i0a0b0001', 'lvsm-i0a0b0002', 'lvsm-i0a0c0001', 'lvsm-i0a0c0002']
const view = viewOf(config, 'rs1')
const plan = (now: Observed, of = view) => {
  const wanted = desired(planInput('rs1', { view: of }), now)
  return diff(now, wanted, NOTHING_OWNED)
}
const judged = (now: Observed, operations: readonly Operation[]): string[] =>
  audit(operations, { observed: now, owned: new Map(), held: new Set() })
/** A look that knows the settings of every device that is there. */
const look = (now: Observed): Observed => ({
  ...now,
  sysctls: new Map([...now.links.map(({ name }) => [`net/ipv4/conf/${name}/rp_filter`, '1'] as const), ...now.sysctls]),
})
const play = (now: Observed, operations: readonly Operation[]): Observed => look(operations.reduce(apply, now))
const standing = play(look(kernel()), plan(look(kernel())))
const settled = play(standing, plan(standing))
const without = viewOf(checked(SAMPLE.replace(/ {6}- \{ node: rs1.*\n/, '')), 'rs1')

describe('a realserver of a service by tunnelling', () => {
  it('is silent in ARP, has its rules, then the VIP on lo, then the devices; nothing is left to do after rp_filter', () => {
    const first = plan(look(kernel()))
    expect(kinds(first)).toEqual([
      ...Array.from({ length: 6 }, () => 'sysctl'),
      'nat-rules',
      'alias-add',
      ...DEVICES.map(() => 'tunnel-add'),
    ])
    expect(first.flatMap((one) => (one.kind === 'tunnel-add' ? [one.name] : []))).toEqual(DEVICES)
    expect(judged(kernel(), first)).toEqual([])
    const second = plan(standing)
    expect(second.map((one) => one.kind === 'sysctl' && [one.path, one.value])).toEqual(
      DEVICES.map((name) => [`net/ipv4/conf/${name}/rp_filter`, '2']),
    )
    expect(judged(standing, second)).toEqual([])
    expect(plan(settled)).toEqual([])
  })

  it('takes from its tunnels what is for the VIP, and tells clients of segments that leave room', () => {
    const now = kernel({ links: links.map((link) => ({ ...link, mtu: link.name === 'inside' ? 1400 : 9000 })) })
    const rules = (of: string, seen: Observed) =>
      desired(planInput(of, { view: viewOf(config, of) }), seen).natRules?.tunnels
    expect(rules('rs1', kernel())).toEqual({
      devices: DEVICES,
      addresses: ['10.11.0.10'],
      clamps: [{ address: '10.11.0.10', mss: 1440 }],
    })
    expect(rules('rs2', kernel())?.clamps, 'gre has four bytes more').toEqual([{ address: '10.11.0.10', mss: 1436 }])
    expect(rules('rs1', now)?.clamps, 'by the smallest link to a director').toEqual([
      { address: '10.11.0.10', mss: 1340 },
    ])
    expect(rules('rs3', kernel())).toBeUndefined()
  })

  it.each<[what: string, change: (link: Observed['links'][number]) => Observed['links'], kinds: string[]]>([
    ['was deleted', () => [], ['tunnel-add']],
    ['was set down', (link) => [{ ...link, up: false }], ['tunnel-up']],
    [
      'leads elsewhere',
      (link) => [{ ...link, tunnel: { kind: 'ipip', local: null, remote: '10.11.0.9' } }],
      ['tunnel-remove', 'tunnel-add'],
    ],
    [
      'takes less',
      (link) => [{ ...link, tunnel: { kind: 'ipip', local: '10.11.0.11', remote: '10.11.0.1' } }],
      ['tunnel-remove', 'tunnel-add'],
    ],
  ])('a device that %s is put right, and the others are not touched', (_, change, expected) => {
    const now = { ...settled, links: settled.links.flatMap((link) => (link.name === DEVICES[0] ? change(link) : link)) }
    const operations = plan(now)
    expect(kinds(operations)).toEqual(expected)
    expect(operations.every((one) => 'name' in one && one.name === DEVICES[0])).toBe(true)
    expect(judged(now, operations)).toEqual([])
  })

  it('a device without its address gets it: loose would be strict', () => {
    const now = {
      ...settled,
      addresses: settled.addresses.filter(({ index }) => index !== settled.links.at(-1)?.index),
    }
    const operations = plan(now)
    expect(operations).toEqual([{ kind: 'tunnel-up', name: DEVICES.at(-1), index: settled.links.at(-1)?.index }])
    expect(plan(play(now, operations))).toEqual([])
  })

  it('leaves: devices first, then the rules that guard them, then the VIP', () => {
    const operations = plan(settled, without)
    expect(kinds(operations)).toEqual([...DEVICES.map(() => 'tunnel-remove'), 'nat-rules', 'alias-remove'])
    expect(judged(settled, operations)).toEqual([])
    const left = play(settled, operations)
    expect([left.links, left.addresses, left.natRules]).toEqual([links, kernel().addresses, null])
    expect(plan(left, without)).toEqual([])
  })

  it.each<[whose: string, link: Observed['links'][number]]>([
    ['has its name', { index: 7, name: DEVICES[0] ?? '', loopback: false, up: true }],
    [
      'takes what its director sends',
      {
        ...{ index: 7, name: 'office', loopback: false, up: true },
        tunnel: { kind: 'ipip', local: '10.11.0.11', remote: '10.11.0.1' },
      },
    ],
  ])('a device of somebody else that %s is one trouble, and nothing else waits for it', (_, link) => {
    const now = look(kernel({ links: [...links, link] }))
    const wanted = desired(planInput('rs1', { view }), now)
    expect(troublesOf(view, wanted, now, NOTHING_OWNED)).toMatchObject([
      { code: 'foreign-tunnel', severity: 'critical', object: `device ${link.name}` },
    ])
    const operations = diff(now, wanted, NOTHING_OWNED)
    expect(operations.flatMap((one) => (one.kind === 'tunnel-add' ? [one.name] : []))).toEqual(DEVICES.slice(1))
    expect(judged(now, operations)).toEqual([])
    expect(play(now, operations).links).toContainEqual(link)
  })

  it('tunnels of others are nobody’s business', () => {
    const others = [
      { index: 7, name: 'tunl0', loopback: false, up: true, tunnel: { kind: 'ipip', local: null, remote: null } },
      { index: 8, name: 'gre1', loopback: false, up: true, tunnel: { kind: 'gre', local: null, remote: '10.11.0.1' } },
      { index: 9, name: 'lvsm-i0a0b0009', loopback: false, up: true },
    ]
    const now = look({ ...settled, links: [...settled.links, ...others] })
    expect(plan(now)).toEqual([])
    expect(kinds(plan(now, without))).toEqual([...DEVICES.map(() => 'tunnel-remove'), 'nat-rules', 'alias-remove'])
  })
})

describe('a realserver by GUE', () => {
  const of = (text: string) =>
    viewOf(checked(SAMPLE.replace('10.11.0.11, forward: dr', `10.11.0.11, forward: tun, ${text}`)), 'rs1')
  const gue = of('tunnel: gue')
  const record: OwnedRecord = new Map([['gue 6080', new Set<string>()]])
  const planned = (now: Observed, owned = record, wanted = gue) =>
    diff(now, desired(planInput('rs1', { view: wanted }), now), owned)
  const open = {
    ...settled,
    gue: [GUE],
    natRules: natRulesText(desired(planInput('rs1', { view: gue }), settled).natRules),
  }

  it('unwraps by the devices of IP in IP, on a UDP port that opens last', () => {
    const plan = planned(look(kernel({ gue: [] })))
    expect(kinds(plan).slice(-5)).toEqual([...DEVICES.map(() => 'tunnel-add'), 'gue-open'])
    expect(plan.at(-1)).toEqual({ kind: 'gue-open', ...GUE })
    expect(judged(look(kernel()), plan)).toEqual([])
    expect(planned(open)).toEqual([])
    expect(kinds(planned({ ...open, gue: [] })), 'somebody closed it').toEqual(['gue-open'])
    expect(kinds(planned(look(kernel()))), 'not before it was looked at').not.toContain('gue-open')
    expect(desired(planInput('rs1', { view: gue }), open).natRules?.tunnels?.clamps[0]?.mss).toBe(1428)
  })

  it('closes the port first, and none that is not ours', () => {
    const plan = planned(open, record, without)
    expect(kinds(plan)[0]).toBe('gue-close')
    expect(audit(plan, { observed: open, owned: record, held: new Set() })).toEqual([])
    expect(kinds(planned(open, NOTHING_OWNED, without))).not.toContain('gue-close')
    expect(judged(open, [{ kind: 'gue-close', ...GUE }])).toEqual(['GUE on port 6080 is not ours to close'])
    expect(judged(kernel(), [{ kind: 'gue-open', ...GUE }])).toEqual(['GUE on port 6080 before rules guard tunnels'])
  })

  it('has it remembered before it opens, until it is closed', () => {
    const now = look(kernel({ gue: [] }))
    const wanted = desired(planInput('rs1', { view: gue }), now)
    const kept = rememberSettings(NOTHING_OWNED, now, wanted, planned(now))
    expect(isGueWanted([], readRecord(writeRecord(kept)))).toBe(true)
    const none = desired(planInput('rs1', { view: without }), now)
    expect(isGueWanted([], rememberSettings(kept, now, none, []))).toBe(false)
    expect(isGueWanted([], rememberSettings(kept, { ...now, gue: [GUE] }, none, [])), 'it is still open').toBe(true)
  })

  it('another port is another one', () => {
    const other = planned(open, record, of('tunnel: gue, tunnel-port: 6635'))
    expect(other).toEqual([
      { kind: 'gue-close', ...GUE },
      { kind: 'gue-open', port: 6635, family: 'ipv4' },
    ])
  })
})

describe('the laws of tunnels', () => {
  const [name = ''] = DEVICES
  const add: Operation = { kind: 'tunnel-add', name, device: 'ipip', remote: '10.11.0.1' }
  const there = settled.links.find((link) => link.name === name)
  const index = there?.index ?? 0
  it.each<[law: string, now: Observed, operation: Operation, broken: string]>([
    ['rules first', kernel(), add, `tunnel ${name} before the rules that guard it`],
    ['rules as long', settled, { kind: 'nat-rules', needs: null }, `tunnel ${name} would stand unguarded`],
    ['a name of ours', settled, { ...add, name: 'tunl0' }, 'tunl0 is no name of a tunnel of ours'],
    [
      'nothing foreign set up',
      { ...settled, links: [...links, { index: 7, name, loopback: false, up: true }] },
      { kind: 'tunnel-up', name, index: 7 },
      `${name} is not our device`,
    ],
    [
      'nothing foreign removed',
      { ...settled, links: [...links, { index: 7, name, loopback: false, up: true }] },
      { kind: 'tunnel-remove', name, index: 7 },
      `${name} is not our device`,
    ],
    ['the one that was seen', settled, { kind: 'tunnel-remove', name, index: index + 50 }, `${name} is not our device`],
    [
      'rp_filter of ours alone',
      settled,
      { kind: 'sysctl', path: 'net/ipv4/conf/all/rp_filter', value: '2', was: '1', why: '' },
      'net/ipv4/conf/all/rp_filter is not ours to write',
    ],
  ])('%s', (_, now, operation, broken) => expect(judged(now, [operation])).toContain(broken))
})

describe('a director', () => {
  const director = viewOf(config, 'dir1')
  const record = claim(NOTHING_OWNED, config.services)
  const serving = new Map([['http', new Set(['10.11.0.11:80', '10.11.0.12:80', '10.12.0.13:8080'])]])
  const of = (now: Observed): Operation[] =>
    diff(now, desired(planInput('dir1', { view: director, serving }), now), record)
  const full = of(kernel()).reduce(apply, kernel())

  it('hands packets over wrapped as the realserver wants them, beside other methods', () => {
    const dests = full.services?.[0]?.dests.map(({ address, forward, tunnel }) => [address, forward, tunnel])
    expect(dests).toEqual([
      ['10.11.0.11', 'tun', undefined],
      ['10.11.0.12', 'tun', 'gre'],
      ['10.12.0.13', 'nat', undefined],
    ])
    expect(of(full)).toEqual([])
    expect(full.sysctls.has('net/ipv4/vs/pmtu_disc')).toBe(false)
  })

  it.each<[string | undefined]>([[undefined], ['gue'], ['type-7']])(
    'edits a destination that somebody set to %s',
    (tunnel) => {
      const services = full.services?.map((service) => ({
        ...service,
        dests: service.dests
          .map(({ address, port, forward, weight, active, inactive }) => ({
            address,
            port,
            forward,
            weight,
            active,
            inactive,
          }))
          .map((dest) =>
            dest.address === '10.11.0.12' ? { ...dest, ...(tunnel === undefined ? {} : { tunnel }) } : dest,
          ),
      }))
      expect(of({ ...full, services: services ?? [] })).toMatchObject([
        { kind: 'dest-edit', dest: { address: '10.11.0.12', forward: 'tun', tunnel: 'gre', weight: 1 } },
      ])
    },
  )

  it('retires a destination in the tunnel that it has', () => {
    const none = new Map([['http', new Set<string>()]])
    const left = diff(full, desired(planInput('dir1', { view: director, serving: none }), full), record)
    expect(left).toContainEqual(
      expect.objectContaining({ kind: 'dest-edit', dest: expect.objectContaining({ tunnel: 'gre', weight: 0 }) }),
    )
  })
})
