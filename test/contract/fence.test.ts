/**
 * One suite for the fence of the simulator and the fence of the kernel (fence.md, rows 5 and 7): what the simulator's
 * laws rest on, nf_tables does too. Needs root, and fails without it.
 */
import { instant, seededRandom } from '@lvsm/base'
import { boottime, inNamespace } from '@lvsm/kernel'
import type { LeaseGroup } from '@lvsm/lease'
import { nftables } from '@lvsm/netlink'
import { describe, expect, test } from 'vitest'
import { elementOf } from '../../agent/lease/adapters/kernel/fence-tables.ts'
import { openFence } from '../../agent/lease/adapters/kernel/fence.ts'
import type { FenceOp } from '../../agent/lease/core/events.ts'
import { Clock } from '../kit/clock.ts'
import { FakeKernel } from '../kit/kernel.ts'
import { Schedule } from '../kit/schedule.ts'
import { all, filter, index, nftTool, run, space, wait } from './space.ts'

interface Subject {
  /** Both parts; true when the kernel took it. */
  apply(op: FenceOp, timeoutMs: number): boolean
  isOpen(): boolean
  /** The tables anew; true when the group was carried for so long. 0: it is not to be. */
  rebuild(timeoutMs: number): boolean
  /** Lets time go by. */
  pass(ms: number): Promise<void>
}

const PARTS = ['announce', 'serve'] as const
const GROUP: LeaseGroup = {
  name: 'web',
  digest: '0000000000000000',
  directors: ['dir1'],
  addresses: [{ address: '10.55.7.10', prefix: 24, ifindex: index, kind: 'vip' }],
}
const LAYERS = ['arp', 'netdev', 'inet'] as const

const elements = (layer: (typeof LAYERS)[number]) =>
  all(filter.dump(nftables.dumpElements(elementOf('web', layer).name)), nftables.decodeElements).flatMap(
    (set) => set.elements,
  )

function simulated(): Subject {
  const schedule = new Schedule()
  const kernel = new FakeKernel(schedule, new Clock(0, 1), seededRandom(7), {
    refusal: 0,
    revives: false,
    sweepsNothing: false,
  })
  return {
    apply: (op, timeoutMs) => kernel.fence('web', op, PARTS, timeoutMs) === '',
    rebuild: (timeoutMs) => kernel.rebuild([GROUP], new Map(timeoutMs > 0 ? [['web', timeoutMs]] : []), false),
    isOpen: () => PARTS.every((part) => kernel.endOf('web', part) > schedule.now),
    async pass(ms) {
      schedule.runUntil(schedule.now + ms)
    },
  }
}

function real(): Subject {
  const fence = inNamespace(space, () => openFence(boottime, () => 'left'))
  expect(fence.build([GROUP], [])).toEqual({ ok: true, error: '', carried: [] })
  const lives = (layer: (typeof LAYERS)[number]): boolean => elements(layer).some(({ leftMs }) => (leftMs ?? 0) > 0)
  return {
    apply: (op, timeoutMs) =>
      fence.apply({ group: 'web', op, parts: PARTS, timeoutMs, notAfter: instant(Number.POSITIVE_INFINITY) }).ok,
    rebuild: (timeoutMs) => fence.build([GROUP], timeoutMs > 0 ? carried(timeoutMs) : []).carried[0]?.ok ?? false,
    isOpen: () => LAYERS.every(lives),
    pass: (ms) => {
      const end = boottime() + ms
      return wait(() => boottime() >= end)
    },
  }
}

describe.each([
  ['of the simulator', simulated],
  ['of the kernel', real],
])('the fence %s', (_, make) => {
  test('is closed before it was opened, and cannot be renewed then', () => {
    const fence = make()
    expect(fence.isOpen()).toBe(false)
    expect(fence.apply('renew', 200)).toBe(false)
    expect(fence.isOpen()).toBe(false)
  })
  test('closes by itself', async () => {
    const fence = make()
    expect(fence.apply('open', 100)).toBe(true)
    expect(fence.isOpen()).toBe(true)
    await fence.pass(130)
    expect(fence.isOpen()).toBe(false)
  })
  test('a renewal extends it', async () => {
    const fence = make()
    fence.apply('open', 120)
    expect(fence.apply('renew', 1000)).toBe(true)
    await fence.pass(200)
    expect(fence.isOpen()).toBe(true)
  })
  test('a renewal that comes too late is refused and revives nothing', async () => {
    const fence = make()
    fence.apply('open', 60)
    await fence.pass(90)
    expect(fence.apply('renew', 1000)).toBe(false)
    expect(fence.isOpen()).toBe(false)
  })
  test('is not opened twice', () => {
    const fence = make()
    expect(fence.apply('open', 500)).toBe(true)
    expect(fence.apply('open', 500)).toBe(false)
  })
  test('closing it works at any time', () => {
    const fence = make()
    expect(fence.apply('close', 0)).toBe(true)
    fence.apply('open', 500)
    expect(fence.apply('close', 0)).toBe(true)
    expect(fence.isOpen()).toBe(false)
  })
})

const NEVER = instant(Number.POSITIVE_INFINITY)
const carried = (timeoutMs: number) => [{ group: 'web', timeoutMs, notAfter: NEVER }]

describe.each([
  ['of the simulator', simulated],
  ['of the kernel', real],
])('the tables %s, built anew', (_, make) => {
  test('are closed where nothing is carried', () => {
    const fence = make()
    fence.apply('open', 500)
    fence.rebuild(0)
    expect(fence.isOpen()).toBe(false)
  })
  test('carry over what is open, for as long as they are told', async () => {
    const fence = make()
    fence.apply('open', 150)
    expect(fence.rebuild(1000)).toBe(true)
    await fence.pass(250)
    expect(fence.isOpen()).toBe(true)
    expect(fence.apply('renew', 100)).toBe(true)
    await fence.pass(130)
    expect(fence.isOpen()).toBe(false)
  })
  test('revive nothing that ran out', async () => {
    const fence = make()
    fence.apply('open', 60)
    await fence.pass(90)
    expect(fence.rebuild(1000)).toBe(false)
    expect(fence.isOpen()).toBe(false)
    expect(fence.apply('open', 500)).toBe(true)
  })
})

test('a flushed rule set comes back, closed: nobody knows what its elements had left', () => {
  const fence = inNamespace(space, () => openFence(boottime, () => 'left'))
  fence.build([GROUP], [])
  fence.apply({ group: 'web', op: 'open', parts: PARTS, timeoutMs: 5000, notAfter: NEVER })
  run('ip', 'netns', 'exec', space, 'nft', 'flush', 'ruleset')
  expect(fence.intact()).toBe(false)
  expect(fence.build([GROUP], carried(1000))).toMatchObject({ ok: true, carried: [{ group: 'web', ok: false }] })
  expect(fence.intact()).toBe(true)
  expect(elements('inet')).toEqual([])
})

test('tables of a predecessor are taken away only by who built his own', () => {
  const fence = inNamespace(space, () => openFence(boottime, () => 'left'))
  fence.build([GROUP], [])
  const next = inNamespace(space, () => openFence(boottime, () => 'left'))
  expect(next.clear()).toEqual({ ok: true, error: '' })
  expect(fence.intact()).toBe(true)
  expect(fence.clear()).toEqual({ ok: true, error: '' })
  expect(nftTool('list tables')).not.toContain('lvsm')
})
