/** What the units and the control file say agrees with the programs, and with the binaries that are packed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SCHEDULERS, SECRETS_DIRECTORY, TUNNELS } from '@lvsm/model'
import { DAEMON_EXITS } from '@lvsm/protocol'
import { describe, expect, test } from 'vitest'
import { DEPENDS, isScript } from './control.ts'
import { HOOKS_DIRECTORY } from '../../agent/node/adapters/hooks.ts'
import { layOut, modeOf, PLAIN, withDirectories } from './layout.ts'
import { copyright, packagesIn } from './licences.ts'
import { page } from './manuals.ts'
import { readOptions } from './options.ts'

const UNITS = ['lvsm-lease', 'lvsm-agent', 'lvsm-coordinator'] as const
const unit = (name: string): string => readFileSync(join(PLAIN, `usr/lib/systemd/system/${name}.service`), 'utf8')
/** Each value of a key, over all lines that have it. */
const valuesOf = (name: string, key: string): string[] =>
  [...unit(name).matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].flatMap(([, value = '']) =>
    value.split(' ').filter(Boolean),
  )

describe.each(UNITS)('%s', (name) => {
  test('is started again after what starting again may mend, and after nothing else', () => {
    const { usage, refused } = DAEMON_EXITS
    expect(valuesOf(name, 'Restart')).toEqual(['always'])
    expect(valuesOf(name, 'RestartPreventExitStatus')).toEqual([String(usage.code), String(refused.code)])
    expect(valuesOf(name, 'StartLimitIntervalSec')).toEqual(['0'])
  })
  test('drags no other along, and waits for a cluster', () => {
    expect(unit(name)).not.toMatch(/^(Requires|Requisite|BindsTo|PartOf|Wants|Upholds|Conflicts|\w*Propagat\w*)=/m)
    expect(unit(name)).toMatch(/^ConditionPathExists=/m)
  })
  test('starts its own program', () => {
    const [program = ''] = valuesOf(name, 'ExecStart')
    expect(program).toBe(`/usr/sbin/${name}`)
    expect(readFileSync(join(PLAIN, program), 'utf8')).toBe(
      `#!/bin/sh\nexec /usr/lib/lvsm/node --disable-sigusr1 /usr/lib/lvsm/${name}.mjs "$@"\n`,
    )
  })
})

test('when memory is short the lease process is the last to go', () => {
  const [lease, agent, coordinator] = UNITS.map((name) => Number(valuesOf(name, 'OOMScoreAdjust')[0]))
  expect(lease).toBeLessThan(agent ?? 0)
  expect(agent).toBeLessThan(coordinator ?? 0)
  expect(coordinator).toBeLessThan(0)
})

test('every scheduler and tunnel that a configuration may name is loaded before the agent, which may load none', () => {
  const [, , ...modules] = valuesOf('lvsm-agent', 'ExecStartPre')
  const tunnels = Object.values(TUNNELS).flatMap(({ over }) => [over.ipv4, over.ipv6])
  const named = [...Object.values(SCHEDULERS), ...tunnels].map(({ module }) => module)
  // The last one brings a device of its own unless it is told to bring none.
  expect(modules).toEqual([...new Set(['ip_vs', ...named]), '+-/sbin/modprobe', '-bq', 'dummy', 'numdummies=0'])
  const network = ['CAP_NET_ADMIN', 'CAP_NET_RAW']
  expect(valuesOf('lvsm-agent', 'CapabilityBoundingSet')).toEqual([...network, 'CAP_SETUID', 'CAP_SETGID', 'CAP_KILL'])
})

test('the libraries that it depends on are as new as its binaries ask for', () => {
  const binaries = [...layOut('').values()].flatMap((content) =>
    content !== 'directory' && 'from' in content && /\.node$|\/bin\/node$/.test(content.from) ? [content.from] : [],
  )
  expect(binaries).toHaveLength(3)
  const versions = (symbol: RegExp): number[] =>
    binaries.flatMap((path) => [...readFileSync(path, 'latin1').matchAll(symbol)].map(([, minor]) => Number(minor)))
  expect(DEPENDS).toContain(`libc6 (>= 2.${Math.max(...versions(/\bGLIBC_2\.(\d+)/g))})`)
  // Of GCC 11 (libstdc++'s manual, ABI Policy and Guidelines).
  expect(Math.max(...versions(/\bGLIBCXX_3\.4\.(\d+)/g))).toBeLessThanOrEqual(29)
})

test('what is run may be run, by everybody, and changed by root only', () => {
  const layout = withDirectories(layOut('bundles'))
  const modes = [...layout].map(([path, content]) => [path, modeOf(path, content)] as const)
  expect(
    modes.filter(([path, mode]) => mode === 0o755 && layout.get(path) !== 'directory').map(([path]) => path),
  ).toEqual([
    'usr/bin/lvsm',
    'usr/lib/lvsm/node',
    'usr/sbin/lvsm-agent',
    'usr/sbin/lvsm-coordinator',
    'usr/sbin/lvsm-lease',
  ])
  expect(modes.filter(([, mode]) => mode !== 0o755 && mode !== 0o644)).toEqual([[SECRETS_DIRECTORY.slice(1), 0o700]])
  expect(layout.get(HOOKS_DIRECTORY.slice(1)), 'where an agent looks for programs').toBe('directory')
  expect([...layout.keys()]).toEqual([...layout.keys()].toSorted())
  expect(['postinst', 'prerm', 'control', 'md5sums'].map(isScript)).toEqual([true, true, false, false])
})

test('every bundled package is named with its terms, and one without is not packed', () => {
  expect(
    packagesIn(['agent/a.ts', 'node_modules/ws/lib/x.js', 'node_modules/@noble/hashes/y.js', 'node_modules/ws/z.js']),
  ).toEqual(['@noble/hashes', 'ws'])
  expect(copyright(['ws', '@koromix/koffi-linux-x64'])).toMatch(
    /lvsm Apache-2\.0[^]*\nws \d[^]*Copyright[^]*koffi-linux-x64 \d[^]*Copyright/,
  )
  expect(() => copyright(['@types/ws', '@lvsm/base'])).toThrow(/@lvsm\/base.*no file with its licence/)
})

test('a manual page shows the text as it is', () => {
  const text = page(
    'lvsm-x',
    "usage: x --y\n.start 'quoted\n\\n",
    { section: 8, title: 'a title', also: 'y(1)' },
    '2026-01-02',
  )
  expect(text).toMatch(/^\.TH LVSM-X 8 2026-01-02 lvsm\n/)
  expect(text).toContain("usage: x \\-\\-y\n\\&.start 'quoted\n\\en\n.fi\n")
})

test.each<[string[], unknown]>([
  [[], { version: null, compression: 'xz', out: 'dist' }],
  [
    ['--version', '0.2.0~rc1', '--compression', 'none', '--out', 'x'],
    { version: '0.2.0~rc1', compression: 'none', out: 'x' },
  ],
  [['--version', 'next'], expect.stringMatching(/next is no version/)],
  [['--version', '1.0-1'], expect.stringMatching(/1\.0-1 is no version/)],
  [['--compression', 'bzip2'], expect.stringMatching(/xz or none, not bzip2/)],
  [['--nonsense'], expect.stringMatching(/--nonsense/)],
])('%j', (args, expected) => expect(readOptions(args)).toEqual(expected))
