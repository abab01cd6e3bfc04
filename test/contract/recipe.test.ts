/** `lvsm recipe --os linux`, run as it stands on the real kernel; the planner and `lvsm doctor` then find nothing left to do, and the way back leads back. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfig, nodeView, SAMPLE } from '@lvsm/model'
import { inNamespace } from '@lvsm/kernel'
import { desired, diff, type Operation, type PlanInput } from '@lvsm/plan'
import { EXITS } from '@lvsm/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openKernel } from '../../agent/node/adapters/kernel/kernel.ts'
import { program } from '../kit/programs.ts'
import { ip, run, space } from './space.ts'

const V6 = 'fd00:11::10'
const TEXT = SAMPLE.replace('vips: [10.11.0.10/24]', `vips: [10.11.0.10/24, ${V6}/64]`)
  .replaceAll(
    /\{ name: (dir|rs)(\d), roles: (\[\w+\])(.*?), links: \[/g,
    (_, kind, nth, roles, more) =>
      `{ name: ${kind}${nth}, roles: ${roles}${more}, links: [{ name: six, address: 'fd00:11::${kind === 'dir' ? '' : '1'}${nth}' }, `,
  )
  .concat(`  - name: http6
    group: web
    address: ${V6}
    port: 80
    protocol: tcp
    scheduler: rr
    realservers: [{ node: rs1, address: 'fd00:11::11', forward: dr }]
`)

const home = mkdtempSync(join(tmpdir(), 'lvsm-recipe-'))
const file = join(home, 'lvsm.yaml')
const kernel = inNamespace(space, openKernel)
/** Of kernels without tunnels: a device that unwraps nothing in place of each, and of a port of GUE a name that is there or not. */
const STAND_INS = {
  modprobe: 'exit 0',
  ip: `case "$1 $2" in
    'link add') real "$@" 2> /dev/null || real link add "$3" type bridge;;
    'fou add') mkdir /var/lib/fou-$4$6;;
    'fou show') for one in /var/lib/fou-*; do echo "port $(basename $one | cut -d- -f2) gue"; done;;
    'fou del') rmdir /var/lib/fou-$4$5;;
    *) real "$@";;
  esac`,
} as const
beforeAll(() => {
  writeFileSync(file, TEXT, { mode: 0o600 })
  mkdirSync(join(home, 'bin'))
  const real = run('sh', '-c', 'command -v ip').trim()
  for (const [name, body] of Object.entries(STAND_INS)) {
    writeFileSync(join(home, 'bin', name), `#!/bin/sh\nreal() { ${real} "$@"; }\n${body}\n`)
    chmodSync(join(home, 'bin', name), 0o755)
  }
  for (const cidr of ['10.11.0.11/24', '10.12.0.13/24', 'fd00:11::11/64']) ip(`address add ${cidr} dev left`)
  ip('route add default via 10.12.0.1 dev left metric 50')
})
afterAll(() => {
  kernel.close()
  rmSync(home, { recursive: true, force: true })
})

const INPUT: Omit<PlanInput, 'view'> = {
  ...{ owned: new Set<string>(), serving: new Map(), draining: new Map(), quiescing: new Set<string>() },
  ...{ handover: new Map(), flushing: new Set<string>() },
}
/** What the agent would change of addresses, settings and routes; rules of nf_tables are not the recipe's. */
function leftToDo(node: string): Operation[] {
  const { config, refusals } = checkConfig(TEXT)
  const view = config && nodeView(config, node)
  if (!view) throw new Error(JSON.stringify(refusals))
  return inNamespace(space, () => {
    const host = kernel.observe({ sysctls: [], services: false })
    const wanted = desired({ view, ...INPUT }, host)
    const observed = kernel.observe({ sysctls: wanted.sysctls.map(({ path }) => path), services: false })
    return diff(observed, wanted, new Map()).filter(({ kind }) => kind !== 'nat-rules')
  })
}

/** The very text, into a shell of that machine; /var/lib is a directory of the test. */
function carriedOut(node: string, ...words: string[]): void {
  const config = words.includes('--config') ? [] : ['--config', file]
  const told = spawnSync(process.execPath, [program('lvsm'), 'recipe', node, '--os', 'linux', ...config, ...words], {
    encoding: 'utf8',
  })
  expect([told.status, told.stderr]).toEqual([EXITS.ok.code, ''])
  const shell = [
    'netns',
    'exec',
    space,
    'unshare',
    '--mount',
    'sh',
    '-c',
    `mount --bind ${home} /var/lib && PATH=${join(home, 'bin')}:$PATH exec sh -e`,
  ]
  const done = spawnSync('ip', shell, { input: told.stdout, encoding: 'utf8' })
  expect([done.status, done.stderr]).toEqual([0, ''])
}
const inside = (line: string): string => run('ip', 'netns', 'exec', space, 'sh', '-c', line)
/** Addresses, routes and the settings that recipes touch, as the field's tools tell them. */
const snapshot = (): string =>
  inside(
    'ip -o address; ip route; ip rule; ip route show table 7600; ip route show table 7601; ip -6 route show default; ls /sys/class/net; nft list tables; grep . /proc/sys/net/ipv4/conf/*/arp_* /proc/sys/net/ipv4/conf/*/accept_redirects',
  )
    // Lifetimes of IPv6 run.
    .replaceAll(/ tentative|valid_lft.*/g, '')

const doctor = (...words: string[]): number | null =>
  spawnSync(
    'ip',
    [
      'netns',
      'exec',
      space,
      process.execPath,
      program('lvsm'),
      'doctor',
      '--etc',
      home,
      '--state-dir',
      home,
      '--alone',
      ...words,
    ],
    { encoding: 'utf8' },
  ).status

test('direct routing, both families', () => {
  const before = snapshot()
  expect(new Set(leftToDo('rs1').map(({ kind }) => kind))).toEqual(new Set(['sysctl', 'alias-add']))
  carriedOut('rs1')
  const after = snapshot()
  expect(leftToDo('rs1')).toEqual([])
  const checks = [
    '--as',
    'realserver',
    '--vip',
    '10.11.0.10',
    '--only',
    'arp',
    'alias-mask',
    'ipv6-address',
    '--vip',
    V6,
  ]
  expect(doctor(...checks)).toBe(EXITS.ok.code)
  // Run again it changes nothing, and forgets nothing of what was there first.
  carriedOut('rs1')
  expect(snapshot()).toBe(after)
  carriedOut('rs1', '--undo')
  expect(snapshot()).toBe(before)
  expect(leftToDo('rs1').length).toBeGreaterThan(0)
})

test('direct routing and tunnels of two types and both families on one server: the way back leads all the way', () => {
  const many = join(home, 'many.yaml')
  const service = (name: string, address: string, port: number, more: string): string =>
    `  - { name: ${name}, group: web, address: '${address}', port: ${port}, protocol: tcp, scheduler: rr, realservers: [{ node: rs1, address: '${address === V6 ? 'fd00:11::11' : '10.11.0.11'}', ${more} }] }\n`
  const text = TEXT.replace('vips: [', 'vips: [10.11.0.20/24, ').concat(
    service('ipip', '10.11.0.20', 81, 'forward: tun'),
    service('gue', '10.11.0.10', 82, 'forward: tun, tunnel: gue, tunnel-port: 6080'),
    service('six-tun', V6, 81, 'forward: tun'),
  )
  writeFileSync(many, text, { mode: 0o600 })
  const before = snapshot()
  carriedOut('rs1', '--config', many)
  expect(inside('nft list tables').trim().split('\n')).toEqual(['table inet lvsm-recipe', 'table inet lvsm-recipe6'])
  expect(inside('ip -o address show lo')).toMatch(/10\.11\.0\.10\/32[^]*10\.11\.0\.20\/32[^]*fd00:11::10\/128/)
  expect(inside('cat /proc/sys/net/ipv4/conf/all/arp_ignore').trim()).toBe('1')
  // Run again it changes nothing: one device for each director, one port, and each rule once.
  const rules = (): string => inside('nft list ruleset')
  const [after, guarded] = [snapshot(), rules()]
  carriedOut('rs1', '--config', many)
  expect([snapshot(), rules()]).toEqual([after, guarded])
  carriedOut('rs1', '--config', many, '--undo')
  expect(snapshot()).toBe(before)
  expect(readdirSync(join(home, 'lvsm-former'))).toEqual([])
})

test('NAT: the gateway is the default route, and the former one comes back', () => {
  const before = snapshot()
  expect(leftToDo('rs3').map(({ kind }) => kind)).toContain('sysctl')
  carriedOut('rs3')
  expect(leftToDo('rs3')).toEqual([])
  expect(inside('ip route get 192.0.2.1')).toContain('via 10.12.0.254')
  expect(doctor('--gateway', '10.12.0.254', '--only', 'nat-gateway', 'redirects')).toBe(EXITS.ok.code)
  carriedOut('rs3', '--undo')
  expect(snapshot()).toBe(before)
})

test('NAT in the network of the clients: answers to them pass the gateway, and nothing else does', () => {
  const near = join(home, 'near.yaml')
  const text = SAMPLE.replace('vips: [10.11.0.10/24]', 'vips: [10.12.0.10/24]')
    .replace('address: 10.11.0.10\n', 'address: 10.12.0.10\n')
    .replaceAll(/ {6}- \{ node: rs[12], .*\n/g, '')
    .replace(/ {4}ping: .*\n/, '')
  writeFileSync(near, text, { mode: 0o600 })
  const before = snapshot()
  carriedOut('rs3', '--config', near)
  const answer = (client: string): string => inside(`ip route get ${client} from 10.12.0.13 ipproto tcp sport 8080`)
  for (const client of ['10.12.0.77', '192.0.2.1']) expect(answer(client)).toContain('via 10.12.0.254')
  // Directors, and whoever asks anything else, are answered straight.
  for (const straight of [answer('10.12.0.2'), inside('ip route get 10.12.0.77')]) expect(straight).not.toContain('via')
  const after = snapshot()
  carriedOut('rs3', '--config', near)
  expect(snapshot()).toBe(after)
  carriedOut('rs3', '--config', near, '--undo')
  expect(snapshot()).toBe(before)
})

test('what a system cannot is refused with the reason, and so is a server that nobody has', () => {
  const told = (...words: string[]) =>
    spawnSync(process.execPath, [program('lvsm'), 'recipe', ...words, '--config', file], { encoding: 'utf8' })
  const hpux = told('rs1', '--os', 'hpux')
  expect([hpux.status, hpux.stdout]).toEqual([
    EXITS.refused.code,
    expect.stringContaining('# refused: HP-UX cannot keep an IPv6 address silent'),
  ])
  expect(told('rs9', '--os', 'linux')).toMatchObject({
    status: EXITS.refused.code,
    stderr: expect.stringContaining('no service has a realserver rs9'),
  })
})
