/** A link that is cut is known within seconds by what comes over the others; loss, a pause, and a slow peer are no cut. */
import { after, instant, type Instant, seededRandom, type Timing } from '@lvsm/base'
import { expect, test } from 'vitest'
import { LinkWatch, type Pace } from './link-watch.ts'

const TIMING: Timing = { keepaliveMs: 200, leaseMs: 900, applyMs: 50, warntimeMs: 600, deadtimeMs: 2000, drainMs: 500 }
const PACE: Pace = { intervalMs: 420, links: 2 }
const [A, B] = [0, 1]

/** The peer sends over its links by turns from the start on; gives when each was silent first. */
class Played {
  now: Instant = instant(100_000)
  readonly watch: LinkWatch
  readonly pace: Pace
  #turn = 0
  constructor(pace: Pace = PACE) {
    this.pace = pace
    this.watch = new LinkWatch(pace.links, this.now)
  }
  /** Milliseconds until `link` is silent, while what `arrives` says comes; null: it never is. */
  play(
    ms: number,
    arrives: (link: number) => boolean,
    { link = B, everyMs = this.pace.intervalMs } = {},
  ): number | null {
    let silentMs: number | null = null
    for (let passed = 0; passed < ms; passed += everyMs) {
      this.now = after(this.now, everyMs)
      const over = this.#turn++ % this.pace.links
      if (arrives(over)) this.watch.heard(over, true, this.now, this.pace)
      if (this.isSilent(link)) silentMs ??= passed + everyMs
    }
    return silentMs
  }
  isSilent = (link: number): boolean => this.watch.isSilent(link, this.now, TIMING, this.pace)
  /** Nothing was lost for so long that more is known than a start. */
  proven(): this {
    expect(this.play(122 * this.pace.intervalMs * this.pace.links, all)).toBe(null)
    return this
  }
}
const all = (): boolean => true

test.each([
  ['directors', 420, 3400],
  ['others', 500, 4000],
])('a cut is known after four heartbeats over another link: %s', (_who, intervalMs, withinMs) => {
  for (const before of [10, 11]) {
    const one = new Played({ intervalMs, links: 2 }).proven()
    expect(one.play(before * intervalMs, all)).toBe(null)
    const silentMs = one.play(20_000, (link) => link !== B)
    expect(silentMs).toBeGreaterThan(2 * intervalMs * 2)
    expect(silentMs).toBeLessThanOrEqual(withinMs)
    expect(one.isSilent(A)).toBe(false)
    one.play(2 * intervalMs, all)
    expect(one.isSilent(B)).toBe(false)
  }
})
test('of three links, one or two', () => {
  const one = new Played({ intervalMs: 420, links: 3 }).proven()
  expect(one.play(20_000, (link) => link === A, { link: 2 })).toBeLessThan(13 * 420)
  expect([A, B, 2].map(one.isSilent)).toEqual([false, true, true])
})
test('loss on all links is silence of none', () => {
  for (const part of [0.2, 0.4, 0.6]) {
    let told = 0
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed)
      const one = new Played()
      one.play(10 * 420, all)
      if (one.play(10_000, () => random.next() >= part) !== null) told += 1
    }
    expect(told, `${part}`).toBeLessThanOrEqual(6)
  }
})
test('where a heartbeat was lost within the hour, more in a row is a cut', () => {
  const one = new Played().proven()
  one.play(3 * 420, (link) => link !== B)
  expect(one.play(1_800_000, all)).toBe(null)
  const silentMs = one.play(10_000, (link) => link !== B)
  expect(silentMs).toBeGreaterThan(6500)
  expect(silentMs).toBeLessThan(8500)
  one.play(3_600_000, all)
  expect(one.play(10_000, (link) => link !== B)).toBeLessThan(3400)
  one.play(420, all)
  expect(one.play(10_000, all)).toBe(null)
  expect(
    one.play(10_000, (link) => link !== B),
    'a cut is no loss',
  ).toBeLessThan(3400)
})
test('so is it until some two minutes have shown that nothing is lost', () => {
  const one = new Played()
  one.play(90_000, all)
  expect(one.play(6000, (link) => link !== B)).toBe(null)
})
test('a link that is just coming is silent by time alone', () => {
  const one = new Played().proven()
  const other = new LinkWatch(2, one.now)
  let silentMs = 0
  for (; !other.isSilent(B, one.now, TIMING, PACE); silentMs += 840) {
    one.now = after(one.now, 840)
    other.heard(A, true, one.now, PACE)
  }
  expect(silentMs).toBeGreaterThan(5 * TIMING.deadtimeMs)
})

const DAY_MS = 86_400_000
/** So many heartbeats of one link are lost between the last that came and the moment when it is silent. */
function lostUntilSilent(one: Played): number {
  let lost = 0
  one.play(20_000, (link) => {
    if (link === B && !one.isSilent(B)) lost += 1
    return link !== B
  })
  return lost
}
test('at a loss of 5 % no link is silent in days, and in a cluster of ten nodes less than one in a year', () => {
  let told = 0
  for (const seed of [1, 2, 3, 4]) {
    const random = seededRandom(seed)
    const one = new Played()
    for (let hour = 0; hour < 48; hour++) if (one.play(DAY_MS / 24, () => random.next() >= 0.05) !== null) told += 1
  }
  expect(told).toBe(0)

  const one = new Played().proven()
  one.play(3 * 420, (link) => link !== B)
  one.play(10_000, all)
  const lost = lostUntilSilent(one)
  const watched = 10 * 9 * 2
  const perYear = (365 * DAY_MS) / (PACE.intervalMs * PACE.links)
  expect(watched * perYear * 0.05 ** lost).toBeLessThan(1)
})
test('a loss so rare that an hour may pass without does not, either', () => {
  const lost = lostUntilSilent(new Played().proven())
  const perHour = 3_600_000 / (PACE.intervalMs * PACE.links)
  // An hour without loss, and then so many at once.
  const perYear = (loss: number): number => 24 * 365 * perHour * Math.exp(-perHour * loss) * loss ** lost
  for (let loss = 0.0001; loss < 0.05; loss *= 1.1) expect(180 * perYear(loss)).toBeLessThan(1)
})
test('who stood still accuses nobody, however what came meanwhile is read', () => {
  for (const pausedMs of [600, 1300, 2500, 6000]) {
    const one = new Played().proven()
    one.now = after(one.now, pausedMs)
    for (let count = 0; count < 12; count++) one.watch.heard(A, true, one.now, PACE)
    expect(one.isSilent(B)).toBe(false)
    for (let count = 0; count < 12; count++) one.watch.heard(B, true, one.now, PACE)
    expect(one.play(10_000, all)).toBe(null)
    expect(
      one.play(10_000, (link) => link !== B),
      'and it was no loss',
    ).toBeLessThan(3400)
  }
})
test('of a peer that tries its links more rarely time alone decides', () => {
  const one = new Played()
  expect(one.play(20_000, all, { everyMs: 1300 })).toBe(null)
  const silentMs = one.play(30_000, (link) => link !== B, { everyMs: 1300 })
  expect(silentMs).toBeGreaterThan(5 * TIMING.deadtimeMs - 2600)
  expect(silentMs).toBeLessThan(6.5 * TIMING.deadtimeMs)
})
test('what rides on other messages is no heartbeat of a link', () => {
  const one = new Played()
  one.play(10 * 420, all)
  for (let count = 0; count < 30; count++) {
    one.now = after(one.now, 320)
    one.watch.heard(A, false, one.now, PACE)
  }
  expect(one.isSilent(B)).toBe(false)
})
