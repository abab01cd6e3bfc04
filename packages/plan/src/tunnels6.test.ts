import { ownLabel } from '@lvsm/base'
import { checkConfig, type Config, SAMPLE, tunnelDeviceName } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { apply, kernel, kinds, links, planInput, viewOf } from './fixture.ts'
import { audit, desired, diff, NOTHING_OWNED, type Observed, type Operation, troublesOf } from './index.ts'

const VIP = '2001:db8:11::10'
const configOf = (tunnel: string): Config => {
  const text = `${SAMPLE.replace('vips: [10.11.0.10/24]', `vips: [10.11.0.10/24, ${VIP}/64]`).replaceAll(
    /name: inside, address: 10\.12\.0\.(\d+)/g,
    'name: inside, address: "2001:db8:12::$1"',
  )}  - { name: http6, group: web, address: "${VIP}", port: 80, protocol: tcp, scheduler: rr, realservers: [{ node: rs1, address: "2001:db8:12::11", forward: tun, tunnel: ${tunnel} }] }
`
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const inside = links.find(({ name }) => name === 'inside')
const host = (more: Partial<Observed> = {}): Observed => {
  const six = { index: inside?.index ?? 0, address: '2001:db8:12::11', prefix: 64, label: 'inside' }
  const now = kernel()
  return seen({ ...now, addresses: [...now.addresses, six], ...more })
}
/** A look that knows the settings of every device that is there. */
const seen = (now: Observed): Observed => ({
  ...now,
  sysctls: new Map([
    ...now.links.map(({ name }) => [`net/ipv6/conf/${name}/disable_ipv6`, '1'] as const),
    ...now.sysctls,
  ]),
})
const view = viewOf(configOf('ipip'), 'rs1')
const wantedOf = (now: Observed, of = view) => desired(planInput('rs1', { view: of }), now)
const plan = (now: Observed, of = view): Operation[] => diff(now, wantedOf(now, of), NOTHING_OWNED)
const judged = (now: Observed, operations: readonly Operation[]): string[] =>
  audit(operations, { observed: now, owned: new Map(), held: new Set() })
const play = (now: Observed, operations: readonly Operation[]): Observed => seen(operations.reduce(apply, now))
const DEVICES = ['2001:db8:12::1', '2001:db8:12::2'].map((remote) => tunnelDeviceName('ipip', remote))
const standing = play(host(), plan(host()))
const settled = play(standing, plan(standing))

describe('a realserver of a service of IPv6 by tunnelling', () => {
  it('has rules, the VIP on lo, and a device for each director; then the device takes IPv6, and nothing is left to do', () => {
    const first = plan(host())
    expect(kinds(first).filter((kind) => kind !== 'sysctl')).toEqual([
      'nat-rules',
      'alias-add',
      'alias-add',
      'tunnel-add',
      'tunnel-add',
    ])
    expect(first.flatMap((one) => (one.kind === 'tunnel-add' ? [[one.name, one.device]] : []))).toEqual(
      DEVICES.map((name) => [name, 'ip6tnl']),
    )
    expect(judged(host(), first)).toEqual([])
    const second = plan(standing)
    expect(second.map((one) => one.kind === 'sysctl' && [one.path, one.value])).toEqual(
      DEVICES.map((name) => [`net/ipv6/conf/${name}/disable_ipv6`, '0']),
    )
    expect(judged(standing, second)).toEqual([])
    expect(plan(settled), 'and no address on it').toEqual([])
  })

  it('has the VIP on its tunnel devices alone, where that is its placement, and never as a source', () => {
    const placed = viewOf(configOf('ipip, placement: tunnel'), 'rs1')
    const vips = (operations: readonly Operation[]) =>
      operations.flatMap((one) => (one.kind === 'alias-add' && one.address === VIP ? [[one.prefix, one.label]] : []))
    const first = plan(host(), placed)
    expect([vips(first), judged(host(), first)]).toEqual([[], []])
    const begun = play(host(), first)
    const second = plan(begun, placed)
    expect(vips(second)).toEqual(DEVICES.map((name) => [128, ownLabel(name)]))
    expect(judged(begun, second)).toEqual([])
    expect(plan(play(begun, second), placed)).toEqual([])
  })

  it.each([
    ['ipip', 1500 - 40 - 60],
    ['gre', 1500 - 44 - 60],
    ['gue', 1500 - 52 - 60],
  ])('tells clients of segments that leave room for %s', (tunnel, mss) =>
    expect(wantedOf(host(), viewOf(configOf(tunnel), 'rs1')).natRules?.tunnels).toMatchObject({
      addresses: [VIP],
      clamps: [{ address: VIP, mss }],
    }),
  )

  it('never of smaller ones than every link of IPv6 carries', () => {
    const narrow = host({ links: links.map((link) => ({ ...link, mtu: 1290 })) })
    expect(wantedOf(narrow).natRules?.tunnels?.clamps).toEqual([{ address: VIP, mss: 1220 }])
  })

  it.each<
    [what: string, change: (link: Observed['links'][number]) => Observed['links'], expected: Operation['kind'][]]
  >([
    ['was deleted', () => [], ['tunnel-add']],
    ['was set down', (link) => [{ ...link, up: false }], ['tunnel-up']],
    [
      'takes IPv4 alone',
      (link) => [{ ...link, tunnel: { kind: 'ip6tnl', local: null, remote: '2001:db8:12::1', takesAll: false } }],
      ['tunnel-remove', 'tunnel-add'],
    ],
  ])('a device that %s is put right', (_, change, expected) => {
    const now = { ...settled, links: settled.links.flatMap((link) => (link.name === DEVICES[0] ? change(link) : link)) }
    const operations = plan(now)
    expect(kinds(operations)).toEqual(expected)
    expect(judged(now, operations)).toEqual([])
  })

  it('opens and closes ports of GUE of its own family', () => {
    const gue = viewOf(configOf('gue'), 'rs1')
    const other = { port: 6080, family: 'ipv4' } as const
    const opened = plan(host({ gue: [other] }), gue).at(-1)
    expect(opened).toEqual({ kind: 'gue-open', port: 6080, family: 'ipv6' })
    const now = host({ gue: [other, { port: 6080, family: 'ipv6' }] })
    const record = new Map([['gue 6080 ipv6', new Set<string>()]])
    const none = viewOf(configOf('ipip'), 'rs2')
    const closing = diff(now, desired(planInput('rs2', { view: none }), now), record)
    expect(closing.filter(({ kind }) => kind === 'gue-close')).toEqual([
      { kind: 'gue-close', port: 6080, family: 'ipv6' },
    ])
    expect(audit(closing, { observed: now, owned: record, held: new Set() })).toEqual([])
  })
})

describe('a director', () => {
  const director = viewOf(configOf('gre'), 'dir1')
  const troubles = (mtu: number) => {
    const now = host({ links: links.map((link) => ({ ...link, mtu })) })
    return troublesOf(director, desired(planInput('dir1', { view: director }), now), now, NOTHING_OWNED).filter(
      ({ code }) => code === 'tunnel-too-narrow',
    )
  }
  it('tells of a link that has no room for what it wraps', () => {
    expect(troubles(1500)).toEqual([])
    expect(troubles(1280 + 44)).toEqual([])
    expect(troubles(1280 + 43)).toMatchObject([
      {
        severity: 'critical',
        object: 'interface inside',
        message:
          'interface inside carries 1323 bytes, and a tunnel over IPv6 to rs1 needs 1324: the kernel drops all that it wraps',
      },
    ])
  })
})
