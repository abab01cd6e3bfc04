/** Loss is what was sent and did not come: nothing that was not sent, nothing of before a restart, and no single beat. */
import { type Instant, instant } from '@lvsm/base'
import { expect, test } from 'vitest'
import { LossMeter } from './loss.ts'

const timing = { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }

/** A peer that speaks four times a second, and says each second how much it sent. */
class Peer {
  readonly meter = new LossMeter()
  now: Instant = instant(1000)
  sent = 0
  incarnation = 'one'

  speak(seconds: number, arrives: (turn: number) => boolean, link: (turn: number) => number = () => 0): this {
    for (let turn = 0; turn < 4 * seconds; turn++) {
      this.now = instant(this.now + 250)
      const says = turn % 3 === 0 ? this.sent : null
      this.sent += 1
      const { incarnation } = this
      const came = { incarnation, link: link(turn), alone: true, sent: says, over: null, mayBegin: true }
      if (arrives(turn)) this.meter.arrive(came, this.now, timing)
    }
    return this
  }
  get percent(): number | null {
    const loss = this.meter.loss(this.now, timing)
    return loss && Math.round((100 * loss.lost) / loss.sent)
  }
}
const all = (): boolean => true
/** Two of five arrive. */
const most = (turn: number): boolean => turn % 5 === 0 || turn % 5 === 2

test('sixty of a hundred are lost: that is what it says, over which time, until they arrive again', () => {
  const peer = new Peer().speak(30, all)
  expect(peer.percent).toBeNull()
  peer.speak(8, most)
  expect(peer.percent, 'well before the window is full of it').toBeGreaterThanOrEqual(20)
  peer.speak(12, most)
  expect(peer.percent).toBeGreaterThan(50)
  expect(peer.percent).toBeLessThan(70)
  expect(peer.meter.loss(peer.now, timing)?.overMs).toBeGreaterThanOrEqual(10_000)
  peer.speak(15, all)
  expect(peer.percent).toBeNull()
})
test('it is so as well where it never was otherwise', () => {
  expect(new Peer().speak(25, most).percent).toBeGreaterThan(50)
})
test.each<[string, (peer: Peer) => void]>([
  ['one lost beat', (peer) => peer.speak(1, (turn) => turn !== 2)],
  ['a second without any', (peer) => peer.speak(1, () => false)],
  ['almost three seconds without any', (peer) => peer.speak(2.75, () => false)],
  ['a cut of many seconds, which is told as that', (peer) => peer.speak(8, () => false)],
  ['a peer that sends nothing for a while', (peer) => void (peer.now = instant(peer.now + 2500))],
  [
    'a restart of the peer, which counts anew',
    (peer) => {
      peer.incarnation = 'two'
      peer.sent = 0
    },
  ],
  ['one that counts anew without a restart', (peer) => void (peer.sent = 0)],
])('%s is no loss', (_, happens) => {
  const peer = new Peer().speak(30, all)
  happens(peer)
  for (let second = 0; second < 20; second++) expect(peer.speak(1, all).percent, `${second} s later`).toBeNull()
})
test('while it comes and goes around the threshold it stays one thing', () => {
  const peer = new Peer().speak(25, (turn) => turn % 3 !== 1)
  const found: (number | null)[] = []
  for (let round = 0; round < 10; round++) {
    peer.speak(5, (turn) => turn % 6 !== 1)
    found.push(peer.percent)
  }
  expect(found).not.toContain(null)
})
test('over which links the rest came is counted', () => {
  const peer = new Peer().speak(
    30,
    (turn) => turn % 2 === 0 || turn % 10 === 1,
    (turn) => turn % 2,
  )
  const { byLink = [] } = peer.meter.loss(peer.now, timing) ?? {}
  expect(byLink[0]).toBeGreaterThan(4 * (byLink[1] ?? 0))
})
test('of who is not heard any more nothing is said', () => {
  const peer = new Peer().speak(30, most)
  expect(peer.percent).not.toBeNull()
  peer.now = instant(peer.now + 3001)
  expect(peer.percent).toBeNull()
})

/** It sends over two links by turns, twice a second, and says how much went over each. */
class TwoLinks {
  readonly meter = new LossMeter()
  now: Instant = instant(1000)
  readonly over = [0, 0]
  #turn = 0

  speak(seconds: number, arrives: (link: number, count: number) => boolean): this {
    for (let beat = 0; beat < 2 * seconds; beat++) {
      this.now = instant(this.now + 500)
      const link = this.#turn++ % 2
      const over = this.over.map((count, index) => ({ link: index, count }))
      const count = this.over[link] ?? 0
      this.over[link] = count + 1
      const came = { incarnation: 'one', link, alone: true, sent: this.#turn - 1, over, mayBegin: true }
      if (arrives(link, count)) this.meter.arrive(came, this.now, timing)
    }
    return this
  }
  get lossy(): number[] {
    return (this.meter.byLink(this.now, timing) ?? []).flatMap(({ link, isLossy }) => (isLossy ? [link] : []))
  }
}
test('of two links the one that loses is known, and so it is while the other one is dead', () => {
  const peer = new TwoLinks().speak(60, () => true)
  expect(peer.lossy).toEqual([])
  peer.speak(40, (link, count) => link === 0 || count % 4 !== 1)
  expect(peer.lossy).toEqual([1])
  peer.speak(40, () => true)
  expect(peer.lossy).toEqual([])
  peer.speak(60, (link, count) => link === 1 && count % 4 !== 1)
  expect(peer.lossy, 'the dead one is told as silent').toEqual([1])
  const [found] = peer.meter.byLink(peer.now, timing)?.filter(({ link }) => link === 1) ?? []
  expect((100 * (found?.loss.lost ?? 0)) / (found?.loss.sent ?? 1)).toBeCloseTo(25, -1)
})
test('a link that was cut for some seconds, and one that is dead, lose nothing that is told as loss', () => {
  const peer = new TwoLinks().speak(60, () => true)
  for (let second = 0; second < 5; second++) expect(peer.speak(1, (link) => link === 0).lossy).toEqual([])
  for (let second = 0; second < 40; second++) expect(peer.speak(1, () => true).lossy).toEqual([])
  for (let second = 0; second < 60; second++) expect(peer.speak(1, (link) => link === 0).lossy).toEqual([])
})
test('so it is beside one that was never heard', () => {
  const peer = new TwoLinks().speak(60, (link, count) => link === 1 && count % 4 !== 1)
  expect(peer.lossy).toEqual([1])
})
