import { expect, test } from 'vitest'
import { type Answer, SecondQuestions, secondText, slowOpening } from './second-question.ts'

const TARGET = { address: '10.12.0.11', port: 80, source: null }

test('an answer that came late is a slow way, and no filter; nothing at all may be one', () => {
  expect(secondText(1400, 1000)).toBe(
    'a second question was answered after 1.4 s: a slow way, lost packets, or a full accept queue, and no filter',
  )
  expect(secondText(3, 1000)).toMatch(/after 0 ms: some packets are lost/)
  expect(secondText('silent', 1000)).toMatch(/within 6 s: a packet filter/)
  expect(secondText('nobody', 1000)).toMatch(/ARP/)
})
test('a connection that was opened slowly says so; one that was opened at once does not', () => {
  expect(slowOpening(702)).toMatch(/^: to open the connection took 700 ms/)
  expect(slowOpening(2)).toBe('')
  expect(slowOpening(null)).toBe('')
})
test('one at a time is asked for each place; what was found is said the next time, until it answers', () => {
  const asked: ((answer: Answer) => void)[] = []
  const questions = new SecondQuestions((_, done) => void asked.push(done))
  expect(questions.of(TARGET, 1000)).toBe('')
  expect(asked, 'once is nothing').toHaveLength(0)
  expect(questions.of(TARGET, 1000)).toBe('')
  expect(questions.of(TARGET, 1000)).toBe('')
  expect(asked).toHaveLength(1)
  asked[0]?.('silent')
  expect(questions.of(TARGET, 1000)).toMatch(/^: nor to a second question/)
  asked[1]?.(1400)
  expect(questions.of(TARGET, 1000)).toMatch(/after 1\.4 s/)
  asked[2]?.(undefined)
  expect(questions.of(TARGET, 1000), 'nobody knows').toBe('')
  asked[3]?.('silent')
  questions.isWell(TARGET)
  expect(questions.of(TARGET, 1000)).toBe('')
})
