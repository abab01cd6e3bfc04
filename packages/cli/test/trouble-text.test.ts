/** How loud a trouble is. */
import { expect, it } from 'vitest'
import { troubleLine } from '../src/trouble-text.ts'

const shown = (severity: string, code: string): string =>
  troubleLine(
    { node: 'dir1', severity, code, message: 'it is so' } as Parameters<typeof troubleLine>[0],
    (tone, text) => `${tone} ${text}`,
  )

it.each([
  ['info', 'known-port', '  dim info  dir1: it is so (known-port)'],
  ['warning', 'known-port', '  warn warning  dir1: it is so (known-port)'],
  ['critical', 'no-ipvs', '  bad critical  dir1: it is so (no-ipvs)'],
  // Anybody may take the cluster over.
  ['warning', 'weak-mac', '  bad warning  dir1: it is so (weak-mac)'],
])('%s, %s', (severity, code, line) => expect(shown(severity, code)).toBe(line))
