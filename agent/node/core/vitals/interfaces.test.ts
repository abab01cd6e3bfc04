/** Interfaces that lose frames, flap or go slower: by what came lately, and over when it is over. */
import { after, instant, type Trouble } from '@lvsm/base'
import type { Uses } from '@lvsm/plan'
import { describe, expect, test } from 'vitest'
import { areUnsure, interfacesNow, interfaceTroubles, NO_INTERFACES, ranAt, type Slowed } from './interfaces.ts'
import { goingBy, type Used } from './standing.ts'
import type { Frames, InterfaceReading } from './reading.ts'

const FRAMES: Frames = { packets: 0, errors: 0, dropped: 0, kinds: {} }
const eth0: InterfaceReading = {
  ...{ name: 'eth0', carrierChanges: 3, rx: FRAMES, tx: FRAMES, pace: { speed: 1000, half: false }, bond: null },
  ...{ lower: [], device: true },
}
const damaged = (errors: number, packets: number): Partial<InterfaceReading> => ({
  rx: { packets, errors, dropped: 0, kinds: { rx_crc_errors: errors } },
})

class Bench {
  #now = instant(1000)
  #interfaces = NO_INTERFACES
  isDown = false
  isOtherDown = false
  slowed: Slowed | null = null
  used: Used = new Map([['eth0', { index: 2, links: ['a'], serves: [] }]])
  /** A reading each five seconds. */
  reads(...readings: Partial<InterfaceReading>[]): this {
    for (const one of readings) {
      this.#now = after(this.#now, 5000)
      this.#interfaces = interfacesNow(this.#interfaces, [{ ...eth0, ...one }], this.#now, () => this.slowed)
    }
    return this
  }
  later(ms: number): this {
    this.#now = after(this.#now, ms)
    return this
  }
  get isUnsure(): boolean {
    return areUnsure(this.#interfaces, this.#now)
  }
  get said(): Trouble[] {
    const goes = (name: string) =>
      goingBy(this.#interfaces, this.used, name, (one) => one !== 'eth0' && this.isOtherDown)
    return interfaceTroubles(this.#interfaces, 'dir1', this.#now, goes, () => this.isDown)
  }
  get codes(): string[] {
    return this.said.map(({ code, severity }) => `${severity} ${code}`)
  }
}
const times = <T>(count: number, of: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => of(at))

describe('frames that are lost', () => {
  test('a cable that damages frames is told with its share, its kind, and what goes by it', () => {
    const bench = new Bench().reads(damaged(7, 1000), damaged(87, 3000))
    expect(bench.said).toEqual([
      {
        ...{ code: 'interface-errors', severity: 'critical', object: 'interface eth0' },
        message: 'interface eth0 of dir1 receives damaged frames: up to 3.8 % of all frames',
        evidence: '/sys/class/net/eth0/statistics, within a minute: rx_crc_errors 80; by it go heartbeat link a',
        hint: expect.stringContaining('exchange its cable'),
      },
    ])
  })
  test('what was counted before the first reading is nothing', () => {
    expect(new Bench().reads(damaged(80_000, 1000), damaged(80_000, 2000)).codes).toEqual([])
  })
  test('few, or few of very many, are none', () => {
    expect(new Bench().reads(damaged(0, 0), damaged(19, 100)).codes).toEqual([])
    expect(new Bench().reads(damaged(0, 0), damaged(500, 1_000_000)).codes).toEqual([])
  })
  test('below one in a hundred it is a warning; what was worse stays so while it lasts', () => {
    const bench = new Bench().reads(damaged(0, 0), damaged(40, 10_000))
    expect(bench.codes).toEqual(['warning interface-errors'])
    expect(bench.reads(damaged(400, 20_000), damaged(440, 40_000)).codes).toEqual(['critical interface-errors'])
  })
  test('it is over a minute after the last of them, and not before', () => {
    const bench = new Bench().reads(damaged(0, 0), damaged(100, 1000))
    expect(bench.reads(...times(10, () => damaged(100, 1000))).codes).toHaveLength(1)
    expect(bench.reads(...times(4, () => damaged(100, 1000))).codes).toEqual([])
  })
  test('a driver that was loaded anew counts from nothing', () => {
    expect(new Bench().reads(damaged(500, 90_000), damaged(3, 100), damaged(4, 200)).codes).toEqual([])
  })
  test('an interface without room, and one that drops what it should send', () => {
    const lost = (dropped: number, packets: number): Frames => ({
      ...FRAMES,
      packets,
      dropped,
      kinds: { some: dropped },
    })
    const said = (one: 'rx' | 'tx'): string =>
      new Bench()
        .reads({ [one]: lost(0, 0) }, { [one]: lost(900, 9000) })
        .said.map(({ message }) => message)
        .join()
    expect(said('rx')).toBe(
      'interface eth0 of dir1 has no room for what comes, and loses it: up to 9.1 % of all frames',
    )
    expect(said('tx')).toBe('interface eth0 of dir1 drops what it should send: up to 9.1 % of all frames')
  })
  test('what is no device, as a tunnel whose peer is gone, counts what others do not take', () => {
    const tunnel = { device: false }
    expect(new Bench().reads({ ...damaged(0, 0), ...tunnel }, { ...damaged(400, 900), ...tunnel }).codes).toEqual([])
  })
  test('of one that is down, that is told', () => {
    const bench = new Bench().reads(damaged(0, 0), damaged(100, 1000))
    bench.isDown = true
    expect(bench.codes).toEqual([])
  })
})

describe('a carrier that comes and goes', () => {
  const changes = (carrierChanges: number): Partial<InterfaceReading> => ({ carrierChanges })
  test('three times within five minutes is a trouble, until it was quiet for two and a half minutes, and fewer came within five', () => {
    const bench = new Bench().reads(changes(3), changes(5), changes(7))
    expect(bench.codes).toEqual([])
    expect(bench.reads(changes(9)).said[0]).toMatchObject({
      ...{ code: 'interface-flaps', severity: 'critical' },
      message: 'interface eth0 of dir1 loses its carrier again and again: 3 times within five minutes',
    })
    expect(bench.reads(...times(57, () => changes(9))).codes).toHaveLength(1)
    expect(bench.reads(...times(5, () => changes(9))).codes).toEqual([])
  })
  test('once in each hundred seconds is one trouble, which neither ends nor begins anew', () => {
    const bench = new Bench().reads(...times(62, (at) => changes(Math.floor(at / 20) * 2)))
    expect(bench.codes).toHaveLength(1)
    for (let at = 62; at < 200; at++) expect(bench.reads(changes(Math.floor(at / 20) * 2)).codes).toHaveLength(1)
  })
  test('what stands on it is not told beside it', () => {
    let now = instant(0)
    let interfaces = NO_INTERFACES
    for (let at = 0; at < 5; at++) {
      now = after(now, 5000)
      const all = [
        { ...eth0, name: 'bond0.7', lower: ['bond0'], device: false },
        { ...eth0, name: 'bond0', lower: ['eth0'], device: false },
        eth0,
      ]
      interfaces = interfacesNow(
        interfaces,
        all.map((one) => ({ ...one, carrierChanges: at * 2 })),
        now,
      )
    }
    const said = (uses: Used) =>
      interfaceTroubles(
        interfaces,
        'dir1',
        now,
        (name) => goingBy(interfaces, uses, name, () => false),
        () => false,
      ).map(({ code, object }) => `${code} ${object}`)
    expect(said(new Map([['bond0.7', { index: 9, links: [], serves: ['what clients get'] }]]))).toEqual([
      'interface-flaps interface eth0',
    ])
    expect(said(new Map()), 'nothing of the cluster goes by it').toEqual([])
  })
  test('once in a while it is none', () => {
    expect(new Bench().reads(...times(60, (at) => changes(Math.floor(at / 40) * 2))).codes).toEqual([])
  })
})

describe('speed', () => {
  const runs = (speed: number | null, half = false): Partial<InterfaceReading> => ({ pace: { speed, half } })
  const SLOW = runs(100)
  test('half as fast as before, at two readings', () => {
    const bench = new Bench().reads({}, SLOW)
    expect(bench.codes).toEqual([])
    expect(bench.reads(SLOW).said[0]?.message).toBe(
      'interface eth0 of dir1 runs at 100 Mbit/s, and ran at 1000 Mbit/s before',
    )
    expect(bench.reads({}).codes).toEqual([])
  })
  test('half duplex; what says no speed is none', () => {
    const half = runs(100, true)
    expect(new Bench().reads(half, half).said[0]?.message).toBe(
      'interface eth0 of dir1 runs at 100 Mbit/s and half duplex',
    )
    expect(new Bench().reads({}, runs(null), runs(null)).codes).toEqual([])
  })
  test('after twelve hours it is what the cable has', () => {
    const bench = new Bench()
      .reads({}, SLOW)
      .later(12 * 3_600_000 - 10_000)
      .reads(SLOW)
    expect(bench.codes).toEqual(['warning interface-slow'])
    expect(bench.reads(SLOW, SLOW).codes).toEqual([])
    expect(bench.reads(runs(10), runs(10)).codes).toEqual(['warning interface-slow'])
  })
  test('between two questions it is as it was, and one reading is asked again', () => {
    const unasked = { pace: null }
    const bench = new Bench().reads({}, SLOW, unasked)
    expect([bench.codes, bench.isUnsure]).toEqual([[], true])
    expect(bench.reads(SLOW, unasked, unasked).codes).toEqual(['warning interface-slow'])
    expect(bench.isUnsure).toBe(false)
    expect(bench.reads({ ...unasked, carrierChanges: 5 }).isUnsure, 'its carrier went and came').toBe(true)
    expect(bench.later(30_000).isUnsure).toBe(false)
  })
  test('what an earlier life of the agent told goes on, and is over when the cable is as it was, or after twelve hours', () => {
    const before = (sinceMs: number): Bench => {
      const bench = new Bench()
      bench.slowed = { fastest: 1000, since: instant(1000 - sinceMs) }
      return bench.reads(SLOW, SLOW)
    }
    expect(before(60_000).said[0]?.message).toContain('runs at 100 Mbit/s, and ran at 1000 Mbit/s before')
    expect(ranAt(before(60_000).said[0]?.message ?? '')).toBe(1000)
    expect(before(60_000).reads({}).codes).toEqual([])
    expect(before(12 * 3_600_000).codes).toEqual([])
  })
})

describe('an interface by which heartbeats alone go', () => {
  type One = readonly [string, Uses & { readonly index: number }]
  const other: One = ['eth1', { index: 3, links: ['b'], serves: [] }]
  const codes = (used: Used, isOtherDown = false): string[] => {
    const bench = new Bench()
    bench.used = used
    bench.isOtherDown = isOtherDown
    return bench.reads(...times(4, (at) => ({ ...damaged(at * 100, at * 1000), carrierChanges: at * 2 }))).codes
  }
  const alone: One = ['eth0', { index: 2, links: ['a'], serves: [] }]
  test('costs redundancy while another link is up', () => {
    expect(codes(new Map([alone, other]))).toEqual(['warning link-errors', 'warning link-flaps'])
  })
  test('is as any other where it is the last one, or clients come by it, too', () => {
    const worse = ['critical interface-errors', 'critical interface-flaps']
    expect(codes(new Map([alone, other]), true)).toEqual(worse)
    expect(codes(new Map([alone]))).toEqual(worse)
    expect(codes(new Map([['eth0', { index: 2, links: ['a'], serves: ['what clients get'] }], other]))).toEqual(worse)
  })
})
