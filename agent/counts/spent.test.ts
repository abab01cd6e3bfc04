import { expect, test } from 'vitest'
import { spentMs } from './spent.ts'

test('waiting costs nothing, and work does', async () => {
  const before = spentMs()
  await new Promise((done) => setTimeout(done, 200))
  const waited = spentMs() - before
  const until = performance.now() + 200
  while (performance.now() < until);
  const worked = spentMs() - before - waited
  expect(waited).toBeLessThan(150)
  expect(worked).toBeGreaterThan(waited)
})
