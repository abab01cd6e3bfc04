import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('the command line names the file; directories have defaults', () => {
  expect(readOptions(['--config', 'a.yaml'])).toEqual({
    kind: 'run',
    config: 'a.yaml',
    follow: null,
    node: null,
    runDir: '/run/lvsm',
    stateDir: '/var/lib/lvsm',
  })
  expect(
    readOptions(['--config', 'a.yaml', '--check', '--node', 'dir1', '--run-dir', 'r', '--state-dir', 's']),
  ).toEqual({
    kind: 'check',
    config: 'a.yaml',
    follow: null,
    node: 'dir1',
    runDir: 'r',
    stateDir: 's',
  })
  expect(readOptions(['--help'])).toEqual({ kind: 'help' })
})
test('in place of a file it follows a coordinator, and keeps what that has in its state directory', () => {
  expect(readOptions(['--follow', '/run/c.sock', '--state-dir', '/var/s'])).toMatchObject({
    kind: 'run',
    follow: '/run/c.sock',
    config: '/var/s/followed.yaml',
  })
})
test.each([
  [['--follow', ''], 'no socket'],
  [['--follow', 's', '--config', 'x'], 'exclude each other'],
  [['--follow', 's', '--check'], 'lvsm config show'],
  [[], '--config is missing'],
  [['--config', ''], '--config is missing'],
  [['--configuration', 'x'], '--configuration'],
  [['--config', 'x', 'y'], 'y'],
])('%j is refused', (args, reason) =>
  expect(readOptions(args)).toMatchObject({ kind: 'refused', reason: expect.stringContaining(reason) }),
)
