/** A realserver leaves the configuration: its connections end before it leaves the table, wherever the group is meanwhile. */
import { encodeMessage, type Facts, REFUSED, type StateMessage } from '@lvsm/protocol'
import { NO_FACTS } from '@lvsm/changes'
import { SAMPLE } from '@lvsm/model'
import { type OwnedRecord, readRecord } from '@lvsm/plan'
import { describe, expect, it } from 'vitest'
import { hasInTable, leavingHere } from './told.ts'
import { configOf, dests, goesOn, node, statusOf, WALL_MS } from '../fixture.ts'

const RS1 = '10.11.0.11'
const VIP = '10.11.0.10'
const ID = `http ${RS1}:80`
const WITHOUT = SAMPLE.replace(/ {6}- \{ node: rs1,.*\n/, '').replace('revision: 1', 'revision: 2')
const STOPPED: Facts = {
  number: 1,
  list: [
    {
      subject: { kind: 'server', node: 'rs1', service: 'http' },
      ...{ intent: 'stop', author: 'ann', since: WALL_MS, until: WALL_MS + 10_000, comment: '', number: 1 },
    },
  ],
  ends: [],
}
const said = (changed: Partial<StateMessage>): string =>
  encodeMessage({
    ...{ kind: 'state', revision: 2, agreement: {}, state: 'owner', reason: '', standby: false },
    ...{ ready: {}, pings: {}, troubles: [], events: [] },
    ...changed,
  })

interface Made {
  readonly name?: string
  readonly owner?: string
  readonly text?: string
  readonly record?: OwnedRecord
  /** Since the other life began. */
  readonly laterMs?: number
}
function begun({ name = 'dir1', owner = 'dir1', text = SAMPLE, record, laterMs = 0 }: Made = {}) {
  const one = node(name, undefined, text, true, undefined, record ? { record } : {})
  one.wallAheadMs += laterMs
  one.feed({ kind: 'lease-up' })
  let status = statusOf(name, owner)
  const on = (ms: number): void => goesOn(one, ms, status)
  const configured = (now: string, facts = NO_FACTS): void =>
    one.feed({ kind: 'config', config: configOf(now), secrets: new Map(), facts })
  const has = (active: number): void => {
    const { services } = one.kern.state
    one.kern.state.services = services.map((service) => ({
      ...service,
      dests: service.dests.map((dest) => (dest.address === RS1 ? { ...dest, active } : dest)),
    }))
  }
  const hears = (from: string, changed: Partial<StateMessage>): void =>
    one.feed({ kind: 'message', from, text: said(changed) })
  const owned = (by: string): void => void (status = statusOf(name, by))
  const told = () => one.core.status(one.now()).troubles.find(({ code }) => code === 'server-leaving')
  const hasVip = (): boolean => one.kern.state.addresses.some(({ address }) => address === VIP)
  return { one, on, configured, has, hears, owned, told, hasVip, weight: () => dests(one)[RS1] }
}

describe('of the owner', () => {
  it('it takes no new connections, and stays until the last one has ended; a status tells it', () => {
    const { one, on, configured, has, told, weight } = begun()
    on(3000)
    has(5)
    configured(WITHOUT)
    on(20_000)
    expect(weight()).toBe(0)
    expect(told()).toMatchObject({ severity: 'info', object: 'service http' })
    expect(told()?.message).toMatch(/^rs1 \(10\.11\.0\.11:80\): 5 established, 28\d s left: removed from service http/)
    expect(one.core.status(one.now()).services[0]?.realservers.map((server) => server.node)).toEqual(['rs2', 'rs3'])
    one.take('message')
    on(3000)
    expect(one.take('message').some(({ text }) => text.includes(`"leaving":["${ID}"]`))).toBe(true)
    has(0)
    on(3000)
    expect([weight(), told()]).toEqual([undefined, undefined])
  })
  it('what is left after five minutes is cut off', () => {
    const { on, configured, has, weight } = begun()
    on(3000)
    has(5)
    configured(WITHOUT)
    on(295_000)
    expect(weight()).toBe(0)
    on(10_000)
    expect(weight()).toBeUndefined()
  })
  it.each([
    ['no answer within 300 ms', undefined],
    [REFUSED, 0],
  ] as const)('found dead (%s) it goes as soon as any other, unless its port alone is closed', (failsSo, left) => {
    const { one, on, configured, has, weight } = begun()
    on(3000)
    has(5)
    configured(WITHOUT)
    on(60_000)
    one.alive.delete(RS1)
    one.failsSo = failsSo
    on(2000)
    expect(weight(), 'it has the time of any that failed').toBe(0)
    on(10_000)
    expect(weight()).toBe(left)
    expect(one.take('log').filter(({ text }) => text.includes('failed: rs1'))).toEqual([])
  })
  it('added again, or with the revision taken back, it serves as before', () => {
    const { on, configured, has, told, weight } = begun()
    on(3000)
    has(5)
    configured(WITHOUT)
    on(10_000)
    configured(SAMPLE.replace('revision: 1', 'revision: 3'))
    on(3000)
    expect([weight(), told()]).toEqual([1, undefined])
    on(400_000)
    expect(weight()).toBe(1)
  })
  it.each([
    ['stopped', SAMPLE, STOPPED, true],
    ['found dead', SAMPLE, NO_FACTS, false],
    ['of a service that refuses whoever meets weight 0', SAMPLE.replace('wrr', 'dh'), NO_FACTS, true],
  ] as const)('one that was %s leaves at once', (_, text, facts, lives) => {
    const { one, on, configured, has, weight } = begun({ text })
    on(3000)
    has(5)
    if (!lives) {
      one.alive.delete(RS1)
      on(2000)
    }
    configured(WITHOUT.replace('wrr', text.includes('wrr') ? 'wrr' : 'dh'), facts)
    on(500)
    expect(weight()).toBeUndefined()
  })
  it('one that was drained has until its own deadline, where that is over already', () => {
    const drained = (deadlineMs: number): Facts => ({
      ...STOPPED,
      list: STOPPED.list.map((fact) => ({ ...fact, intent: 'drain' as const, until: null, deadlineMs })),
    })
    for (const [deadlineMs, left] of [
      [1000, undefined],
      [3_600_000, 0],
    ] as const) {
      const { on, configured, has, weight } = begun()
      on(3000)
      has(5)
      configured(SAMPLE, drained(deadlineMs))
      on(3000)
      configured(WITHOUT, drained(deadlineMs))
      on(1000)
      expect(weight()).toBe(left)
    }
  })
  it('a stop that comes after it cuts its connections off', () => {
    const { on, configured, has, weight } = begun()
    on(3000)
    has(5)
    configured(WITHOUT)
    on(1000)
    configured(WITHOUT, STOPPED)
    on(5000)
    expect(weight()).toBeUndefined()
  })
  it('of a persistent service nobody comes back to it', () => {
    const persistent = (text: string): string => text.replace('scheduler: wrr', 'scheduler: wrr\n    persistence: 5m')
    const { one, on, configured, has } = begun({ text: persistent(SAMPLE) })
    on(3000)
    has(5)
    configured(persistent(WITHOUT))
    on(5000)
    expect(one.kern.state.sysctls.get('net/ipv4/vs/expire_quiescent_template')).toBe('1')
  })
})

describe('over a restart of its agent', () => {
  it('it goes on leaving, and no longer than it would have', () => {
    const { one, on, configured, has } = begun()
    on(3000)
    has(5)
    configured(WITHOUT)
    on(100_000)
    const text = one.take('record').at(-1)?.text ?? ''
    const next = begun({ text: WITHOUT, record: readRecord(text), laterMs: 103_000 })
    Object.assign(next.one.kern.state, one.kern.state)
    next.on(10_000)
    expect(next.weight()).toBe(0)
    expect(next.told()?.message).toMatch(/5 established, 1[89]\d s left/)
    next.on(200_000)
    expect(next.weight()).toBeUndefined()
  })
})

describe('of the others', () => {
  it('a standby keeps the entry as long as the owner does, and goes on when it owns the group', () => {
    const { on, configured, has, hears, owned, weight } = begun({ name: 'dir2' })
    on(3000)
    configured(WITHOUT)
    for (let s = 0; s < 10; s++) {
      hears('dir1', { leaving: [ID] })
      on(2000)
    }
    expect(weight(), 'no connection has come by synchronisation yet').toBe(0)
    has(3)
    owned('dir2')
    on(60_000)
    expect(weight()).toBe(0)
    has(0)
    on(3000)
    expect(weight()).toBeUndefined()
  })
  it('a standby drops it when the owner has, also where that is of an older version', () => {
    const { on, configured, hears, weight } = begun({ name: 'dir2' })
    on(3000)
    configured(WITHOUT)
    hears('dir1', { revision: 1 })
    on(5000)
    expect(weight(), 'the owner has the revision before').toBe(0)
    hears('dir1', {})
    on(3000)
    expect(weight()).toBeUndefined()
  })
  it('the realserver keeps its VIP as long as a director has it in the table', () => {
    const { on, configured, hears, hasVip } = begun({ name: 'rs1' })
    on(3000)
    expect(hasVip()).toBe(true)
    configured(WITHOUT)
    for (let s = 0; s < 10; s++) {
      hears('dir1', { leaving: [ID] })
      on(2000)
    }
    expect(hasVip()).toBe(true)
    for (const from of ['dir1', 'dir2']) hears(from, {})
    on(3000)
    expect(hasVip()).toBe(false)
  })
  it('a server of the realserver that listens no more, or accepts nobody, is no trouble of a service that it left', () => {
    for (const [address, queue, code] of [
      [RS1, 0, 'listens-elsewhere'],
      ['0.0.0.0', 129, 'accepts-nobody'],
    ] as const) {
      const { one, on, configured, hears } = begun({ name: 'rs1' })
      const codes = (): string[] => one.core.status(one.now()).troubles.map((trouble) => trouble.code)
      one.listening = [{ protocol: 'tcp', address, port: 80, onlyV6: false, queue, most: 128 }]
      on(20_000)
      expect(codes()).toContain(code)
      configured(WITHOUT)
      for (let s = 0; s < 10; s++) {
        hears('dir1', { leaving: [ID] })
        on(2000)
      }
      expect(codes()).not.toContain(code)
    }
  })
  it.each(['rs1', 'dir2'])('while the agent of the owner is silent, %s goes on: the kernel there does', (name) => {
    const { on, configured, hears, hasVip, weight } = begun({ name })
    const isKept = (): boolean => (name === 'rs1' ? hasVip() : weight() === 0)
    on(3000)
    configured(WITHOUT)
    hears('dir1', { leaving: [ID] })
    for (let s = 0; s < 10; s++) {
      if (name === 'rs1') hears('dir2', {})
      on(2000)
    }
    expect(isKept()).toBe(true)
    on(290_000)
    expect(isKept(), 'no longer than five minutes').toBe(false)
  })
})

it('more than a message has room for are told as many, which is each of them', () => {
  const ids = Array.from({ length: 20 }, (_, at) => `a-service-with-a-long-name ${RS1}:${8000 + at}`)
  const members = new Map(ids.map((id) => [id, {}]))
  const leaving = new Map(ids.map((id) => [id, {}]))
  const toldOf = (of: typeof leaving) => leavingHere({ leaving: of, checks: { members } } as never)
  const all = toldOf(leaving)
  expect(all).toEqual({ leaving: ['*'] })
  expect(toldOf(new Map([...leaving].slice(0, 3)))).toEqual({ leaving: ids.slice(0, 3) })
  expect(hasInTable({ ...all } as StateMessage, ids[7] ?? '')).toBe(true)
})
