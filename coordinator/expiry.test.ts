/** What was wanted for a while ends once, and whoever leads says so. */
import type { Entry } from '@lvsm/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MemoryConfiguration, STATUS } from '../test/kit/configuration.ts'
import type { Written } from './configuration.ts'
import { Expiry } from './expiry.ts'

const BEGIN = 1_700_000_000_000
beforeEach(() => void vi.useFakeTimers({ now: BEGIN }))
afterEach(() => void vi.useRealTimers())

const subject = { kind: 'group', group: 'web' } as const
const stopped = (forMs: number | null): Entry => ({
  kind: 'intent',
  author: 'alice',
  at: BEGIN,
  command: { model: 1, verb: 'stop', subject, forMs, comment: '' },
})
async function wanted(forMs: number | null) {
  const configuration = new MemoryConfiguration()
  expect(await configuration.write(stopped(forMs))).toMatchObject({ outcome: { kind: 'wanted' } })
  const expiry = new Expiry(configuration, { wallClock: () => Date.now() })
  return { configuration, expiry, said: () => configuration.log.slice(1).map(({ kind }) => kind) }
}

test('it ends when its time has come, not before, and once', async () => {
  const { configuration, expiry, said } = await wanted(5000)
  await vi.advanceTimersByTimeAsync(4999)
  expect(said()).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(said()).toEqual(['expire'])
  expect(configuration.log.at(-1)).toMatchObject({ at: BEGIN + 5000 })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(said()).toEqual(['expire'])
  // The next one ends too.
  await configuration.write({ ...stopped(5000), at: Date.now() })
  await vi.advanceTimersByTimeAsync(5000)
  expect(said()).toEqual(['expire', 'intent', 'expire'])
  expiry.close()
})

test('while it is not known what time it is nothing ends', async () => {
  const configuration = new MemoryConfiguration()
  await configuration.write(stopped(5000))
  const clocks = { agreed: null as number | null }
  const expiry = new Expiry(configuration, { wallClock: () => clocks.agreed })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(configuration.log).toHaveLength(1)
  clocks.agreed = BEGIN + 5000
  await vi.advanceTimersByTimeAsync(1000)
  expect(configuration.log.at(-1)).toMatchObject({ kind: 'expire', at: BEGIN + 5000 })
  expiry.close()
})

test('what has no end stays, and what ends is said by whoever leads alone', async () => {
  const { expiry, said } = await wanted(null)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(said()).toEqual([])
  expiry.close()
  const other = await wanted(5000)
  const one = { role: 'follower' as 'follower' | 'leader' }
  other.configuration.status = () => ({ ...STATUS, raft: { ...STATUS.raft, role: one.role } })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(other.said()).toEqual([])
  one.role = 'leader'
  await vi.advanceTimersByTimeAsync(1000)
  expect(other.said()).toEqual(['expire'])
  other.expiry.close()
})

test('as long as nobody knows what came of it, it is said no second time; at the end nobody looks any more', async () => {
  const { configuration, expiry } = await wanted(1000)
  const answers: ((written: Written) => void)[] = []
  configuration.write = () => new Promise((resolve) => answers.push(resolve))
  await vi.advanceTimersByTimeAsync(10_000)
  expect(answers).toHaveLength(1)
  answers[0]?.({ kind: 'unknown' })
  await vi.advanceTimersByTimeAsync(1000)
  expect(answers).toHaveLength(2)
  expiry.close()
  answers[1]?.({ kind: 'unknown' })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(answers).toHaveLength(2)
  expect(vi.getTimerCount()).toBe(0)
})
