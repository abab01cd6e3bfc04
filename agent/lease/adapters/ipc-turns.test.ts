import { expect, test } from 'vitest'
import { eventually } from '../../../test/kit/eventually.ts'
import { FrameTurns, type Speaker } from './ipc-turns.ts'

const LONG_MS = 20
const speaker = (): Speaker => ({ pause: () => undefined, resume: () => undefined })

test('words that take long are taken one at a time: a timer that is due has its turn between two of them', async () => {
  let [taken, before] = [0, -1]
  const turns = new FrameTurns<Speaker>(() => {
    const end = performance.now() + LONG_MS
    while (performance.now() < end);
    taken += 1
  })
  setTimeout(() => (before = taken), 1)
  for (const client of [speaker(), speaker()])
    turns.offer(
      client,
      Array.from({ length: 5 }, () => new Uint8Array(1)),
    )
  await eventually(() => expect(taken).toBe(10))
  expect(before).toBeLessThanOrEqual(2)
})
