/** The surroundings are what they say. */
import { type LeaseGroup } from '@lvsm/protocol'
import { seededRandom } from '@lvsm/base'
import { expect, test } from 'vitest'
import { Clock } from './clock.ts'
import { Disk, QUICK } from './disk.ts'
import { FakeKernel } from './kernel.ts'
import { kernelPorts } from './kernel-ports.ts'
import { Network } from './network.ts'
import { Schedule } from './schedule.ts'
import { Timeline } from './timeline.ts'

const WEB: LeaseGroup = {
  name: 'web',
  digest: 'd',
  directors: ['dir1'],
  addresses: [{ address: '10.11.0.10', prefix: 24, ifindex: 2, kind: 'vip' }],
}
const ANY_TIME = Number.POSITIVE_INFINITY as never

function machine(holdUpMs = 0) {
  const schedule = new Schedule()
  const clock = new Clock(0, 1)
  const seen: string[] = []
  const kernel = new FakeKernel(schedule, clock, seededRandom(1), {
    changed: (about) => seen.push(`changed ${about?.join() ?? 'all'}`),
    flushed: () => seen.push('flushed'),
    addressGone: () => seen.push('address gone'),
  })
  const line = new Timeline(schedule, clock, () => holdUpMs)
  const ports = kernelPorts(kernel, line, {
    trip: () => 0,
    frame: (address) => seen.push(`frame ${address}`),
    belated: (address) => seen.push(`belated ${address}`),
    sweepsNothing: false,
    clearsUnseen: false,
  })
  return { schedule, kernel, line, ports, seen }
}
const order = (op: 'open' | 'renew' | 'close', timeoutMs: number) =>
  ({ group: 'web', op, parts: ['announce', 'serve'], timeoutMs, notAfter: ANY_TIME }) as const

test('a call takes time, and the world sees it when that has come', () => {
  const { schedule, kernel, line, ports } = machine()
  ports.fence.build([WEB], [])
  expect(ports.fence.apply(order('open', 100)).result).toBe('done')
  expect(line.at).toBeGreaterThan(0)
  expect(kernel.now.endOf('web', 'serve')).toBeLessThan(0)
  schedule.runUntil(line.at)
  expect(kernel.now.endOf('web', 'serve')).toBeGreaterThan(schedule.now)
})

test('an answer that had passed the fence leaves after it was closed, and before a grace period is over', () => {
  const { schedule, line, ports, seen } = machine()
  ports.fence.build([WEB], [])
  ports.fence.apply(order('open', 100))
  ports.addresses.add(WEB, 3)
  const before = seen.length
  ports.fence.apply(order('close', 0))
  const over = ports.graceOver()
  expect(over).toBeGreaterThan(line.at)
  schedule.runUntil(line.at)
  expect(seen.slice(before)).not.toContain('belated 10.11.0.10')
  schedule.runUntil(over)
  expect(seen).toContain('belated 10.11.0.10')
  ports.fence.apply(order('close', 0))
  schedule.runUntil(over + 1000)
  expect(seen.filter((one) => one.startsWith('belated 10.11.0.10'))).toHaveLength(1)
})

test('what a killed process had not done yet does not happen', () => {
  const { schedule, kernel, line, ports } = machine()
  ports.fence.build([WEB], [])
  schedule.runUntil(line.at)
  ports.fence.apply(order('open', 100))
  line.alive = false
  kernel.abandon()
  schedule.runUntil(10)
  expect(kernel.now.endOf('web', 'serve')).toBeLessThan(0)
})

test('a renewal is a compare-and-swap, however long the process was held up before it', () => {
  const { ports, line } = machine(60)
  ports.fence.build([WEB], [])
  expect(ports.fence.apply(order('open', 50)).result).toBe('done')
  expect(ports.fence.apply(order('renew', 500)).result).toBe('refused')
  expect(line.at).toBeGreaterThan(120)
})

test('an answer that is lost says nothing: the call was done, is done later, or is not done', () => {
  const ends = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const { kernel, ports, schedule, line } = machine()
    ports.fence.build([WEB], [])
    for (let skipped = 0; skipped < seed; skipped++) kernel.elementLasts(1)
    kernel.faults.denial = 1
    expect(ports.fence.apply(order('open', 300)).result).toBe('unknown')
    kernel.faults.denial = 0
    schedule.runUntil(line.at)
    const atOnce = kernel.now.endOf('web', 'serve') > 0
    schedule.runUntil(line.at + 150)
    ends.add(`${atOnce} ${kernel.now.endOf('web', 'serve') > 0}`)
  }
  expect([...ends].sort()).toEqual(['false false', 'false true', 'true true'])
})

test('a flush leaves the addresses on and unguarded, until their lifetime ends', () => {
  const { kernel, ports, schedule, line, seen } = machine()
  ports.fence.build([WEB], [])
  ports.addresses.add(WEB, 3)
  schedule.runUntil(line.at)
  expect(kernel.now.answersUntil('10.11.0.10', 'serve')).toBeLessThan(0)
  kernel.flush()
  schedule.runUntil(10)
  expect(kernel.now.answersUntil('10.11.0.10', 'serve')).toBeGreaterThan(3000)
  expect(ports.tablesGone()).toBe(true)
  schedule.runUntil(4100)
  expect(kernel.now.answersUntil('10.11.0.10', 'serve')).toBeLessThan(0)
  expect(seen).toContain('address gone')
})

test('a gratuitous frame leaves only while the announcements are open; without the egress hook the clock decides', () => {
  const { ports, schedule, line, seen } = machine()
  ports.fence.build([WEB], [])
  ports.addresses.announce(WEB, ANY_TIME)
  schedule.runUntil(line.at)
  expect(seen).not.toContain('frame 10.11.0.10')
  ports.fence.apply(order('open', 100))
  ports.addresses.announce(WEB, ANY_TIME)
  schedule.runUntil(line.at)
  expect(seen).toContain('frame 10.11.0.10')
  expect(ports.addresses.announce(WEB, line.read()).result).toBe('refused')
})

test('cuts that overlap end separately, and are of one link', () => {
  const schedule = new Schedule()
  const arrived: string[] = []
  const network = new Network<string>(schedule, seededRandom(1), ({ to }, datagram) =>
    arrived.push(`${to} ${datagram}`),
  )
  const one = network.cut(({ link }) => link === 0)
  const two = network.cut(({ from }) => from === 'a')
  const send = (link: number): void => network.send({ from: 'a', to: 'b', link }, `by ${link}`)
  send(0)
  send(1)
  two.end()
  send(0)
  send(1)
  one.end()
  send(0)
  schedule.runUntil(10)
  expect(arrived.sort()).toEqual(['b by 0', 'b by 1'])
})

test('a write that was acknowledged stays; one that failed or was under way may be there', () => {
  const schedule = new Schedule()
  const [before, after] = [1, 2].map((limitMs) => ({ limitMs, highWater: 0, standby: false })) as [never, never]
  const found = new Set<unknown>()
  for (let seed = 0; seed < 20; seed++) {
    const disk = new Disk(schedule, seededRandom(seed), before)
    const told: string[] = []
    disk.write(after, null, (error) => told.push(error))
    if (seed % 2 === 0) disk.faults = { ...QUICK, full: true }
    disk.abandon()
    schedule.runUntil(schedule.now + 1000)
    expect(told).toEqual([])
    found.add(disk.state)
    disk.write(after, null, (error) => told.push(error))
    schedule.runUntil(schedule.now + 1000)
    if (seed % 2 !== 0) expect(disk.state).toBe(after)
    expect(told).toHaveLength(1)
  }
  expect(found.size).toBe(2)
})
