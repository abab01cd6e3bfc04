/** What the fence tables hold while views change, and what becomes of what is open when they are built anew. */
import { type LeaseAddress, type LeaseView } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { Bench, view } from './fixture.ts'

const [web] = view.groups as [LeaseView['groups'][number]]
const [vip] = web.addresses as [LeaseAddress]
const other: LeaseAddress = { ...vip, address: '10.11.0.11' }
const changed = (digest: string, ...addresses: LeaseAddress[]): LeaseView => ({
  ...view,
  groups: [{ ...web, digest, addresses }],
})
const guarded = (bench: Bench): string[] =>
  bench.tables.flatMap(({ name, addresses }) => addresses.map(({ address }) => `${name} ${address}`))

function holding(): Bench {
  const bench = new Bench()
  bench.begin()
  bench.look()
  return bench
}

test('the same view again leaves the tables alone', () => {
  const bench = holding()
  bench.give({ kind: 'view', view })
  expect(bench.look()).toEqual([])
})

test('an interface that came late gets its guard, and what is held stays open', () => {
  const bench = holding()
  bench.give({ kind: 'view', view: changed('d', { ...vip, ifindex: 7 }) })
  expect(bench.look()).toEqual(['fence-tables', 'renew announce+serve'])
  bench.runTo(bench.now + 1000)
  expect(bench.look()).not.toContain('event note')
  expect(bench.core.status(bench.now).groups[0]?.role).toBe('owner')
})

test('an interface that cannot be told at the moment is the one that it was', () => {
  const bench = holding()
  bench.give({ kind: 'view', view: changed('d', { ...vip, ifindex: 0 }) })
  expect(bench.look()).toEqual([])
  expect(bench.tables[0]?.addresses[0]?.ifindex).toBe(2)
})

test('an address that leaves its group is guarded until it is off', () => {
  const bench = holding()
  bench.refuses = (effect) => effect.kind === 'address'
  bench.give({ kind: 'view', view: changed('e', other) })
  expect(guarded(bench)).toEqual(['web 10.11.0.11', 'web 10.11.0.10'])
  bench.refuses = () => false
  bench.runTo(bench.now + 100)
  expect(guarded(bench)).toEqual(['web 10.11.0.11'])
})

test('so is that of a group that leaves', () => {
  const bench = holding()
  bench.refuses = (effect) => effect.kind === 'address'
  bench.give({ kind: 'view', view: { ...view, groups: [] } })
  expect(guarded(bench)).toEqual(['web 10.11.0.10'])
  bench.refuses = () => false
  bench.runTo(bench.now + 100)
  expect(guarded(bench)).toEqual([])
})

test('a director that is taken off the list of a group hands it over, and closes it', () => {
  const bench = holding()
  bench.give({ kind: 'view', view: { ...view, groups: [{ ...web, directors: ['rs1'] }] } })
  bench.runTo(bench.now + 100)
  expect(bench.look()).toEqual(expect.arrayContaining(['event released', 'close announce+serve', 'remove address']))
  expect(bench.core.localLeases()).toEqual([])
})

test('what is held stays open while another group changes, or leaves', () => {
  const mail = { ...web, name: 'mail', digest: 'm', addresses: [other] }
  const both = { ...view, groups: [web, mail] }
  for (const next of [[web, { ...mail, digest: 'n', addresses: [{ ...vip, address: '10.11.0.12' }] }], [web]]) {
    const bench = new Bench()
    bench.begin(both)
    bench.look()
    bench.give({ kind: 'view', view: { ...view, groups: next } })
    bench.runTo(bench.now + 1000)
    const told = bench.told.filter(({ group }) => group === 'web').map(({ kind }) => kind)
    expect(told).toEqual(['took'])
    expect(guarded(bench)).not.toContain('mail 10.11.0.11')
  }
})

test('tables that somebody changed are built anew; what is open stays so', () => {
  const bench = holding()
  bench.give({ kind: 'fence-lost' })
  expect(bench.look()).toEqual(['fence-tables', 'renew announce+serve'])
  bench.runTo(bench.now + 1000)
  expect(bench.look()).not.toContain('event note')
})

test('where that comes too late, everything is closed, and opened again under the same lease', () => {
  const bench = holding()
  const { number } = bench.core.status(bench.now).groups[0] ?? {}
  bench.refuses = (effect) => effect.kind === 'fence-tables'
  bench.give({ kind: 'fence-lost' })
  expect(bench.look()).toEqual([
    'fence-tables',
    'event note',
    'close announce+serve',
    'remove address',
    'open announce+serve',
    'renew announce+serve',
    'add address',
    'announce',
    'event took',
  ])
  expect(bench.core.status(bench.now).groups[0]).toMatchObject({ role: 'owner', number })
})
