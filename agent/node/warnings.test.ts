/** A configuration that was not taken over is a trouble of one line: what is shown elsewhere has no line breaks. */
import { describeRefusal, plainLine } from '@lvsm/base'
import { expect, test } from 'vitest'
import { refusedTrouble } from './warnings.ts'

test('the advice of a fault follows it in the same line', () => {
  const fault = { code: 'no-module', field: 'module ip_vs', message: 'a director needs it', hint: 'install one' }
  const { hint = '' } = refusedTrouble('revision 7 is not used', [describeRefusal(fault)])
  expect(hint).toBe('module ip_vs: a director needs it; install one')
  expect(plainLine(hint)).toBe(hint)
  const more = refusedTrouble('revision 7 is not used', [describeRefusal(fault), 'another'])
  expect(more.hint).toBe(
    'module ip_vs: a director needs it; install one; the log has them all: journalctl -u lvsm-agent',
  )
})
