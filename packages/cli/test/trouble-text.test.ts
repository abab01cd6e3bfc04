/** How loud a trouble is. */
import { expect, it } from 'vitest'
import type { NodeTrouble } from '@lvsm/protocol'
import { troubleLine } from '../src/trouble-text.ts'

const shown = (severity: string, code: string): string =>
  troubleLine(
    { node: 'dir1', severity, code, message: 'it is so' } as Parameters<typeof troubleLine>[0],
    (tone, text) => `${tone} ${text}`,
  )

it('says since when, what comes of it, what was seen, and what to do', () => {
  const trouble: NodeTrouble = {
    ...{ node: 'dir1', severity: 'critical', code: 'no-ipvs', message: 'this kernel has no IPVS', leftMs: 23_400 },
    ...{ since: '2026-11-28T02:47:09Z', evidence: 'no /proc/net/ip_vs', hint: 'modprobe ip_vs', object: 'node dir1' },
  }
  expect(troubleLine(trouble, (_, text) => text)).toBe(
    [
      '  critical  dir1: this kernel has no IPVS (no-ipvs; since 2026-11-28 02:47:09Z); over in 24 s',
      '    so: this node forwards nothing, and can take nothing over',
      '    seen: no /proc/net/ip_vs',
      '    → modprobe ip_vs',
    ].join('\n'),
  )
})

it('says of what is over how long ago it was, and alarms nobody', () => {
  const trouble: NodeTrouble = { node: 'dir1', severity: 'critical', code: 'x', message: 'it was so', pastMs: 125_000 }
  expect(troubleLine(trouble, (tone, text) => `${tone} ${text}`)).toBe(
    '  dim over: the last of it 2 min ago  dir1: it was so (x; it was critical)',
  )
})

it.each([
  ['info', 'known-port', '  dim info  dir1: it is so (known-port)'],
  ['warning', 'known-port', '  warn warning  dir1: it is so (known-port)'],
  ['critical', 'of-a-newer-lvsm', '  bad critical  dir1: it is so (of-a-newer-lvsm)'],
  // Anybody may take the cluster over.
  ['warning', 'weak-mac', '  bad warning  dir1: it is so (weak-mac)'],
])('%s, %s', (severity, code, line) => expect(shown(severity, code)).toBe(line))
