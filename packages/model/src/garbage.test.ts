/** Whatever the text is, it is a configuration or it is refused with reasons; nothing is thrown. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkConfig } from './check.ts'
import { SAMPLE } from './sample.ts'

const judge = (text: string): void => {
  const { config, refusals = [] } = checkConfig(text)
  expect(config === undefined, refusals.map(({ message }) => message).join('\n')).toBe(refusals.length > 0)
  for (const { message } of refusals) expect(message).not.toBe('')
}

test('random text', () => fc.assert(fc.property(fc.string({ maxLength: 300 }), judge), { numRuns: 300 }))

const lines = SAMPLE.split('\n')
const line = fc.nat(lines.length - 1)
const piece = fc.constantFrom(
  '',
  ' ',
  '-',
  ':',
  '[',
  '{',
  '"',
  '#',
  'null',
  '~',
  '-1',
  '1e9',
  '0x',
  '300.1.1.1',
  '&a',
  '*a',
  '\t',
  '\u0000',
  '€',
)
const edit = fc.oneof(
  fc.record({ drop: line }),
  fc.record({ copy: line, to: line }),
  fc.record({ put: piece, at: line, column: fc.nat(60), over: fc.nat(8) }),
)

test('a good file with lines dropped, doubled and overwritten', () =>
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), (edits) => {
      const text = [...lines]
      for (const one of edits) {
        if ('drop' in one) text.splice(one.drop % text.length, 1)
        else if ('copy' in one) text.splice(one.to % text.length, 0, text[one.copy % text.length] ?? '')
        else {
          const at = one.at % text.length
          const old = text[at] ?? ''
          text[at] = old.slice(0, one.column) + one.put + old.slice(one.column + one.over)
        }
      }
      judge(text.join('\n'))
    }),
    { numRuns: 500 },
  ))
