import { expect, test } from 'vitest'
import { type Hears, mayHold, votersFor } from './hearing.ts'

const VOTERS = ['dir1', 'dir2', 'rs1']
/** All hear each other, but for these: `dir2>rs1`, dir2 does not hear rs1; `rs1?`, rs1 did not say whom it hears. */
const hearing =
  (...ways: string[]): Hears =>
  (by, name) =>
    ways.includes(`${by}?`) ? null : !ways.includes(`${by}>${name}`)

test.each<[string, string, string | null, number | undefined, string[]]>([
  ['all hear each other', 'dir2', 'dir1', 2, []],
  ['nobody is left out', 'dir2', null, 3, []],
  ['it hears a voter no more', 'dir2', 'dir1', 1, ['dir2>rs1']],
  ['a voter does not hear it', 'dir2', 'dir1', 1, ['rs1>dir2']],
  ['a voter did not say: it is heard', 'dir2', 'dir1', 2, ['rs1?']],
  ['it did not say itself', 'dir2', 'dir1', undefined, ['dir2?']],
  ['it does not hear who is left out', 'dir2', 'dir1', 2, ['dir2>dir1']],
  ['it is no voter', 'dir3', 'dir1', 2, []],
])('votes for a director: %s', (_, node, without, count, ways) => {
  expect(votersFor(node, without, VOTERS, hearing(...ways))).toBe(count)
})

test.each<[string, boolean, string[]]>([
  ['all hear it', true, []],
  ['one does not', true, ['dir2>dir1']],
  ['most do not', false, ['dir2>dir1', 'rs1>dir1']],
  ['one does not, and the other one did not say', true, ['dir2>dir1', 'rs1?']],
])('a lease may be held: %s', (_, may, ways) => {
  expect(mayHold('dir1', VOTERS, hearing(...ways))).toBe(may)
})
test('one of which all votes are its own may hold one, whoever hears it', () => {
  expect(mayHold('dir1', ['dir1'], hearing('dir2>dir1', 'rs1>dir1'))).toBe(true)
})
