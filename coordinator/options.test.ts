import { expect, test } from 'vitest'
import { HELP, readOptions } from './options.ts'

const found = (...listen: string[]) =>
  readOptions([
    '--found',
    'lvsm.yaml',
    '--node',
    'dir1',
    '--identity',
    'node.json',
    ...listen.flatMap((one) => ['--listen', one]),
  ])

test('without words it runs, where a package puts it', () =>
  expect(readOptions([])).toEqual({
    kind: 'run',
    runDir: '/run/lvsm-coordinator',
    stateDir: '/var/lib/lvsm-coordinator',
  }))

test.each<[string, string, number]>([
  ['10.12.0.11', '10.12.0.11', 7446],
  ['10.12.0.11:80', '10.12.0.11', 80],
  ['2001:db8::1', '2001:db8::1', 7446],
  ['[2001:db8::1]:443', '2001:db8::1', 443],
])('listens to %s', (text, host, port) =>
  expect(found(text, '10.0.0.9')).toMatchObject({
    kind: 'found',
    identity: 'node.json',
    file: 'lvsm.yaml',
    node: 'dir1',
    listen: [
      { host, port },
      { host: '10.0.0.9', port: 7446 },
    ],
  }),
)

test('listens to people where it is told to, and nowhere else', () => {
  expect(found('10.0.0.1')).toMatchObject({ listen: [{ port: 7446 }], api: [] })
  const words = [
    '--found',
    'a',
    '--identity',
    'i',
    '--node',
    'dir1',
    '--listen',
    '10.0.0.1',
    '--api',
    '10.0.0.1',
    '--api',
    '[::1]:443',
  ]
  expect(readOptions(words)).toMatchObject({
    api: [
      { host: '10.0.0.1', port: 7445 },
      { host: '::1', port: 443 },
    ],
  })
  expect(readOptions([...words, '--api', 'dir1'])).toMatchObject({
    kind: 'refused',
    reason: expect.stringMatching(/^--api dir1 .*:7445/),
  })
})

test.each([
  'dir1',
  '',
  '10.12.0.11:',
  '10.12.0.11:0',
  '10.12.0.11:65536',
  '10.12.0.300',
  '0.0.0.0',
  '::',
  '[::]:7446',
  '2001:db8::1:',
  '[10.0.0.1',
  'localhost:80',
])('does not listen to “%s”', (text) =>
  expect(found(text)).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/--listen/) }),
)

test('the first user is named by an option, and is a user’s name', () => {
  const words = ['--found', 'a', '--identity', 'i', '--node', 'dir1', '--listen', '10.0.0.1']
  expect(readOptions(words)).toMatchObject({ kind: 'found', admin: null })
  expect(readOptions([...words, '--admin', 'alice'])).toMatchObject({ kind: 'found', admin: 'alice' })
  expect(readOptions([...words, '--admin', '../x'])).toMatchObject({
    kind: 'refused',
    reason: expect.stringMatching(/--admin \.\.\/x/),
  })
})

test('it joins as who its identity says', () => {
  const words = ['--join', '--identity', '/var/lib/lvsm/node.json', '--listen', '10.12.0.2']
  expect(readOptions(words)).toEqual({
    kind: 'join',
    identity: '/var/lib/lvsm/node.json',
    listen: [{ host: '10.12.0.2', port: 7446 }],
    api: [],
    runDir: '/run/lvsm-coordinator',
    stateDir: '/var/lib/lvsm-coordinator',
  })
})

test.each<[string[], RegExp]>([
  [['--join', '--listen', '10.0.0.1'], /--identity is missing/],
  [['--join', '--identity', 'node.json'], /--listen is missing/],
  [['--join', '--identity', 'node.json', '--listen', 'here'], /--listen here/],
  [['--join', '--node', 'dir1'], /--join goes without/],
  [['--join', '--found', 'a'], /--join goes without/],
  [['--identity', 'node.json'], /go with --found or --join/],
  [['--found', ''], /--found is empty/],
  [['--state-dir='], /--state-dir is empty/],
  [['--found', 'a', '--node', 'dir1', '--listen', ''], /--listen is empty/],
  [['--found', 'a'], /--node is missing/],
  [['--found', 'a', '--node', 'dir1'], /--listen is missing/],
  [['--found', 'a', '--node', 'dir1', '--listen', '10.0.0.1'], /--identity is missing/],
  [['--identity', 'a'], /go with --found/],
  [['--node', 'dir1'], /go with --found/],
  [['--admin', 'alice'], /go with --found/],
  [['--join', '--admin', 'alice'], /--join goes without/],
  [['--listen', '10.0.0.1'], /go with --found/],
  [['--api', '10.0.0.1'], /go with --found/],
  [['--what'], /--what/],
  [['run'], /run/],
])('%j is refused', (args, reason) =>
  expect(readOptions(args)).toMatchObject({ kind: 'refused', reason: expect.stringMatching(reason) }),
)

test('more addresses than a record of the log has are refused, before a cluster begins that nobody can read', () => {
  const words = ['--join', '--identity', 'node.json', '--listen', '10.0.0.1']
  const addresses = (count: number) => Array.from({ length: count }, (_, at) => ['--api', `10.0.0.${at + 1}`]).flat()
  expect(readOptions([...words, ...addresses(16)])).toMatchObject({ kind: 'join' })
  expect(readOptions([...words, ...addresses(17)])).toEqual({
    kind: 'refused',
    reason: '--api is there 17 times, and 16 are the most',
  })
})

test('its help names every option and exit code', () => {
  expect(readOptions(['-h'])).toEqual({ kind: 'help' })
  expect(readOptions(['-V'])).toEqual({ kind: 'version' })
  for (const word of '--found --join --admin --identity --node --listen --api --run-dir --state-dir TERM 78'.split(' '))
    expect(HELP).toContain(word)
})

test('one that is there moves by its addresses alone', () => {
  const words = ['--move', '--listen', '10.13.0.1:80', '--api', '10.13.0.1', '--state-dir', '/s']
  expect(readOptions(words)).toEqual({
    kind: 'move',
    listen: [{ host: '10.13.0.1', port: 80 }],
    api: [{ host: '10.13.0.1', port: 7445 }],
    stateDir: '/s',
    runDir: '/run/lvsm-coordinator',
  })
  expect(readOptions(['--move'])).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('--listen is missing'),
  })
  for (const more of [['--join'], ['--identity', 'node.json'], ['--node', 'dir1']])
    expect(readOptions([...words, ...more])).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('--move'),
    })
})
