import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('the command line names the file; directories have defaults', () => {
  expect(readOptions(['--config', 'a.yaml'])).toEqual({
    kind: 'run',
    config: 'a.yaml',
    node: null,
    runDir: '/run/lvsm',
    stateDir: '/var/lib/lvsm',
  })
  expect(
    readOptions(['--config', 'a.yaml', '--check', '--node', 'dir1', '--run-dir', 'r', '--state-dir', 's']),
  ).toEqual({
    kind: 'check',
    config: 'a.yaml',
    node: 'dir1',
    runDir: 'r',
    stateDir: 's',
  })
  expect(readOptions(['--help'])).toEqual({ kind: 'help' })
})
test.each([
  [[], '--config is missing'],
  [['--config', ''], '--config is missing'],
  [['--configuration', 'x'], '--configuration'],
  [['--config', 'x', 'y'], 'y'],
])('%j is refused', (args, reason) =>
  expect(readOptions(args)).toMatchObject({ kind: 'refused', reason: expect.stringContaining(reason) }),
)
