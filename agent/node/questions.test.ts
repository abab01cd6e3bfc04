import { expect, test } from 'vitest'
import { Questions } from './questions.ts'

test('each answer goes to who asked; what comes late, or never, is nobody’s', async () => {
  const asked: number[] = []
  const questions = new Questions(({ id }) => asked.push(id) > 0, 60_000)
  const [one, other] = [questions.ask('status'), questions.ask('events')]
  expect(asked).toEqual([1, 2])
  questions.answered({ id: 2, events: { events: [] } })
  questions.answered({ id: 2 })
  questions.answered({ id: 9 })
  expect(await other).toEqual({ events: { events: [] } })
  questions.closed()
  expect(await one).toBeNull()
})
test('who gives no answer is waited for no longer than it takes, and nobody waits where nobody is connected', async () => {
  expect(await new Questions(() => true, 1).ask('status')).toBeNull()
  const apart = new Questions(() => false, 60_000)
  expect(await apart.ask('status')).toBeNull()
  expect(await apart.ask('status')).toBeNull()
})
test('many who ask the same at once are one question, and after an answer for a moment', async () => {
  const asked: number[] = []
  const questions = new Questions(({ id }) => asked.push(id) > 0, 60_000)
  const all = Array.from({ length: 50 }, () => questions.ask('events'))
  expect(asked).toEqual([1])
  questions.answered({ id: 1, events: { events: [] } })
  expect(await Promise.all([...all, questions.ask('events')])).toEqual(
    all.map(() => ({ events: { events: [] } })).concat({ events: { events: [] } }),
  )
  expect(asked).toEqual([1])
  await expect.poll(() => (void questions.ask('events'), asked.length)).toBe(2)
  // One that came to nothing is asked again.
  questions.closed()
  await expect.poll(() => (void questions.ask('events'), asked.length)).toBe(3)
})
