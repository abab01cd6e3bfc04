/** The Debian package on a machine with the real systemd: installed, used, upgraded, removed, purged. One life, in this order. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { makePackage, type Packaged } from '../../scripts/package/make.ts'
import { type DebianMachine, startMachine } from '../kit/debian-machine.ts'

const SLOW_MS = 60_000
const UNITS = ['lvsm-coordinator', 'lvsm-agent', 'lvsm-lease'] as const
const NEXT = '0.1.0+next'

let out = ''
let machine: DebianMachine
let first: Packaged
let next: Packaged
beforeAll(async () => {
  out = mkdtempSync(join(tmpdir(), 'lvsm-package-'))
  const options = { compression: 'none', out } as const
  first = await makePackage({ ...options, version: '0.1.0' })
  next = await makePackage({ ...options, version: NEXT })
  machine = await startMachine()
  machine.bring(first.file, '/root/first.deb')
  machine.bring(next.file, '/root/next.deb')
})
afterAll(async () => {
  await machine?.end()
  rmSync(out, { recursive: true, force: true })
})

/** Each look costs a process or two. */
const eventually = (look: () => void): Promise<void> => vi.waitFor(look, { interval: 250, timeout: SLOW_MS })
const property = (unit: string, name: string): string => machine.say(`systemctl show -P ${name} ${unit}`).trim()
const pidsOf = (): string[] => UNITS.map((unit) => property(unit, 'MainPID'))
const isActive = (...units: string[]): Promise<void> =>
  eventually(() => {
    for (const unit of units) expect([unit, property(unit, 'ActiveState')]).toEqual([unit, 'active'])
  })
const answers = (line: string, words: RegExp): Promise<void> =>
  eventually(() => expect(machine.run(line).text).toMatch(words))

test('what is in it: paths, owners and modes', async () => {
  const lines = execFileSync('dpkg-deb', ['--contents', first.file], { encoding: 'utf8' }).trim().split('\n')
  // Mode, owner, size, day, time, path.
  const listed = lines.map((line) => line.split(/\s+/)).map(([mode, owner, , , , path]) => `${mode} ${owner} ${path}`)
  await expect(`${listed.join('\n')}\n`).toMatchFileSnapshot('../fixtures/package/contents.txt')
})

test('another build differs in its version and in nothing else: order, times, content', () => {
  const told = (file: string): string[] => {
    const control = execFileSync('dpkg-deb', ['--ctrl-tarfile', file])
    const files = execFileSync('dpkg-deb', ['--contents', file], { encoding: 'utf8' })
    const sums = execFileSync('dpkg-deb', ['--info', file, 'md5sums'], { encoding: 'utf8' })
    const times = execFileSync('tar', ['--list', '--verbose', '--full-time'], { encoding: 'utf8', input: control })
    return `${files}${sums}${times}`.split('\n').filter((line) => !/doc\/lvsm\/changelog\.gz$| \.\/control$/.test(line))
  }
  expect(told(next.file)).toEqual(told(first.file))
})

test('an installation starts nothing on a machine that no cluster knows, and everything is ready', () => {
  machine.say('dpkg -i /root/first.deb')
  for (const unit of UNITS) {
    expect(machine.say(`systemctl is-enabled ${unit}`)).toBe('enabled\n')
    expect([unit, property(unit, 'ActiveState'), property(unit, 'ConditionResult')]).toEqual([unit, 'inactive', 'no'])
  }
  expect(machine.say('systemctl --failed --plain --no-legend')).toBe('')
  expect(machine.say('stat -c "%a %U %G %n" /etc/lvsm /etc/lvsm/* /run/lvsm* /var/lib/lvsm*')).toBe(
    `755 root root /etc/lvsm
755 root root /etc/lvsm/hooks.d
700 root root /etc/lvsm/secrets.d
750 root lvsm-view /run/lvsm
750 lvsm lvsm-view /run/lvsm-coordinator
750 root root /var/lib/lvsm
700 lvsm lvsm /var/lib/lvsm-coordinator
`,
  )
  expect(machine.say('systemd-analyze verify /usr/lib/systemd/system/lvsm-*.service')).toBe('')
  expect(machine.say('lvsm --version; for one in agent lease coordinator; do lvsm-$one --version; done')).toBe(
    '0.1.0\nlvsm-agent 0.1.0\nlvsm-lease 0.1.0\nlvsm-coordinator 0.1.0\n',
  )
  expect(machine.say('man --pager=cat 8 lvsm-agent')).toMatch(/--config FILE/)
  expect(machine.say('dpkg --verify lvsm')).toBe('')
})

test('the sample is a configuration, with which a cluster begins', () => {
  machine.say('umask 077; openssl rand -hex 32 > /etc/lvsm/heartbeat.key')
  // Ping nodes are on the way to clients, and here are none.
  machine.say('umask 077; sed "/ping:/d" /usr/share/doc/lvsm/examples/lvsm.yaml > /etc/lvsm/lvsm.yaml')
  expect(machine.say('lvsm-agent --config /etc/lvsm/lvsm.yaml --check --node rs1')).toMatch(
    /^\/etc\/lvsm\/lvsm\.yaml: no faults \(/,
  )
  machine.say('lvsm-lease --set-up')
  // By root, out of a file of root's: what comes of it belongs to whom the unit runs as.
  machine.say(
    'lvsm-coordinator --found /etc/lvsm/lvsm.yaml --node rs1 --listen 127.0.0.1 --identity /var/lib/lvsm/node.json',
  )
  expect(machine.say('stat -c "%a %U" /var/lib/lvsm/node.json')).toBe('600 root\n')
  expect(machine.say('stat -c "%a %U" /var/lib/lvsm-coordinator/*')).toMatch(/^(600 lvsm\n)+$/)
})

test('the three units run with no more rights than they need, and take a change', async () => {
  machine.say(`ip link set lo up
for link in outside:10.11.0.11 inside:10.12.0.11; do
  ip link add \${link%:*} type veth peer name \${link%:*}-far
  ip address add \${link#*:}/24 dev \${link%:*}
  ip link set \${link%:*} up; ip link set \${link%:*}-far up
done`)
  machine.say(`systemctl start ${UNITS.join(' ')}`)
  await isActive(...UNITS)
  await answers('ip -4 -o address show dev lo', /10\.11\.0\.10\/32/)
  await answers('lvsm status', /rs1/)
  await answers('lvsm coordinators', /leader/)
  const rights = (unit: string): string =>
    machine.say(`grep -E "^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/${property(unit, 'MainPID')}/status`)
  const root = (capabilities: string): RegExp =>
    new RegExp(
      `^Uid:\\t0\\t.*\\nCapEff:\\t0+${capabilities}\\nCapBnd:\\t0+${capabilities}\\nNoNewPrivs:\\t1\\nSeccomp:\\t2\\n$`,
    )
  expect(rights('lvsm-lease')).toMatch(root('3000'))
  // And to make an ordinary user of its prober, and end that.
  expect(rights('lvsm-agent')).toMatch(root('30e0'))
  expect(rights('lvsm-coordinator')).toMatch(
    /^Uid:\t[1-9]\d*\t.*\nCapEff:\t0+\nCapBnd:\t0+\nNoNewPrivs:\t1\nSeccomp:\t2\n$/,
  )

  machine.say('sed "s/10.11.0.10/10.11.0.20/" /etc/lvsm/lvsm.yaml > /root/changed.yaml')
  expect(machine.say('lvsm config apply /root/changed.yaml --yes -m moved')).toMatch(/revision 2/)
  await answers('ip -4 -o address show dev lo', /10\.11\.0\.20\/32/)
})

test('what happens is in the journal with its fields, and as bad as it is', async () => {
  const told = (match: string): Record<string, string>[] =>
    machine
      .say(`journalctl --quiet ${match} -o json`)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, string>)
  const by = { _SYSTEMD_UNIT: 'lvsm-agent.service', SYSLOG_IDENTIFIER: 'lvsm-agent', LVSM_NODE: 'rs1' }
  await eventually(() =>
    expect(told('LVSM_EVENT=configured').at(-1)).toMatchObject({
      ...{ ...by, PRIORITY: '6', LVSM_SEVERITY: 'info' },
      MESSAGE: expect.stringMatching(/^configured: rs1 runs revision 2 now/),
    }),
  )
  const troubles = told('LVSM_EVENT=trouble')
  expect(troubles).not.toEqual([])
  for (const one of troubles) {
    expect(one).toMatchObject({ ...by, LVSM_CODE: expect.stringMatching(/^[a-z-]+$/) })
    expect([one['LVSM_SEVERITY'], one['PRIORITY']]).toEqual(
      { critical: ['critical', '2'], warning: ['warning', '4'], info: ['info', '6'] }[one['LVSM_SEVERITY'] ?? ''],
    )
  }
  // What has no fields is there as before, and nothing is there twice.
  expect(machine.say('journalctl --quiet -u lvsm-agent -o cat')).toMatch(/^lvsm-agent: rs1 of cluster /m)
  expect(machine.say('journalctl --quiet -u lvsm-agent -o cat').match(/runs revision 2 now/g)).toHaveLength(1)
})

test('whatever happens to one unit, the lease process goes on', async () => {
  const lease = property('lvsm-lease', 'MainPID')
  machine.say('systemctl restart lvsm-agent')
  const agent = property('lvsm-agent', 'MainPID')
  machine.say(`kill -KILL ${agent}`)
  await eventually(() => expect([agent, '0']).not.toContain(property('lvsm-agent', 'MainPID')))
  machine.say('rm -rf /run/lvsm')
  await answers('ls /run/lvsm', /agent\.sock[^]*lease\.sock/)
  await answers('lvsm status', /rs1/)
  expect(property('lvsm-lease', 'MainPID')).toBe(lease)
})

test('a coordinator that is stopped leaves the place where another one may be set up', async () => {
  machine.say('systemctl stop lvsm-coordinator')
  expect(machine.say('stat -c "%a %U" /run/lvsm-coordinator')).toBe('750 lvsm\n')
  machine.say('systemctl start lvsm-coordinator')
  await answers('lvsm coordinators', /leader/)
})

test('what somebody has to correct is not started again and again', async () => {
  machine.say('cp -p /var/lib/lvsm/node.json /root/node.json; echo {} > /var/lib/lvsm/node.json')
  machine.run('systemctl restart lvsm-agent')
  await eventually(() => expect(property('lvsm-agent', 'ActiveState')).toBe('failed'))
  expect([property('lvsm-agent', 'ExecMainStatus'), property('lvsm-agent', 'NRestarts')]).toEqual(['78', '0'])
  machine.say('cp -p /root/node.json /var/lib/lvsm/node.json; systemctl restart lvsm-agent')
  await isActive(...UNITS)
})

test('an upgrade restarts coordinator and agent, and moves no address', async () => {
  const before = pidsOf()
  const directories = 'stat -c "%a %U %G %n" /etc/lvsm/*.d; ls /etc/lvsm/secrets.d'
  machine.say(
    'umask 077; echo hush > /etc/lvsm/secrets.d/mail; chmod 750 /etc/lvsm/hooks.d; chgrp lvsm-view /etc/lvsm/hooks.d',
  )
  const kept = machine.say(directories)
  const said = machine.say('dpkg -i /root/next.deb')
  expect(said).toMatch(/lvsm-lease goes on as the version before[^]*systemctl restart lvsm-lease/)
  await isActive(...UNITS)
  const after = pidsOf()
  expect(UNITS.map((unit, at) => [unit, before[at] === after[at]])).toEqual([
    ['lvsm-coordinator', false],
    ['lvsm-agent', false],
    ['lvsm-lease', true],
  ])
  expect(machine.say('dpkg-query -W -f "$""{Version}" lvsm')).toBe(NEXT)
  await answers('lvsm config history', /moved/)
  await answers('ip -4 -o address show dev lo', /10\.11\.0\.20\/32/)
  expect(machine.say(directories), 'what operators made of them').toBe(kept)
})

test('removing stops all and keeps what the node knows; installing it again goes on with that', async () => {
  const said = machine.say('dpkg --remove lvsm')
  expect(said).toMatch(/this node owns no floating address any more[^]*State stays in \/var\/lib\/lvsm/)
  expect(machine.run('pgrep -f "[/]usr/lib/lvsm/"').text).toBe('')
  expect(machine.say('journalctl -u lvsm-lease -o cat')).toMatch(/SIGTERM: giving up what this node owns\n/)
  expect(machine.say('ls /etc/lvsm /var/lib/lvsm /var/lib/lvsm-coordinator')).toMatch(
    /heartbeat\.key[^]*lease\.state[^]*coordinator\.db/,
  )
  expect(machine.run('ls /usr/lib/lvsm /usr/sbin/lvsm-agent').text).toMatch(/^(.*No such file.*\n){2}$/)
  machine.say('dpkg -i /root/next.deb')
  await isActive(...UNITS)
  await answers('lvsm config history', /moved/)
})

test('where a policy keeps packages from stopping services, removing says that they run', () => {
  machine.say(`printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d`)
  expect(machine.say('dpkg --remove lvsm')).toMatch(/lvsm-lease still runs[^]*systemctl stop/)
  machine.say(`rm /usr/sbin/policy-rc.d; systemctl stop ${UNITS.join(' ')}`)
})

test('purging leaves nothing but the names of its users, and says so', () => {
  const said = machine.say('dpkg --purge lvsm')
  const gone = ['/etc/lvsm', '/var/lib/lvsm', '/var/lib/lvsm-coordinator']
  for (const path of gone) expect(said).toContain(`lvsm: removes ${path}\n`)
  expect(said).toMatch(/the user lvsm and the group lvsm-view stay/)
  const left = machine.run(
    'find /etc /usr/bin /usr/sbin /usr/lib/lvsm /usr/lib/*.d /usr/lib/systemd /usr/share/doc/lvsm /var/lib/lvsm* /run -name "*lvsm*" 2>/dev/null',
  ).text
  expect(left).toBe('')
  expect(machine.run('dpkg -s lvsm').code).not.toBe(0)
  expect(machine.say('systemctl --failed --plain --no-legend')).toBe('')
})
