/** Who listens, as the kernel tells us and as `ss` tells everybody; and an accept queue that fills up. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { inNamespace, NETLINK, openNetlink } from '@lvsm/kernel'
import { decodeWaiting, dumpWaiting, type SocketProtocol, type WaitingSocket } from '@lvsm/netlink'
import { afterAll, expect, test } from 'vitest'
import { openKernel } from '../../agent/node/adapters/kernel/kernel.ts'
import { all, ip, run, space, wait } from './space.ts'

ip('addr add 10.55.9.1/24 dev left')
const diag = inNamespace(space, () => openNetlink(NETLINK.sockets))
const children: ChildProcess[] = []
afterAll(() => {
  diag.close()
  for (const child of children) child.kill('SIGKILL')
})

/** In the namespace; what it is says that it is ready. */
async function python(text: string, inside: readonly string[] = ['ip', 'netns', 'exec', space]): Promise<ChildProcess> {
  const [command = '', ...words] = inside
  const script = `import socket, time\n${text}\nprint('ready')\ntime.sleep(600)`
  const child = spawn(command, [...words, 'python3', '-uc', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout, 'data')
  return child
}
const seen = (protocol: SocketProtocol): WaitingSocket[] =>
  (['inet', 'inet6'] as const).flatMap((family) => all(diag.dump(dumpWaiting(protocol, family)), decodeWaiting))
/** As `ss` prints them: queue, bound of the queue, address and port. */
const asked = (flags: string): string[] =>
  run('ip', 'netns', 'exec', space, 'ss', '-Hn', flags)
    .split('\n')
    .flatMap((line) => {
      const [, queue, most, place] = line.trim().split(/\s+/)
      return place === undefined ? [] : [`${queue} ${most} ${place.replace('*:', '[::]:')}`]
    })
    .toSorted()
const written = (sockets: readonly WaitingSocket[]): string[] =>
  sockets
    .map(
      ({ address, port, queue, most }) =>
        `${queue} ${most} ${address.includes(':') ? `[${address}]` : address}:${port}`,
    )
    .toSorted()

test('who listens is what ss shows, with the queue of each and for which family it is', async () => {
  await python(`
for place, only in (('0.0.0.0', None), ('10.55.9.1', None), ('::', 0), ('::1', 1)):
  s = socket.socket(socket.AF_INET6 if ':' in place else socket.AF_INET)
  s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
  if only is not None: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
  s.bind((place, {'0.0.0.0': 80, '10.55.9.1': 81, '::': 82, '::1': 83}[place])); s.listen(7); globals()['s%d' % len(globals())] = s
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('10.55.9.1', 53))`)
  expect(written(seen('tcp'))).toEqual(asked('-lt'))
  expect(seen('tcp')).toHaveLength(4)
  const onlyV6 = Object.fromEntries(seen('tcp').map(({ port, onlyV6: only }) => [port, only]))
  expect(onlyV6).toEqual({ 80: false, 81: false, 82: false, 83: true })
  expect(seen('udp').map(({ address, port }) => `${address}:${port}`)).toEqual(['10.55.9.1:53'])
})

test('connections that nobody accepts fill the queue up to one beyond its bound', async () => {
  await python(`
s = socket.socket(); s.bind(('10.55.9.1', 90)); s.listen(2)
c = []
for _ in range(5):
  one = socket.socket(); one.setblocking(False); one.connect_ex(('10.55.9.1', 90)); c.append(one)`)
  const ours = () => seen('tcp').find(({ port }) => port === 90)
  await wait(() => (ours()?.queue ?? 0) > 2)
  expect(ours()).toMatchObject({ queue: 3, most: 2 })
})

test('the agent’s own look: by protocol, with the load', async () => {
  const kernel = inNamespace(space, openKernel)
  try {
    const answer = inNamespace(space, () => kernel.sockets(['tcp', 'udp', 'sctp'], []))
    expect(answer.found?.map(({ protocol, port }) => `${protocol} ${port}`)).toEqual(
      expect.arrayContaining(['tcp 80', 'tcp 83', 'udp 53']),
    )
    expect(answer.load).toBeGreaterThanOrEqual(0)
  } finally {
    kernel.close()
  }
})

/** Where control groups of the second version are. */
const CGROUPS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((root) => existsSync(join(root, 'cgroup.procs')))
const SOCKETS = new URL('../../agent/node/adapters/kernel/sockets.ts', import.meta.url).href
/** With the /sys of the machine, where control groups are. */
const NSENTER = ['nsenter', `--net=/run/netns/${space}`] as const
/** As the agent of the package looks: as root, and without CAP_SYS_PTRACE. */
const LOOKS = `
import { openSockets } from '${SOCKETS}'
const sockets = openSockets()
let found
for (let look = 0; look < 60 && !found?.stopped?.sure; look++) {
  found = sockets.look(['tcp'], [91]).found?.find(({ port }) => port === 91)
  await new Promise((done) => setTimeout(done, 100))
}
console.log(JSON.stringify(found))
sockets.close()`

test('a stopped server whose files may not be seen is known by the control group of its socket', async () => {
  const group = join(CGROUPS ?? expect.fail('no control groups of the second version'), space)
  mkdirSync(group)
  try {
    const server = await python(
      `
open('${group}/cgroup.procs', 'w').write('0')
s = socket.socket(); s.bind(('10.55.9.1', 91)); s.listen(7)
c = socket.socket(); c.connect(('10.55.9.1', 91))`,
      NSENTER,
    )
    const look = (): unknown => {
      const words = ['--bounding-set', '-sys_ptrace', process.execPath, '--input-type=module', '-e', LOOKS]
      return JSON.parse(run(...NSENTER, 'setpriv', ...words))
    }
    process.kill(server.pid ?? 0, 'SIGSTOP')
    expect(look()).toMatchObject({ queue: 1, stopped: { sure: true, programs: [{ pid: server.pid }] } })
    process.kill(server.pid ?? 0, 'SIGCONT')
    expect(look()).not.toHaveProperty('stopped')
    server.kill('SIGKILL')
    await once(server, 'exit')
  } finally {
    if (existsSync(group)) rmdirSync(group)
  }
})
