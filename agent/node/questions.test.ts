import { expect, test } from 'vitest'
import { Questions } from './questions.ts'

test('each answer goes to who asked; what comes late, or never, is nobody’s', async () => {
  const asked: number[] = []
  const questions = new Questions(({ id }) => void asked.push(id), 60_000)
  const [one, other] = [questions.ask('status'), questions.ask('events')]
  expect(asked).toEqual([1, 2])
  questions.answered({ id: 2, events: { events: [] } })
  questions.answered({ id: 2 })
  questions.answered({ id: 9 })
  expect(await other).toEqual({ events: { events: [] } })
  questions.closed()
  expect(await one).toBeNull()
})
test('who gives no answer is waited for no longer than it takes', async () => {
  expect(await new Questions(() => undefined, 1).ask('status')).toBeNull()
})
