/** What a node reads of itself, when, and that it comes to its status. */
import { instant, MARKS } from '@lvsm/base'
import { nodeView } from '@lvsm/model'
import type { Observed } from '@lvsm/plan'
import { decodeKeptEvents } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node } from '../fixture.ts'
import type { InterfaceReading, VitalsReading } from './reading.ts'
import { type Ailing, newVitals, onVitals, readVitalsIfDue, vitalTroubles } from './vitals.ts'

const FRAMES = { packets: 0, errors: 0, dropped: 0, kinds: {} }
const inside = (carrierChanges: number): InterfaceReading => ({
  ...{ name: 'inside', carrierChanges, rx: FRAMES, tx: FRAMES, pace: null, bond: null },
  ...{ lower: [], device: true },
})

test('the interfaces of the cluster are read, and no loopback, each five seconds, and never two readings at once', () => {
  const rs1 = node('rs1')
  rs1.silentVitals = true
  rs1.run(3000)
  const interfaces = [
    { name: 'inside', index: 2 },
    { name: 'outside', index: 3 },
  ]
  expect(rs1.take('vitals')).toEqual([{ kind: 'vitals', interfaces, units: true, paces: true }])
  rs1.run(60_000)
  expect(rs1.take('vitals'), 'nothing was answered').toEqual([])
  rs1.feed({ kind: 'vitals', reading: null })
  rs1.run(12_000)
  expect(rs1.take('vitals')).toHaveLength(1)
})

test('however many interfaces of others stand before them', () => {
  const dir1 = node('dir1')
  const { state } = dir1.kern
  state.links = state.links.flatMap((link) =>
    link.loopback
      ? [
          link,
          ...Array.from({ length: 80 }, (_, at) => ({ ...link, loopback: false, name: `veth${at}`, index: 100 + at })),
        ]
      : [link],
  )
  dir1.run(3000)
  expect(dir1.take('vitals')[0]?.interfaces.map(({ name }) => name)).toEqual(['inside', 'outside'])
})
test('what goes by them is gone over just before a reading, and not anew for a takeover, a notice, or a status', () => {
  const dir1 = node('dir1')
  dir1.run(3000)
  const observed = { ...structuredClone(dir1.kern.state), syncDaemons: null }
  const view = nodeView(dir1.config, 'dir1')
  if (!view) throw new Error('no view')
  let times = 0
  const counted = new Proxy(view, {
    get: (of, key, receiver): unknown => {
      if (key === 'services') times++
      return Reflect.get(of, key, receiver)
    },
  })
  const ailing = (at: number, more: Observed['addresses'] = []): Ailing => ({
    ...{ vitals, node: 'dir1', view: counted, effects: [], now: instant(at) },
    history: { lasting: new Map() },
    kernel: { observed: { ...observed, links: [...observed.links], addresses: [...observed.addresses, ...more] } },
  })
  const vitals = newVitals(instant(0))
  vitalTroubles(ailing(0))
  expect(times, 'nothing was read yet').toBe(0)
  readVitalsIfDue(ailing(0))
  expect(times).toBe(1)
  const vip = { address: '10.11.0.10', prefix: 24, index: 3, label: `outside${MARKS.label}` }
  vitalTroubles(ailing(1, [vip]))
  onVitals(ailing(1), null)
  readVitalsIfDue(ailing(6000, [vip]))
  expect(times).toBe(1)
  onVitals(ailing(6001), null)
  readVitalsIfDue(ailing(12_000, [{ ...vip, label: 'outside', address: '10.99.0.1' }]))
  expect(times, 'another network').toBe(2)
})

const read = (carrierChanges: number, kills = 0): VitalsReading => ({
  interfaces: [inside(carrierChanges)],
  memory: { kills, units: null, pressure: null, left: null, own: false },
  tables: { ipv4: null, ipv6: null, conntrack: null },
})
test('what is found stands in the status, with since when, as one trouble, and its end is an event', () => {
  const dir1 = node('dir1')
  const codes = (): string[] =>
    dir1.core
      .status(dir1.now())
      .troubles.filter(({ code }) => /^interface|^memory/.test(code))
      .map(({ code, since }) => `${code} ${since === undefined ? 'now' : 'since'}`)
  dir1.feed({ kind: 'lease-up' })
  for (let at = 0; at < 10; at++) {
    goesOn(dir1, 5000)
    dir1.feed({ kind: 'vitals', reading: read(at * 2) })
  }
  goesOn(dir1, 10_000)
  expect(codes()).toEqual(['interface-flaps since'])
  for (let at = 0; at < 62; at++) {
    goesOn(dir1, 5000)
    dir1.feed({ kind: 'vitals', reading: read(18, 2) })
  }
  expect(codes()).toEqual(['memory-killed since'])
  goesOn(dir1, 10_000)
  const told = dir1.core.events(dir1.now()).events.filter(({ reason }) => reason.includes('loses its carrier'))
  expect(told).toHaveLength(2)
})

test('where the kernel does not answer for half a minute, that is told, and what was known before as it was', () => {
  const dir1 = node('dir1')
  dir1.silentVitals = true
  const codes = (): string[] =>
    dir1.core
      .status(dir1.now())
      .troubles.map(({ code }) => code)
      .filter((code) => /^vitals|^memory/.test(code))
  for (const kills of [0, 2]) {
    dir1.run(6000)
    dir1.feed({ kind: 'vitals', reading: read(0, kills) })
  }
  dir1.run(6000)
  expect(dir1.take('vitals')).toHaveLength(3)
  expect(codes()).toEqual(['memory-killed'])
  dir1.run(31_000)
  expect(codes()).toEqual(['memory-killed', 'vitals-unread'])
  const said = dir1.core.status(dir1.now()).troubles.find(({ code }) => code === 'memory-killed')?.message
  expect(said).toMatch(/ \(as it was read last: nothing could be read for 30 s or longer\)$/)
  expect(dir1.core.events(dir1.now()).events.filter(({ kind }) => kind === 'over')).toEqual([])
  expect(dir1.take('vitals'), 'what hangs holds a thread').toEqual([])
  dir1.feed({ kind: 'vitals', reading: read(0, 4) })
  expect(codes(), 'what it answers then is old').toEqual(['memory-killed'])
  expect(dir1.take('vitals')).toHaveLength(1)
})
test('what is found is told to the others at once', () => {
  const dir1 = node('dir1')
  dir1.feed({ kind: 'lease-up' })
  goesOn(dir1, 6000)
  dir1.feed({ kind: 'vitals', reading: read(0, 0) })
  goesOn(dir1, 6000)
  dir1.run(300)
  dir1.take('message')
  dir1.feed({ kind: 'vitals', reading: read(0, 2) })
  dir1.run(160)
  expect(dir1.take('message').some(({ text }) => text.includes('killed 2 processes'))).toBe(true)
})
test('what interfaces run at is asked once a minute, for their drivers answer under a lock of the whole kernel; anew after their carrier came', () => {
  const dir1 = node('dir1')
  dir1.silentVitals = true
  const asked = (readings: number, carrierChanges = 0): boolean[] =>
    Array.from({ length: readings }, () => {
      dir1.run(5000)
      dir1.feed({ kind: 'vitals', reading: read(carrierChanges) })
      return dir1.take('vitals').some(({ paces }) => paces)
    })
  expect(asked(24).filter(Boolean).length).toBeLessThanOrEqual(3)
  expect(asked(10, 2).filter(Boolean).length).toBeGreaterThanOrEqual(5)
  expect(asked(24, 2).filter(Boolean).length).toBeLessThanOrEqual(3)
})
test('an interface that goes slower is told over a restart of the agent', () => {
  const message = 'interface inside of dir1 runs at 100 Mbit/s, and ran at 1000 Mbit/s before'
  const before = node('dir1')
  before.run(10_000)
  const kept = decodeKeptEvents(before.core.history(before.now()))
  if (!kept) return expect.fail('nothing was kept')
  const lasting = [{ code: 'interface-slow', object: 'interface inside', message, sinceMs: 3_600_000 }]
  const life = { boot: 'second', kept: { ...kept, lasting } }
  const dir1 = node('dir1', undefined, undefined, true, undefined, life)
  dir1.silentVitals = true
  dir1.feed({ kind: 'lease-up' })
  for (let at = 0; at < 12; at++) {
    goesOn(dir1, 5000)
    const reading = read(0)
    const interfaces = reading.interfaces.map((one) => ({ ...one, pace: { speed: 100, half: false } }))
    dir1.feed({ kind: 'vitals', reading: { ...reading, interfaces } })
  }
  const { troubles } = dir1.core.status(dir1.now())
  expect(troubles.find(({ code }) => code === 'interface-slow')?.message).toBe(message)
  expect(dir1.core.events(dir1.now()).events.filter(({ reason }) => reason.includes('runs at'))).toEqual([])
})
