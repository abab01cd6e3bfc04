import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('the command line names the file; directories have defaults', () => {
  expect(readOptions(['--config', 'a.yaml'])).toEqual({
    kind: 'run',
    config: 'a.yaml',
    facts: null,
    follows: false,
    node: null,
    runDir: '/run/lvsm',
    stateDir: '/var/lib/lvsm',
  })
  expect(
    readOptions(['--config', 'a.yaml', '--check', '--node', 'dir1', '--run-dir', 'r', '--state-dir', 's']),
  ).toEqual({
    kind: 'check',
    config: 'a.yaml',
    facts: null,
    follows: false,
    node: 'dir1',
    runDir: 'r',
    stateDir: 's',
  })
  expect(readOptions(['--help'])).toEqual({ kind: 'help' })
})
test('what is given back is that of this machine, whatever a file says', () => {
  const where = { runDir: '/run/lvsm', stateDir: '/var/s' }
  expect(readOptions(['--give-back', '--state-dir', '/var/s'])).toEqual({ kind: 'give-back', ...where })
  for (const more of [['--config', 'a.yaml'], ['--check'], ['--node', 'dir1']])
    expect(readOptions(['--give-back', ...more])).toMatchObject({ reason: expect.stringContaining('--give-back') })
})
test('without a file it follows the coordinators, and keeps what they have in its state directory', () => {
  expect(readOptions(['--state-dir', '/var/s'])).toMatchObject({
    kind: 'run',
    follows: true,
    node: null,
    config: '/var/s/followed.yaml',
  })
})
test.each([
  [['--node', 'dir1'], '--node goes with --config'],
  [['--check'], 'lvsm config show'],
  [['--follow', 's'], '--follow'],
  [['--config', ''], '--config is empty'],
  [['--config', 'x', '--node', ''], '--node is empty'],
  [['--config', 'x', '--run-dir='], '--run-dir is empty'],
  [['--state-dir', ''], '--state-dir is empty'],
  [['--configuration', 'x'], '--configuration'],
  [['--config', 'x', 'y'], 'y'],
])('%j is refused', (args, reason) =>
  expect(readOptions(args)).toMatchObject({ kind: 'refused', reason: expect.stringContaining(reason) }),
)
