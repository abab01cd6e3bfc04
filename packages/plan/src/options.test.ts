/** Options of services, limits of realservers and timeouts: brought about by edits alone, and put back. */
import { checkConfig, type Config, SAMPLE, specText } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { apply, kernel, kinds, planInput, viewOf } from './fixture.ts'
import {
  audit,
  claim,
  desired,
  describeOperation,
  diff,
  NOTHING_OWNED,
  type Observed,
  type Operation,
} from './index.ts'

const checked = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const PLAIN = checked(SAMPLE)
const FULL = checked(
  SAMPLE.replace('scheduler: wrr', 'scheduler: wrr\n    persistence: 5m\n    persistence-netmask: 24')
    .replace('weight: 1 }', 'weight: 1, upper-threshold: 8, lower-threshold: 4 }')
    .replace('revision: 1', 'revision: 1\ntcp-timeout: 10m\nudp-timeout: 30s'),
)
const inputOf = (config: Config) => planInput('dir1', { view: viewOf(config, 'dir1') })
const wantedOf = (config: Config, now: Observed) => desired(inputOf(config), now)
const BOOT = { timeouts: { tcp: 900, tcpFin: 120, udp: 300 } }

/** The plan, sound, and the kernel after it. */
function settle(now: Observed, config: Config): { readonly plan: readonly Operation[]; readonly after: Observed } {
  const record = claim(NOTHING_OWNED, config.services)
  const plan = diff(now, wantedOf(config, now), record)
  expect(audit(plan, { observed: now, owned: record, held: new Set() })).toEqual([])
  return { plan, after: plan.reduce(apply, now) }
}
const table = (now: Observed) => settle(now, FULL).after
const said = (plan: readonly Operation[]) => plan.map(describeOperation)

describe('an existing table is taken over', () => {
  it('by edits alone: no service and no destination goes, so no connection does', () => {
    const before = settle(kernel(BOOT), PLAIN).after
    const { plan, after } = settle(before, FULL)
    expect(new Set(kinds(plan))).toEqual(new Set(['timeouts', 'service-edit', 'dest-edit']))
    expect(said(plan)).toEqual([
      'IPVS timeouts tcp 900 s, tcp-fin 120 s, udp 300 s → tcp 600 s, udp 30 s',
      'edit service tcp 10.11.0.10:80 wrr, persistent 300 s for each /24',
      'edit 10.11.0.11:80 dr weight 1 at most 8 connections, again under 4 in tcp 10.11.0.10:80',
    ])
    expect(after.timeouts).toEqual({ tcp: 600, tcpFin: 120, udp: 30 })
    expect(settle(after, FULL).plan).toEqual([])
    // And back again; timeouts of which nobody knows how they were stay as they are.
    const back = settle(after, PLAIN)
    expect(said(back.plan)).toEqual([
      'edit service tcp 10.11.0.10:80 wrr',
      'edit 10.11.0.11:80 dr weight 1 in tcp 10.11.0.10:80',
    ])
    expect(settle(back.after, PLAIN).plan).toEqual([])
  })
})

describe('what somebody else changed is put back by one edit:', () => {
  const right = table(kernel(BOOT))
  const altered = (change: (service: NonNullable<Observed['services']>[number]) => object): Observed => ({
    ...right,
    services: (right.services ?? []).map((service) => ({ ...service, ...change(service) })),
  })
  const spec = (more: object) => altered(({ spec: old }) => ({ spec: { ...old, ...more } }))
  const persistence = { seconds: 300, prefix: 24, engine: null }
  const limits = (upper: number, lower: number) =>
    altered(({ dests }) => ({ dests: dests.map((dest, at) => (at === 0 ? { ...dest, upper, lower } : dest)) }))
  it.each([
    ['one packet', spec({ onePacket: true }), 'service-edit'],
    ['no persistence', altered(() => ({ spec: { scheduler: 'wrr', flags: [] } })), 'service-edit'],
    ['its time', spec({ persistence: { ...persistence, seconds: 60 } }), 'service-edit'],
    ['its mask', spec({ persistence: { ...persistence, prefix: null } }), 'service-edit'],
    ['its engine', spec({ persistence: { ...persistence, engine: 'sip' } }), 'service-edit'],
    ['the upper threshold', limits(9, 4), 'dest-edit'],
    ['the lower threshold', limits(8, 0), 'dest-edit'],
    ['the timeout of UDP', { ...right, timeouts: { tcp: 600, tcpFin: 120, udp: 31 } }, 'timeouts'],
    ['the timeout of TCP', { ...right, timeouts: { tcp: 900, tcpFin: 120, udp: 30 } }, 'timeouts'],
  ])('%s', (_, now, kind) => {
    const { plan, after } = settle(now, FULL)
    expect(kinds(plan)).toEqual([kind])
    expect(settle(after, FULL).plan).toEqual([])
  })
  it('a timeout of which nothing is said is left as it is', () =>
    expect(settle({ ...right, timeouts: { tcp: 600, tcpFin: 7, udp: 30 } }, FULL).plan).toEqual([]))
})

it('timeouts are those of directors alone', () => {
  expect(desired(planInput('rs1', { view: viewOf(FULL, 'rs1') }), kernel()).timeouts).toBeUndefined()
  expect(desired(inputOf(PLAIN), kernel()).timeouts).toBeUndefined()
})

it('the audit stops what the kernel would refuse, or heed in another way', () => {
  const service = { protocol: 'tcp', address: '10.11.0.10', port: 80 } as const
  const judged = (operation: Operation): string[] =>
    audit([operation], { observed: kernel(), owned: new Map(), held: new Set() })
  const add = (spec: object): Operation => ({
    kind: 'service-add',
    service,
    spec: { scheduler: 'rr', flags: [], ...spec },
  })
  expect(judged(add({ onePacket: true }))).toEqual([expect.stringContaining('is no service of UDP')])
  expect(judged(add({ persistence: { seconds: 0.5, prefix: null, engine: null } }))).toEqual([
    expect.stringContaining('persistent for 0.5 seconds'),
  ])
  const was = { tcp: 900, tcpFin: 120, udp: 300 }
  expect(judged({ kind: 'timeouts', timeouts: { tcp: 0, tcpFin: null, udp: 30 }, was })).toEqual([
    'the timeout tcp would be 0 seconds',
  ])
  const dest = { address: '10.11.0.11', port: 80, forward: 'dr', weight: 1, upper: 3, lower: 4 } as const
  const plan: Operation[] = [add({}), { kind: 'dest-add', service, dest }]
  expect(audit(plan, { observed: kernel(), owned: new Map(), held: new Set() })).toEqual([
    expect.stringContaining('again under 4, and none from 3 on'),
  ])
})

it('equal texts are equal specs', () => {
  const [plain, full] = [PLAIN, FULL].map((config) => wantedOf(config, kernel()).services[0]?.spec)
  expect(plain && full && specText(plain) === specText(full)).toBe(false)
})
