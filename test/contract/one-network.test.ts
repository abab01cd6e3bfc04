/**
 * NAT on one network, on the kernel: client, director and realserver at one switch, each a network namespace, and what the realserver's agent
 * sets up there. Translation is nf_tables' here, which knows connections by their packets as IPVS does: an answer that does not pass
 * is no answer. IPVS itself is the lab's. Needs root, and fails without it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { inNamespace } from '@lvsm/kernel'
import { checkConfig, nodeView, SAMPLE } from '@lvsm/model'
import { desired, diff, type Operation, type PlanInput } from '@lvsm/plan'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readAnswers } from '../../agent/examiner/network.ts'
import { openKernel } from '../../agent/node/adapters/kernel/kernel.ts'
import { run } from './space.ts'

const spaceOf = (name: string): string => `lvsm-one-${name}-${process.pid}`
const [SWITCH, CLIENT, DIRECTOR, SERVER] = ['switch', 'client', 'director', 'server'].map(spaceOf) as [
  string,
  string,
  string,
  string,
]
const MACHINES = [
  [CLIENT, ['10.11.0.100/24', 'fd00:11::64/64']],
  [DIRECTOR, ['10.11.0.1/24', '10.11.0.10/24', '10.11.0.254/24', 'fd00:11::1/64', 'fd00:11::a/128', 'fd00:11::fe/64']],
  [SERVER, ['10.11.0.11/24', 'fd00:11::11/64']],
] as const
const VIPS = ['10.11.0.10', 'fd00:11::a']
const OWN = ['10.11.0.11', 'fd00:11::11']
const ip = (name: string, line: string): string => run('ip', '-n', name, ...line.split(' '))
const within = (name: string, ...words: string[]): string => run('ip', 'netns', 'exec', name, ...words)
const load = (name: string, rules: string): void =>
  void execFileSync('ip', ['netns', 'exec', name, 'nft', '-f', '-'], { input: rules })

const service = (name: string, address: string, protocol: string, own: string): string =>
  `  - { name: ${name}, group: web, address: '${address}', port: 80, protocol: ${protocol}, scheduler: rr, realservers: [{ node: rs1, address: '${own}', port: 8080, forward: nat, route: policy }] }\n`
const ALL = ['tcp', 'udp'].flatMap((protocol) =>
  VIPS.map((vip, at) => service(`${protocol}-${at}`, vip, protocol, OWN[at] ?? '')),
)
const textWith = (services: readonly string[]): string =>
  SAMPLE.replace('vips: [10.11.0.10/24]', `vips: [10.11.0.10/24, 'fd00:11::a/64']`)
    .replace('gateways: [10.12.0.254/24]', `gateways: [10.11.0.254/24, 'fd00:11::fe/64']`)
    .replaceAll(/\{ name: (dir1|rs1)(.*?), links: \[/g, (_, name, more) => {
      const address = name === 'dir1' ? 'fd00:11::1' : 'fd00:11::11'
      return `{ name: ${name}${more}, links: [{ name: six, address: '${address}' }, `
    })
    .replace(/services:[^]*$/, services.length > 0 ? `services:\n${services.join('')}` : '')

const INPUT: Omit<PlanInput, 'view'> = {
  ...{ owned: new Set<string>(), serving: new Map(), draining: new Map(), quiescing: new Set<string>() },
  ...{ handover: new Map(), flushing: new Set<string>() },
}
const kernels = new Map<string, ReturnType<typeof openKernel>>()
/** What a node's agent does; gives what is left to do then. */
function agentOf(node: string, space: string, services: readonly string[], ofThese: (one: Operation) => boolean) {
  const { config, refusals } = checkConfig(textWith(services))
  const view = config && nodeView(config, node)
  const kernel = kernels.get(space)
  if (!view || !kernel) throw new Error(JSON.stringify(refusals))
  const planned = (): Operation[] => {
    const host = kernel.observe({ sysctls: ['net/ipv4/conf/all/rp_filter'], services: false })
    const wanted = desired({ view, ...INPUT }, host)
    const observed = kernel.observe({ sysctls: wanted.sysctls.map(({ path }) => path), services: false })
    return diff(observed, wanted, new Map()).filter(ofThese)
  }
  return inNamespace(space, () => {
    for (const operation of planned()) expect(kernel.apply(operation), JSON.stringify(operation)).toBeNull()
    return planned()
  })
}
const isOfAnswers = ({ kind }: Operation): boolean => kind.startsWith('answer-') || kind === 'sysctl'
const isSetting = ({ kind }: Operation): boolean => kind === 'sysctl'

const LISTENERS = `
const { createServer } = require('node:net')
const { createSocket } = require('node:dgram')
for (const port of [8080, 2222]) createServer((caller) => caller.end(caller.remoteAddress)).listen(port, '::')
for (const type of ['udp4', 'udp6']) {
  const socket = createSocket({ type, ipv6Only: type === 'udp6' })
  socket.on('message', (_, { address, port }) => socket.send(address, port, address)).bind(8080)
}
setTimeout(() => console.log('ready'), 300)`
const asking = (protocol: string, host: string, port: number): string => `
const end = (text) => { console.log(String(text).replace('::ffff:', '')); process.exit() }
setTimeout(end, 1500, 'nothing')
if ('${protocol}' === 'tcp') require('node:net').connect(${port}, '${host}').on('data', end).on('error', ({ code }) => end(code))
else {
  const socket = require('node:dgram').createSocket('${host.includes(':') ? 'udp6' : 'udp4'}')
  socket.on('message', end).connect(${port}, '${host}', () => socket.send('?'))
}`
const asks = (from: string, protocol: string, host: string, port = 80): string =>
  within(from, process.execPath, '-e', asking(protocol, host, port)).trim()

/** Packets that a machine counted, by the name of the counter. */
function counted(name: string): Record<string, number> {
  const text = within(name, 'nft', 'list', 'counters', 'table', 'inet', 'seen')
  const found = [...text.matchAll(/counter (\w+) \{\s+packets (\d+)/g)]
  return Object.fromEntries(found.map(([, counter = '', packets]) => [counter, Number(packets)]))
}
const reset = (name: string): string => within(name, 'nft', 'reset', 'counters', 'table', 'inet', 'seen')

let listeners: ChildProcess
beforeAll(async () => {
  for (const name of [SWITCH, CLIENT, DIRECTOR, SERVER]) run('ip', 'netns', 'add', name)
  ip(SWITCH, 'link add name lan type bridge')
  ip(SWITCH, 'link set lan up')
  for (const path of ['iptables', 'ip6tables', 'arptables'])
    within(SWITCH, 'sh', '-c', `echo 0 > /proc/sys/net/bridge/bridge-nf-call-${path} || true`)
  for (const [at, [name, addresses]] of MACHINES.entries()) {
    ip(SWITCH, `link add name port${at} type veth peer name lan netns ${name}`)
    ip(SWITCH, `link set port${at} master lan up`)
    for (const device of ['lo', 'lan']) ip(name, `link set ${device} up`)
    for (const address of addresses) ip(name, `address add ${address} dev lan${address.includes(':') ? ' nodad' : ''}`)
    kernels.set(name, inNamespace(name, openKernel))
  }
  within(
    DIRECTOR,
    'sh',
    '-c',
    'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding',
  )
  load(
    DIRECTOR,
    `table inet translation {
      chain there { type nat hook prerouting priority -100;
        ip daddr 10.11.0.10 meta l4proto { tcp, udp } th dport 80 dnat ip to 10.11.0.11:8080
        ip6 daddr fd00:11::a meta l4proto { tcp, udp } th dport 80 dnat ip6 to [fd00:11::11]:8080
      }
    }
    table inet seen {
      counter answers { }
      counter own { }
      counter redirects { }
      chain passing { type filter hook forward priority 0;
        meta l4proto { tcp, udp } th sport 8080 counter name answers
        tcp sport 2222 counter name own
      }
      chain out { type filter hook output priority 0; icmp type redirect counter name redirects; }
    }`,
  )
  listeners = spawn('ip', ['netns', 'exec', SERVER, process.execPath, '-e', LISTENERS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve, reject) => {
    listeners.stdout?.once('data', resolve)
    listeners.once('close', () => reject(new Error('the listeners ended before they listened')))
  })
})
afterAll(() => {
  listeners?.kill('SIGKILL')
  for (const kernel of kernels.values()) kernel.close()
  for (const name of [SWITCH, CLIENT, DIRECTOR, SERVER]) run('ip', 'netns', 'del', name)
})

const CLIENTS = ['10.11.0.100', 'fd00:11::64']
const PROTOCOLS = ['tcp', 'udp'] as const

test('without the agent answers go straight, and the client knows none of them', () => {
  for (const protocol of PROTOCOLS)
    for (const vip of VIPS) expect([vip, asks(CLIENT, protocol, vip)]).toEqual([vip, 'nothing'])
})

test('with it they pass the director, which sends no redirect; the realserver sees who asks', () => {
  agentOf('dir1', DIRECTOR, ALL, isSetting)
  expect(agentOf('rs1', SERVER, ALL, isOfAnswers)).toEqual([])
  reset(DIRECTOR)
  for (const protocol of PROTOCOLS)
    for (const [at, vip] of VIPS.entries())
      for (const _ of [1, 2]) expect([protocol, vip, asks(CLIENT, protocol, vip)]).toEqual([protocol, vip, CLIENTS[at]])
  const { answers = 0, redirects } = counted(DIRECTOR)
  expect(answers).toBeGreaterThanOrEqual(12)
  expect(redirects).toBe(0)
})

test('what a director asks the realserver itself, and what is no answer of a service, goes straight', () => {
  reset(DIRECTOR)
  for (const [at, own] of OWN.entries()) {
    for (const protocol of PROTOCOLS) expect(asks(DIRECTOR, protocol, own, 8080)).not.toBe('nothing')
    expect(asks(CLIENT, 'tcp', own, 2222)).toBe(CLIENTS[at])
  }
  expect(counted(DIRECTOR)).toMatchObject({ answers: 0, own: 0 })
})

test('lvsm doctor sees the way of answers by protocol and port', () => {
  const wayOf = (port: number) => {
    const asked = { from: '10.11.0.11', protocol: 6, port, to: '10.11.0.254' }
    return inNamespace(SERVER, () => readAnswers([asked]))
  }
  expect(wayOf(8080)).toMatchObject([{ interface: 'lan', gateway: '10.11.0.254' }])
  expect(wayOf(2222)).toMatchObject([{ interface: 'lan', gateway: null }])
})

test('rules and routes that somebody took away come back, and those of others stay', () => {
  for (const family of ['-4', '-6']) {
    ip(SERVER, `${family} rule del pref 7600`)
    ip(SERVER, `${family} route del default table 7600`)
  }
  ip(SERVER, 'rule add pref 7600 from 192.0.2.7 lookup main')
  expect(asks(CLIENT, 'tcp', VIPS[0] ?? '')).toBe('nothing')
  expect(agentOf('rs1', SERVER, ALL, isOfAnswers)).toEqual([])
  expect(asks(CLIENT, 'tcp', VIPS[0] ?? '')).toBe(CLIENTS[0])
  expect(ip(SERVER, 'rule show pref 7600')).toContain('192.0.2.7')
  ip(SERVER, 'rule del pref 7600 from 192.0.2.7')
})

test('who leaves the service has nothing of it any more', () => {
  expect(agentOf('rs1', SERVER, [], isOfAnswers)).toEqual([])
  for (const family of ['-4', '-6']) {
    expect(ip(SERVER, `${family} rule`)).not.toContain('7600')
    expect(ip(SERVER, `${family} route show table all`)).not.toMatch(/table 760[01]/)
  }
})
