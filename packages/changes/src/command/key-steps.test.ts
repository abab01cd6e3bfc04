import { expect, it } from 'vitest'
import { writtenOf } from '../document/document.ts'
import { DOCUMENT, outcome, run } from '../fixture.ts'

it('keys all at once: nodes that did not follow yet would hear nobody', () => {
  const file = writtenOf(DOCUMENT, 0)
  const key = { id: 1, file: '/etc/lvsm/key', algorithm: 'sha256' as const }
  const other = { id: 2, file: '/etc/lvsm/key2' }
  const said = (keys: readonly object[], id: number, nodes = file.nodes) =>
    outcome(DOCUMENT, { verb: 'apply', file: { ...file, keys, nodes, 'sign-with': id } }).join()
  expect(said([other], 2)).toMatch(
    /^key-too-early sign-with: nodes would sign with key 2 as others do not know it yet → in steps/,
  )
  expect(said([key, other], 2)).toMatch(/^key-too-early sign-with/)
  expect(said([{ ...key, algorithm: 'sha1' }], 1)).toMatch(/^key-too-early keys.1: nodes would sign/)
  expect(said([{ ...key, file: '/etc/lvsm/other' }], 1)).toMatch(/^key-too-early keys.1/)
  expect(said([{ id: 1, file: key.file }, other], 1), 'the default, said or not').toMatch(
    /^~ key 1.*\+ key 2|^\+ key 2/,
  )
  const both = run(DOCUMENT, { verb: 'apply', file: { ...file, keys: [key, other] } }).document ?? DOCUMENT
  const gone = { verb: 'apply', file: { ...file, keys: [other], 'sign-with': 2 } } as const
  expect(outcome(both, gone)).toEqual([
    expect.stringMatching(/^key-too-early keys.1: key 1 would be gone while nodes still sign/),
  ])
})
