import { expect, test } from 'vitest'
import { readOptions, USAGE } from './options.ts'

test('a node runs where it is told, or in the usual places', () => {
  expect(readOptions(['--node', 'dir1'])).toEqual({
    kind: 'run',
    node: 'dir1',
    runDir: '/run/lvsm',
    stateDir: '/var/lib/lvsm',
  })
  expect(readOptions(['--node=dir1', '--run-dir', '/r', '--state-dir', '/s'])).toEqual({
    kind: 'run',
    node: 'dir1',
    runDir: '/r',
    stateDir: '/s',
  })
})

test('a node that is not named is called as its machine', () => {
  expect(readOptions([])).toMatchObject({ kind: 'run', node: null })
})

test('setting up needs no name', () => {
  expect(readOptions(['--set-up'])).toEqual({ kind: 'set-up', stateDir: '/var/lib/lvsm' })
  expect(readOptions(['--set-up', '--state-dir', '/s', '--node', 'dir1'])).toEqual({ kind: 'set-up', stateDir: '/s' })
})

test('help comes before everything else', () => {
  expect(readOptions(['--help'])).toEqual({ kind: 'help' })
  expect(readOptions(['--set-up', '--help'])).toEqual({ kind: 'help' })
})

test.each([
  [['--node', ''], /^--node is empty/],
  [['--node', 'dir1', '--run-dir='], /^--run-dir is empty/],
  [['--set-up', '--state-dir', ''], /^--state-dir is empty/],
  [['--node'], /--node/],
  [['--nodes', 'dir1'], /--nodes/],
  [['--node', 'dir1', 'more'], /more/],
  [['--set-up=yes'], /--set-up/],
])('%j is refused, with what is wrong', (args, reason) => {
  expect(readOptions(args)).toEqual({ kind: 'refused', reason: expect.stringMatching(reason) })
})

test('the usage names every option', () => {
  for (const option of ['--node', '--run-dir', '--state-dir', '--set-up']) expect(USAGE).toContain(option)
})
