import { expect, test } from 'vitest'
import { refuseText } from './comment.ts'

test.each<[string, string, RegExp, RegExp]>([
  ['too long', 'x'.repeat(21), /has 21 characters/, /at most 20/],
  ['that paints', 'a\u001b[2J', /a terminal obeys/, /one line/],
  ['of two lines', 'a\nb', /a terminal obeys/, /one line/],
])('a comment %s is refused with what is wrong with it', (_, comment, message, hint) => {
  expect(refuseText(comment, 20)).toMatchObject({ code: 'bad-comment', field: 'comment' })
  expect(refuseText(comment, 20)?.message).toMatch(message)
  expect(refuseText(comment, 20)?.hint).toMatch(hint)
})

test('what may be a key is refused; a commit is told how to be written, and a key is not repeated', () => {
  const commit = '3b795388c9a1e5d7f20b46d8a1c3e5f708192a3b'
  expect(refuseText(`as of ${commit}`, 200)).toMatchObject({
    message: expect.stringContaining('40 hexadecimal digits in a row'),
    hint: expect.stringContaining('3b795388c9a1'),
  })
  expect(refuseText(`as of ${commit.slice(0, 12)}`, 200)).toBeNull()
  const key = '5ec7e7'.repeat(10)
  expect(JSON.stringify(refuseText(key, 200))).not.toContain('5ec7e7')
})
