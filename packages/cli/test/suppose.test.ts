/** What a cluster would be if something failed in it: who would own what, what would be served, and what nobody knows. */
import { judge, type Status, suppose as supposeBy, type Supposed } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { refill } from '../src/simulate/pool.ts'
import { simulate } from '../src/simulate/simulate.ts'

const suppose = (status: Status, supposed: Supposed): Status => supposeBy(status, supposed, refill)
const server = (node: string, more: object = {}) => ({
  ...{
    node,
    address: `10.11.0.3${node.at(-1)}`,
    port: 80,
    forward: 'dr',
    weight: 1,
    healthy: true,
    active: 0,
    inactive: 0,
  },
  ...{ reason: 'connected', ...more },
})
const node = (name: string, voter: boolean, state = 'standby'): Status['nodes'][number] =>
  ({ name, roles: ['director'], voter, state, reason: 'well', standby: false, agent: true }) as Status['nodes'][number]
const taker = (name: string, voters?: number, could: boolean | null = true) => ({
  ...{ node: name, could, reason: could === true ? '' : 'its agent did not say' },
  ...(voters === undefined ? {} : { voters }),
})
const group = (takers: object[], more: object = {}) => ({
  ...{ name: 'web', owner: 'dir1', number: 7, leftMs: 900, addresses: ['10.11.0.10'], pings: [], takers },
  ...{ directors: ['dir1', 'dir2', 'dir3'], state: 'owned', reason: 'renewed', ...more },
})
/** Voters are dir1, dir2 and rs1. */
const status = (takers: object[], more: object = {}): Status =>
  ({
    ...{ cluster: 'lab', node: 'dir1', revision: 1, quorum: true, troubles: [], counters: {} },
    groups: [group(takers)],
    services: [
      {
        ...{
          name: 'http',
          group: 'web',
          address: '10.11.0.10',
          port: 80,
          protocol: 'tcp',
          scheduler: 'wlc',
          told: true,
        },
        realservers: [server('rs1'), server('rs2')],
      },
    ],
    nodes: [
      node('dir1', true, 'owner'),
      node('dir2', true),
      node('dir3', false),
      node('rs1', true, 'serving'),
      node('rs2', false, 'serving'),
    ],
    ...more,
  }) as unknown as Status

/** Owner and state of the group, who serves, and the health that its head would have. */
function after(of: Status, { dead = [], failed = [] }: Partial<Supposed>): string {
  const then = suppose(of, { dead, failed })
  const [one] = then.groups
  const serve = then.services[0]!.realservers.filter(({ weight }) => weight > 0).map((realserver) => realserver.node)
  return `${one!.owner ?? one!.state} | ${serve.join(' ')} | ${judge(then).health}`
}
/** rs2 is a backup. */
function backed(more: object, ...others: object[]): Status {
  const of = status(WELL)
  const realservers = [server('rs1'), server('rs2', { backup: true, weight: 0 }), ...others]
  return { ...of, services: of.services.map((one) => ({ ...one, ...more, realservers })) } as Status
}
const ALL = {
  failed: [
    { node: 'rs1', service: null },
    { node: 'rs2', service: null },
  ],
}
function pool(more: object, ...servers: object[]): Status {
  const of = status(WELL)
  const services = of.services.map((one) => ({
    ...one,
    ...(servers.length > 0 ? { realservers: servers } : {}),
    ...more,
  }))
  return { ...of, services } as Status
}
const WELL = [taker('dir2', 2), taker('dir3', 2)]

test.each<[string, Status, Partial<Supposed>, string]>([
  ['nothing fails', status(WELL), {}, 'dir1 | rs1 rs2 | healthy'],
  ['the owner dies: the next in order has it', status(WELL), { dead: ['dir1'] }, 'dir2 | rs1 rs2 | degraded'],
  [
    'one that cannot is passed over',
    status([taker('dir2', 2, false), taker('dir3', 2)]),
    { dead: ['dir1'] },
    'dir3 | rs1 rs2 | degraded',
  ],
  [
    'one before it of whom nothing is known: nobody knows',
    status([taker('dir2', 2, null), taker('dir3', 2)]),
    { dead: ['dir1'] },
    'unknown | rs1 rs2 | degraded',
  ],
  ['nobody could take it', status([taker('dir2', 2, false)]), { dead: ['dir1'] }, 'nobody | rs1 rs2 | not served'],
  ['a standby dies: nothing moves', status(WELL), { dead: ['dir2'] }, 'dir1 | rs1 rs2 | degraded'],
  [
    'two voters of three die: the owner loses its lease too',
    status(WELL),
    { dead: ['dir2', 'rs1'] },
    'nobody | rs2 | not served',
  ],
  ['the last one of its own fails: its backup serves', backed({}), { dead: ['rs1'] }, 'dir1 | rs2 | degraded'],
  ['nothing fails: its backup is in reserve', backed({}), {}, 'dir1 | rs1 | healthy'],
  [
    'under its quorum those that are left are out, too',
    backed({ quorum: 3, hysteresis: 1 }, server('rs3', { configured: 2, weight: 2 })),
    { failed: [{ node: 'rs3', service: null }] },
    'dir1 | rs2 | degraded',
  ],
  [
    'within the hysteresis nothing changes',
    backed({ quorum: 3, hysteresis: 1 }, server('rs3', { configured: 2, weight: 2 })),
    { failed: [{ node: 'rs1', service: null }] },
    'dir1 | rs3 | degraded',
  ],
  ['a realserver that is no voter dies', status(WELL), { dead: ['rs2'] }, 'dir1 | rs1 | degraded'],
  [
    'a server fails in a service',
    status(WELL),
    { failed: [{ node: 'rs1', service: 'http' }] },
    'dir1 | rs2 | degraded',
  ],
  [
    'in another service: nothing',
    status(WELL),
    { failed: [{ node: 'rs1', service: 'smtp' }] },
    'dir1 | rs1 rs2 | healthy',
  ],
  ['all servers fail: the last ones stay', status(WELL), ALL, 'dir1 | rs1 rs2 | degraded'],
  ['all fail, and the last ones are not to stay', pool({ keepLast: false }), ALL, 'dir1 |  | not served'],
  [
    'no more may be out at once: of those that are in',
    pool({ maxEjection: 34 }, server('rs1'), server('rs2'), server('rs3')),
    ALL,
    'dir1 | rs1 rs3 | degraded',
  ],
  [
    'fewer are well than its panic says: all serve, also who was out',
    pool({ panic: 50 }, server('rs1', { healthy: false, weight: 0 }), server('rs2'), server('rs3')),
    { failed: [{ node: 'rs2', service: 'http' }] },
    'dir1 | rs1 rs2 rs3 | degraded',
  ],
  [
    'nobody checks them: nobody learns of it',
    pool({}, server('rs1', { basis: 'no-check' }), server('rs2', { basis: 'no-check' })),
    ALL,
    'dir1 | rs1 rs2 | not known',
  ],
  [
    'one fails that was kept before, and another one is well',
    pool({}, server('rs1', { healthy: false, kept: 'cap' }), server('rs2')),
    { dead: ['rs1'] },
    'dir1 | rs2 | degraded',
  ],
  [
    'the owner dies, and who is next hears too few voters',
    status([taker('dir2', 1)]),
    { dead: ['dir1'] },
    'nobody | rs1 rs2 | not served',
  ],
  [
    'an operator stopped the group',
    status(WELL, { groups: [group(WELL, { owner: null, state: 'stopped' })] }),
    { dead: ['dir1'] },
    'stopped | rs1 rs2 | degraded',
  ],
])('%s', (_, of, supposed, expected) => expect(after(of, supposed)).toBe(expected))

/** Five voters; who would take it hears all others but one, and nobody knows which. */
test('whom of the voters a director hears is not known: then neither is whether their deaths cost it the votes', () => {
  const nodes = ['dir1', 'dir2', 'w1', 'w2', 'w3'].map((name) => node(name, true))
  const five = status([taker('dir2', 3)], { nodes })
  expect(after(five, { dead: ['dir1'] })).toMatch(/^dir2 /)
  expect(after(five, { dead: ['dir1', 'w1'] })).toMatch(/^unknown /)
  expect(suppose(five, { dead: ['dir1', 'w1'], failed: [] }).groups[0]?.reason).toBe(
    'whether dir2 takes it: 3 of 5 voters must agree, and at most 3 would hear it and be heard by it',
  )
})

test('a voter whose vote is not known leaves it open who owns what', () => {
  const nodes = status(WELL).nodes.map((one) => (one.name === 'rs1' ? { ...one, state: 'unknown' as const } : one))
  expect(after(status(WELL, { nodes }), { dead: ['dir2'] })).toMatch(/^unknown /)
})

test('one that no check asks stays in the table, and that is said', () => {
  const of = status(WELL)
  const services = of.services.map((one) => ({
    ...one,
    realservers: [server('rs1'), server('rs2', { healthy: null })],
  }))
  const then = suppose({ ...of, services }, { dead: ['rs2'], failed: [] })
  expect(then.services[0]?.realservers[1]).toMatchObject({ weight: 1, healthy: null })
  expect(then.services[0]?.realservers[1]?.reason).toBe('no check tells whether it serves')
})

const alone = (node: string) => ({ node, address: '10.11.0.21', port: 80, forward: 'local', configured: 1 })
test('directors that serve themselves alone come and go with the group, and of the new one nobody knows whether it serves', () => {
  const local = server('dir1', { forward: 'local', address: '10.11.0.21', configured: 1 })
  const of = pool({ alone: [alone('dir1'), alone('dir2'), alone('dir3')] }, local)
  expect(after(of, { dead: ['dir1'] })).toBe('dir2 | dir2 | degraded')
  const then = suppose(of, { dead: ['dir1'], failed: [] })
  expect(then.services[0]?.realservers.map(({ node: name, healthy }) => [name, healthy])).toEqual([['dir2', null]])
  expect(judge(then).unserved).toEqual([])
  expect(judge(then).unknown.join()).toContain('dir2 serves itself alone')
  // Beside others, who stay.
  const mixed = pool({ alone: [alone('dir1')] }, local, server('rs1'))
  expect(after(mixed, { dead: ['dir1'] })).toBe('dir2 | rs1 | degraded')
})

test('an older agent does not tell who they are: then the table of the new owner is not known', () => {
  const then = suppose(pool({}, server('dir1', { forward: 'local' })), { dead: ['dir1'], failed: [] })
  expect(judge(then).unserved).toEqual([])
  expect(judge(then).unknown).toContain('the table of http (dir2 did not tell it)')
})

test('what stands is not touched', () => {
  const of = status(WELL)
  const before = structuredClone(of)
  suppose(of, { dead: ['dir1', 'rs1'], failed: [{ node: 'rs2', service: null }] })
  expect(of).toEqual(before)
})

test('nobody hears the troubles of a dead node any more', () => {
  const troubles = [{ node: 'rs2', code: 'x', severity: 'critical' as const, message: 'm' }]
  expect(suppose(status(WELL, { troubles }), { dead: ['rs2'], failed: [] }).troubles).toEqual([])
})

const pings = (reached: Readonly<Record<string, boolean | null>>) => ({
  pings: [
    { address: '10.11.0.100', directors: Object.entries(reached).map(([of, one]) => ({ node: of, reached: one })) },
  ],
})
test.each<[string, object[], object, string | null]>([
  ['the first in order', [taker('dir2'), taker('dir3')], {}, 'dir2'],
  ['who reaches more ping nodes', [taker('dir2'), taker('dir3')], pings({ dir2: false, dir3: true }), 'dir3'],
  ['of as many, the first', [taker('dir2'), taker('dir3')], pings({ dir2: true, dir3: true }), 'dir2'],
  ['who can check more', [{ ...taker('dir2'), blind: 1 }, taker('dir3')], pings({ dir2: true, dir3: true }), 'dir3'],
  [
    'ping nodes before checks',
    [{ ...taker('dir2'), blind: 1 }, taker('dir3')],
    pings({ dir2: true, dir3: false }),
    'dir2',
  ],
  [
    'nobody knows, where it hangs on what is not known',
    [taker('dir2'), taker('dir3')],
    pings({ dir2: false, dir3: null }),
    null,
  ],
  ['the first, whatever is not known', [taker('dir2'), taker('dir3')], pings({ dir2: true, dir3: null }), 'dir2'],
  [
    'who is ready, whatever he reaches',
    [taker('dir2'), taker('dir3', 2, false)],
    pings({ dir2: false, dir3: true }),
    'dir2',
  ],
])('of several who could take a group: %s', (_, takers, more, next) => {
  const of = { ...status(takers), groups: [group(takers, more)] } as unknown as Status
  expect(suppose(of, { dead: ['dir1'], failed: [] }).groups[0]?.owner).toBe(next)
})

const with2 = (more: object, message?: string, code = 'standby-finds-none', severity = 'warning') => {
  const of = status([{ ...taker('dir2'), ...more }])
  const troubles = message === undefined ? [] : [{ node: 'dir2', code, severity, object: 'service http', message }]
  return { ...of, troubles } as unknown as Status
}
const whenDir1Dies = (of: Status) => {
  const { services, later, said } = simulate(of, { dead: ['dir1'], failed: [] })
  return [services[0]?.after, services[0]?.why, later, said.join()]
}
const NONE_WELL =
  'dir2 finds no realserver of http well, and dir1, which owns web, finds rs1, rs2 well: if dir2 took it over, '
test('the table of a new owner is by what it finds, and not that of the owner before', () => {
  expect(whenDir1Dies(with2({}))[0], 'it says nothing else').toBe('2 of 2')
  const none = whenDir1Dies(with2({}, `${NONE_WELL}http would not be served`))
  expect(none.slice(0, 3)).toEqual(['0 of 2', 'without rs1, without rs2', 'not served'])
  const kept = whenDir1Dies(with2({}, `${NONE_WELL}it would keep rs1, rs2 although their checks fail there`))
  expect(kept[0]).toBe('0 of 2 and 2 kept')
  const one = 'dir2 finds rs1 of http failed, and dir1, which owns web, does not'
  expect(whenDir1Dies(with2({}, one, 'verdicts-differ', 'info'))[0]).toBe('1 of 2')
})
test('of a new owner that knows no realserver of a service, or has another configuration, nobody knows', () => {
  for (const refused of [
    'knows no realserver of service http',
    'has other schedulers in its configuration than dir1',
  ]) {
    const [then, why, later, said] = whenDir1Dies(with2({ refused }))
    expect([then, why, later]).toEqual(['not known', `dir2 ${refused}`, 'degraded'])
    expect(said).toContain('the table of http')
  }
  expect(whenDir1Dies(with2({ refused: 'knows no realserver of service smtp' }))[0], 'of another').toBe('2 of 2')
})
test('a rule that keeps clients out at a new owner keeps them out then', () => {
  const rule = 'a rule of chain inet site in of dir2 drops what clients of http send: all that is to 10.11.0.10'
  const [then, why, later] = whenDir1Dies(with2({}, rule, 'drop-rule'))
  expect([then, later]).toEqual(['not served', 'not served'])
  expect(why).toContain('drops what clients of http send')
})
test('what is wrong with coordinators counts as in a status', () => {
  const of = status(WELL)
  const faults = ['coordinators: dir2 is silent for 3 min']
  expect(simulate(of, { dead: [], failed: [] }).now).toBe(judge(of).health)
  expect(simulate(of, { dead: [], failed: [] }, faults).now).toBe(judge(of, faults).health)
  expect(judge(of, faults).health).toBe('degraded')
})
