import { expect, it } from 'vitest'
import { linesOf } from './lines.ts'

function hear(longest: number, ...pieces: string[]) {
  const told: (string | null)[] = []
  const take = linesOf(longest, { line: (text) => told.push(text), tooLong: () => told.push(null) })
  for (const piece of pieces) take(Buffer.from(piece, 'latin1'))
  return told
}

it('lines come whole, however they are cut', () => {
  expect(hear(10, 'one\ntw', 'o\n', '\n', 'thr', 'ee')).toEqual(['one', 'two', ''])
  expect(hear(10, '\u00c3', '\u00a4\n'), 'and so do characters').toEqual(['ä'])
})
it('one that is longer than the bound ends it', () => {
  expect(hear(4, 'four\nfi', 've', 's', '\nno\n')).toEqual(['four', null])
})
