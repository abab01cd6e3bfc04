/** Heartbeat keys go from step to step as the nodes say that they have them; an agent that talks too much fills no log. */
import { instant } from '@lvsm/base'
import { ringOf } from '@lvsm/changes'
import type { Entry, NodeProgress } from '@lvsm/protocol'
import { expect, onTestFinished, test, vi } from 'vitest'
import { MemoryConfiguration } from '../test/kit/configuration.ts'
import { Keying } from './keying.ts'

const half = (digit: number): string => `${digit}`.repeat(64)
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
}

function cluster(byItself = false) {
  const configuration = new MemoryConfiguration()
  configuration.enrol('dir1', 'dir2', 'rs1')
  const reports = new Map<string, NodeProgress>()
  const one: { leads: boolean; now: number; trouble: string | null; isSlow: boolean } = {
    leads: true,
    now: 0,
    trouble: null,
    isSlow: false,
  }
  const written: Entry[] = []
  const keying = new Keying({
    known: () => configuration.known(),
    leads: () => one.leads,
    reports: () => reports,
    write: (entry: Entry) => {
      written.push(entry)
      return one.isSlow ? new Promise(() => undefined) : configuration.write(entry)
    },
    trouble: (trouble) => void (one.trouble = trouble?.message ?? null),
    clock: () => instant(one.now),
    wallClock: () => 1_700_000_000_000,
  })
  // It is looked at by hand.
  if (!byItself) keying.close()
  onTestFinished(() => keying.close())
  return {
    one,
    written,
    close: () => keying.close(),
    configuration,
    offer: async (node: string, digit: number, lost = false) => {
      keying.offered(node, { kind: 'key', public: half(digit), lost })
      await settled()
      return configuration.log.length
    },
    uses: (ring: number, ...names: string[]) => {
      for (const name of names) reports.set(name, { name, revision: 1, ring })
    },
    look: async () => {
      keying.look()
      await settled()
      const state = configuration.known()
      return state && ringOf(state.enrolled)
    },
  }
}

test('what is offered is accepted first, signs when all who have keys have it, and then the shared key ends', async () => {
  const { offer, uses, look } = cluster()
  expect((await look())?.number).toBe(0)
  await offer('dir1', 1)
  await offer('dir2', 2)
  expect((await look())?.number).toBe(2)
  uses(2, 'dir1')
  expect((await look())?.number).toBe(2)
  uses(1, 'dir2')
  // dir1's key is in the first ring, which both have.
  expect((await look())?.nodes.map(({ signWith }) => signWith)).toEqual([1, 0])
  uses(3, 'dir1', 'dir2')
  expect((await look())?.nodes.map(({ signWith, shared }) => [signWith, shared])).toEqual([
    [1, false],
    [1, true],
  ])
  uses(4, 'dir1', 'dir2')
  expect((await look())?.nodes.map(({ signWith, shared }) => [signWith, shared])).toEqual([
    [1, false],
    [1, false],
  ])
  uses(5, 'dir1', 'dir2')
  expect((await look())?.number).toBe(5)
})

test('a node that is silent, or has said none, holds up only what it has to know', async () => {
  const { offer, uses, look } = cluster()
  await offer('dir1', 1)
  uses(1, 'dir1')
  expect((await look())?.nodes[0]?.signWith).toBe(1)
  await offer('rs1', 3)
  uses(9, 'dir1')
  expect((await look())?.nodes.map(({ shared }) => shared)).toEqual([true, true])
})

test('who does not lead leaves it to the leader', async () => {
  const { one, offer, uses, look } = cluster()
  await offer('dir1', 1)
  uses(1, 'dir1')
  one.leads = false
  expect((await look())?.number).toBe(1)
  one.leads = true
  expect((await look())?.number).toBe(2)
})

test('the same again is no entry, another one soon after it is none, and a stranger has none', async () => {
  const { one, offer } = cluster()
  expect(await offer('rs1', 1)).toBe(1)
  expect(await offer('rs1', 1)).toBe(1)
  expect(await offer('rs1', 2)).toBe(1)
  expect(await offer('dir1', 3)).toBe(2)
  one.now = 10_000
  expect(await offer('rs1', 2)).toBe(3)
  expect(await offer('rs9', 4)).toBe(3)
})

test('who holds it up for a minute is named by the leader, until it is done', async () => {
  const { one, offer, uses, look } = cluster()
  await offer('dir1', 1)
  await offer('rs1', 2)
  uses(2, 'dir1')
  await look()
  one.now = 59_999
  await look()
  expect(one.trouble).toBeNull()
  one.now = 60_000
  await look()
  expect(one.trouble).toMatch(/not yet: rs1$/)
  one.leads = false
  await look()
  expect(one.trouble).toBeNull()
  one.leads = true
  one.now += 1
  await look()
  one.now += 60_000
  await look()
  expect(one.trouble).toMatch(/rs1/)
  for (let ring = 2; ring < 6; ring++) {
    uses(ring, 'dir1', 'rs1')
    await look()
  }
  await look()
  expect(one.trouble).toBeNull()
})

test('a node that lost its keys says so in the log; a step is written once until it came to something', async () => {
  const { one, written, offer, uses, look } = cluster()
  await offer('dir1', 1)
  one.now = 10_000
  await offer('dir1', 2, true)
  expect(written.at(-1)).toMatchObject({ kind: 'heartbeat-key', name: 'dir1', public: half(2), lost: true })
  const { length } = written
  uses(9, 'dir1')
  one.isSlow = true
  for (let at = 0; at < 3; at++) await look()
  expect(written.slice(length).map(({ kind }) => kind)).toEqual(['heartbeat-step'])
})

test('who waits for the next step is not named for having waited for the one before', async () => {
  const { one, offer, uses, look } = cluster()
  await offer('dir1', 1)
  await offer('rs1', 2)
  uses(2, 'dir1')
  await look()
  one.now = 40_000
  uses(2, 'rs1')
  await look()
  await look()
  one.now = 90_000
  await look()
  expect(one.trouble).toBeNull()
  one.now = 100_000
  await look()
  expect(one.trouble).toMatch(/not yet: dir1, rs1$/)
})

test('it looks each second by itself, until it is closed', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { written, offer, uses, close } = cluster(true)
  await offer('dir1', 1)
  uses(1, 'dir1')
  await vi.advanceTimersByTimeAsync(1000)
  expect(written.map(({ kind }) => kind)).toEqual(['heartbeat-key', 'heartbeat-step'])
  close()
  expect(vi.getTimerCount()).toBe(0)
})
