/** A configuration that was not taken over is a trouble of one line: what is shown elsewhere has no line breaks. */
import { describeRefusal, plainLine } from '@lvsm/base'
import { expect, test } from 'vitest'
import { refusedTrouble } from './warnings.ts'

test('the advice of a fault is the next step, in one line; what is wrong was seen', () => {
  const fault = { code: 'no-module', field: 'module ip_vs', message: 'a director needs it', hint: 'install one' }
  const { hint = '', evidence } = refusedTrouble('revision 7 is not used', [describeRefusal(fault)])
  expect([evidence, hint]).toEqual(['module ip_vs: a director needs it', 'install one'])
  expect(plainLine(hint)).toBe(hint)
  const more = refusedTrouble('revision 7 is not used', [describeRefusal(fault), 'another'])
  expect(more.hint).toBe('install one; the log has them all: journalctl -u lvsm-agent')
  expect(refusedTrouble('revision 7 is not used', ['it says nothing']).hint).toMatch(/^correct what is seen/)
})
