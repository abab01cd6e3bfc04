/** What entries came to is kept for those that wait for it, and for nobody else. */
import { instant } from '@lvsm/base'
import { expect, test } from 'vitest'
import { LIMITS, type Reply } from './events.ts'
import { Desk } from './questions.ts'

const now = instant(0)
const applied = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => ({ index: from + at, result: `result ${from + at}` }))

function desk() {
  const replies = new Map<string, Reply<string>>()
  const made = new Desk<string>(LIMITS, (id, reply) => void replies.set(id, reply))
  const question = (id: string) => made.questions.get(id) ?? expect.fail(`there is no ${id}`)
  return { made, replies, question }
}

test('nothing is kept while nobody waits, or only for a read, or for one that is not under way', () => {
  const { made, question } = desk()
  made.keep(applied(1, 500))
  expect(made.keptResults).toBe(0)
  made.open('r', { kind: 'read' }, now)
  question('r').stage = { kind: 'applying', index: 600 }
  made.open('w', { kind: 'write', payload: 'x' }, now)
  made.keep(applied(501, 10))
  expect(made.keptResults).toBe(0)
})

test('of a write that another one leads the result may come before it is known which it is; then all go', () => {
  const { made, question, replies } = desk()
  made.open('w', { kind: 'write', payload: 'x' }, now)
  const ask = made.sent(question('w'), 9)
  made.keep(applied(1, 3))
  expect(made.keptResults).toBe(3)
  made.heard({ kind: 'answer', from: 9, to: 5, id: ask, outcome: { kind: 'index', index: 2 } }, now)
  made.applied(3)
  expect(replies.get('w')).toEqual({ kind: 'done', index: 2, result: 'result 2' })
  expect(made.keptResults).toBe(0)
})
