import { afterEach, expect, test, vi } from 'vitest'
import { MemoryConfiguration } from '../../../test/kit/configuration.ts'
import { weightOf } from '../../../test/suites/configuration.ts'
import { nextState } from './next.ts'

test('who has an older revision gets the present one at once', async () => {
  expect((await nextState(new MemoryConfiguration(), 0, 60_000))?.config.revision).toBe(1)
})

afterEach(() => void vi.useRealTimers())

test('who has it waits for the next, and is told once', { timeout: 30_000 }, async () => {
  // No time goes by: only the change can end the waiting.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const configuration = new MemoryConfiguration()
  const next = nextState(configuration, 1, 60_000)
  await configuration.write(weightOf(7))
  expect((await next)?.config.revision).toBe(2)
  await configuration.write(weightOf(8))
  expect((await nextState(configuration, 2, 60_000))?.config.revision).toBe(3)
})

test('after a while the present one comes, also where it is older than what was asked for', async () => {
  const configuration = new MemoryConfiguration()
  expect((await nextState(configuration, 1, 5))?.config.revision).toBe(1)
  expect((await nextState(configuration, 9, 5))?.config.revision).toBe(1)
})
