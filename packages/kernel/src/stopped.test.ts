/** Who is stopped, and whose a socket is, in a /proc of files. */
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isStoppedNow, stoppedProcesses, type StoppedServers, stoppedServers } from './stopped.ts'

let proc = ''
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'lvsm-proc-'))
  runs(1, 'systemd', 'S', [])
  symlinkSync('1', join(proc, 'self'))
  groups = new Map()
})
afterEach(() => rmSync(proc, { recursive: true }))
/** `sockets` null: nobody may see its files, nor its namespaces. */
function runs(pid: number, name: string, state: string, sockets: readonly number[] | null, space = 1): void {
  const at = join(proc, String(pid))
  mkdirSync(at)
  writeFileSync(join(at, 'stat'), `${pid} (${name}) ${state} 1 ${pid} ${pid} 0`)
  if (sockets === null) return
  mkdirSync(join(at, 'fd'))
  mkdirSync(join(at, 'ns'))
  symlinkSync(`net:[${space}]`, join(at, 'ns/net'))
  for (const socket of sockets) symlinkSync(`socket:[${socket}]`, join(at, 'fd', String(socket)))
}
let groups = new Map<string, string>()
function found(...wanted: readonly number[]): StoppedServers & { steps: number } {
  const steps = stoppedServers(new Set(wanted.map(String)), proc, groups, [join(proc, 'cg')])
  for (let count = 0; ; count++) {
    const { done, value } = steps.next()
    if (done === true) return { ...value, steps: count }
  }
}
const NGINX = { pid: 412, name: 'nginx' }
const VIM = { pid: 812, name: 'vim' }

test('a server is one whose socket all that have it are stopped', () => {
  runs(412, 'nginx', 'T', [80])
  runs(413, 'nginx', 'T', [80])
  runs(500, 'sshd', 'S', [22])
  runs(501, 'gone', 'Z', null)
  expect(found(80)).toMatchObject({ servers: new Map([['80', [NGINX, { ...NGINX, pid: 413 }]]]), others: [] })
  expect(found(22)).toMatchObject({ servers: new Map(), others: [] })
})
test('where one of its workers goes on, it is none', () => {
  runs(412, 'nginx', 'T', [80, 443])
  runs(413, 'nginx', 'S', [80])
  expect(found(80)).toMatchObject({ servers: new Map(), others: [NGINX] })
  expect(found(443).servers.get('443')).toEqual([NGINX])
})
test('where this process may not see whose it is, an editor in the background is no server', () => {
  runs(812, 'vim', 'T', null)
  expect(found(80)).toMatchObject({ servers: new Map(), others: [VIM] })
  runs(412, 'nginx', 'T', [80])
  expect(found(80)).toMatchObject({ servers: new Map(), others: [NGINX, VIM] })
})
/** In a control group of their own; its number. */
function together(group: string, ...pids: readonly number[]): string {
  const at = join(proc, 'cg', group)
  mkdirSync(at, { recursive: true })
  writeFileSync(join(at, 'cgroup.procs'), pids.map((pid) => `${pid}\n`).join(''))
  for (const pid of pids) writeFileSync(join(proc, String(pid), 'cgroup'), `0::/${group}\n`)
  return String(statSync(at, { bigint: true }).ino)
}
test('where its files may not be seen, it is one when all of the control group that its socket was made in are stopped', () => {
  runs(412, 'nginx', 'T', null)
  runs(413, 'nginx', 'T', null)
  runs(414, 'gone', 'Z', null)
  runs(500, 'sshd', 'S', null)
  runs(812, 'vim', 'T', null)
  groups = new Map([['80', together('nginx.service', 412, 413, 414)]])
  together('session.scope', 500, 812)
  const nginxes = [NGINX, { ...NGINX, pid: 413 }]
  expect(found(80)).toMatchObject({ servers: new Map([['80', nginxes]]), others: [VIM] })
  groups = new Map([['80', '4711']])
  expect(found(80), 'of another group').toMatchObject({ servers: new Map() })
  groups = new Map([['80', together('nginx.service', 412, 500)]])
  expect(found(80), 'one of them goes on').toMatchObject({ servers: new Map() })
  groups = new Map([['80', together('nginx.service', 412, 413)]])
  mkdirSync(join(proc, 'cg/nginx.service/below'))
  expect(found(80), 'others may be below').toMatchObject({ servers: new Map() })
})
test('nor is anybody whom somebody else, whose files nobody sees, may stand beside', () => {
  runs(412, 'nginx', 'T', [80])
  runs(413, 'nginx', 'S', null)
  expect(found(80)).toMatchObject({ servers: new Map(), others: [NGINX] })
})
test('whom a debugger stops for a moment, and who is in another network namespace, is not meant', () => {
  runs(412, 'nginx', 't', [80])
  runs(413, 'nginx', 'T', [80], 2)
  expect(found(80)).toMatchObject({ servers: new Map(), others: [] })
  expect(stoppedProcesses(proc).map(({ pid }) => pid)).toEqual([412])
})
test('each step is of one process, and files are looked at only where somebody is stopped', () => {
  for (let pid = 100; pid < 200; pid++) runs(pid, 'sleep', 'S', [])
  expect(found(80).steps).toBe(101)
  runs(412, 'nginx', 'T', [80])
  expect(found(80).steps).toBe(203)
})
test('whether one still is', () => {
  runs(412, 'nginx', 'T', [80])
  runs(413, 'nginx', 'S', [80])
  expect([isStoppedNow(NGINX, proc), isStoppedNow({ pid: 413, name: '' }, proc), isStoppedNow(VIM, proc)]).toEqual([
    ...[true, false, false],
  ])
})

const freezes = (file: string, text: string): void => {
  mkdirSync(join(proc, 'cg', file, '..'), { recursive: true })
  writeFileSync(join(proc, 'cg', file), `${text}\n`)
}
test('a server that is frozen with its control group is one, with what thaws it; it sleeps for whoever looks at its state alone', () => {
  runs(412, 'nginx', 'S', [80])
  runs(500, 'sshd', 'S', [22])
  together('docker/one', 412)
  together('session.scope', 500)
  freezes('docker/one/cgroup.events', 'populated 1\nfrozen 1')
  freezes('docker/one/cgroup.freeze', '0')
  freezes('docker/cgroup.freeze', '1')
  freezes('session.scope/cgroup.events', 'populated 1\nfrozen 0')
  const frozen = { ...NGINX, frozen: join(proc, 'cg/docker/cgroup.freeze') }
  expect(found(80, 22)).toMatchObject({ servers: new Map([['80', [frozen]]]), others: [] })
  const roots = [join(proc, 'cg')]
  expect(isStoppedNow(frozen, proc, roots)).toBe(true)
  freezes('docker/one/cgroup.events', 'populated 1\nfrozen 0')
  expect(isStoppedNow(frozen, proc, roots)).toBe(false)
  expect(found(80).servers.size).toBe(0)
})
test('a control group is looked at once in a pass, and its processes one in each step', () => {
  const pids = Array.from({ length: 50 }, (_, at) => 400 + at)
  for (const pid of pids) runs(pid, 'nginx', 'S', null)
  groups = new Map([['80', together('docker/one', ...pids)]])
  freezes('docker/one/cgroup.events', 'populated 1\nfrozen 1')
  expect(found(80).steps).toBeGreaterThan(2 * pids.length)
  const steps = stoppedServers(new Set(['80']), proc, groups, [join(proc, 'cg')])
  // One of the first two is in it.
  steps.next()
  steps.next()
  freezes('docker/one/cgroup.events', 'populated 1\nfrozen 0')
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return expect(value.servers.get('80')).toHaveLength(pids.length)
  }
})
test('so is one that the freezer of the first version holds, also where its files may not be seen', () => {
  runs(412, 'nginx', 'D', null)
  runs(413, 'nginx', 'D', null)
  groups = new Map([['80', together('nginx.service', 412, 413)]])
  for (const pid of [412, 413])
    writeFileSync(join(proc, String(pid), 'cgroup'), '7:freezer:/nginx\n1:name=systemd:/x\n0::/nginx.service\n')
  freezes('freezer/nginx/freezer.state', 'FROZEN')
  freezes('freezer/nginx/freezer.self_freezing', '1')
  const frozen = { ...NGINX, frozen: join(proc, 'cg/freezer/nginx/freezer.state') }
  expect(found(80).servers.get('80')).toEqual([frozen, { ...frozen, pid: 413 }])
  freezes('freezer/nginx/freezer.state', 'THAWED')
  expect(found(80).servers.size).toBe(0)
})
