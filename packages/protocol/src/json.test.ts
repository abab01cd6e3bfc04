/** What is looked at in a text before any schema walks into it. */
import { describe, expect, test } from 'vitest'
import { parseBounded } from './json.ts'

const deep = (levels: number): string => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
const isRead = (text: string): boolean => 'a' in parseBounded(text, 10_000)

describe('a text', () => {
  test('goes so deep, and no deeper', () => {
    expect([1, 64, 65, 1000].map((levels) => isRead(levels === 1 ? '{"a":1}' : deep(levels)))).toEqual([
      ...[true, true],
      ...[false, false],
    ])
  })
  test.each([
    ['brackets', '['.repeat(100)],
    ['brackets behind a quotation mark', `"${'{'.repeat(100)}`],
    ['brackets behind a backslash', `\\${'{'.repeat(100)}`],
    ['brackets behind both', `\\"${'['.repeat(100)}`],
  ])('may say what it likes inside its words: %s', (_, word) => expect(isRead(JSON.stringify({ a: word }))).toBe(true))
  test('that only closes brackets first goes no deeper by that', () =>
    expect(isRead(`{"a":[${'[],'.repeat(200)}0]}`)).toBe(true))
  test('that is longer than its kind may be is not read', () => {
    const text = '{"a":1}'
    expect([text.length, text.length - 1].map((longest) => parseBounded(text, longest))).toEqual([{ a: 1 }, {}])
  })
})
