// lab: topology=pair long=yes
/**
 * What a large table costs, beside bare ipvsadm and keepalived with the same table in the same boot: 1,000 services of 10 realservers that
 * nobody checks, from the configuration to the kernel; one realserver of it changed; what it costs to watch over it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { documentText } from '@lvsm/model'
import { parse } from 'yaml'
import { spread } from '../../scripts/bench/figures.ts'
import { demand, figure, lab, NODES, on, owner, sh, until, VIP } from './harness.ts'
import { scenario } from './scenario.ts'
import { seats, whole } from './witness.ts'

/** With the topology's own that is the most that a cluster may have. */
const SERVICES = Number(process.env['LAB_SERVICES'] ?? 999)
const SERVERS = 10
const RUNS = 5
const FIRST_PORT = 2000
const FULL = SERVICES * SERVERS
const TABLE_MS = 300_000
const IDLE_MS = 30_000
const METRICS_PORT = 9464
/** Clock ticks a second in /proc/PID/stat (man 5 proc). */
const TICKS = 100
/** Passes may get rarer with size, never rarer than this. */
const PASS_MS = 10_000
/** Of a bare `ipvsadm -R`. */
const BARE = 3
const IDLE_PERCENT = 2

const addressOf = (at: number): string => `10.11.0.${101 + at}`
const servers = Array.from({ length: SERVERS }, (_, at) => at)
const ports = Array.from({ length: SERVICES }, (_, at) => FIRST_PORT + at)
/** The changed one, if any, is the first of the first service. */
const weightOf = (port: number, server: number, changed: number): number =>
  port === FIRST_PORT && server === 0 ? changed : 1

const restoreText = (): string =>
  ports
    .flatMap((port) => [
      `-A -t ${VIP}:${port} -s wrr`,
      ...servers.map((server) => `-a -t ${VIP}:${port} -r ${addressOf(server)}:${port} -g -w 1`),
    ])
    .join('\n')

const keepalivedText = (changed: number): string =>
  ports
    .map(
      (port) =>
        `virtual_server ${VIP} ${port} {\n lb_algo wrr\n lb_kind DR\n protocol TCP\n${servers
          .map((at) => ` real_server ${addressOf(at)} ${port} {\n  weight ${weightOf(port, at, changed)}\n }`)
          .join('\n')}\n}`,
    )
    .join('\n')

/** A file as programs write it, which is YAML too. */
function enlarged(text: string, changed: number): string {
  const file = parse(text) as { revision: number; services: object[] }
  const services = ports.map((port) => ({
    ...{ name: `s${port}`, group: 'web', address: VIP, port, protocol: 'tcp', scheduler: 'wrr' },
    check: { type: 'none' },
    realservers: servers.map((at) => ({
      ...{ node: `r${at}`, agent: false, address: addressOf(at), forward: 'dr', weight: weightOf(port, at, changed) },
    })),
  }))
  return documentText({
    ...file,
    revision: file.revision + changed,
    'monitoring-port': METRICS_PORT,
    services: [...file.services, ...services],
  })
}

/** Every destination of a namespace's table. By netlink: /proc/net/ip_vs leaves out some where several namespaces have services. */
const entriesOf = async (space: string): Promise<string[]> =>
  (await on(space, 'ipvsadm -Sn')).split('\n').filter((line) => line.startsWith('-a '))
const hasChanged = async (space: string, weight: number): Promise<boolean> =>
  new RegExp(`-> ${addressOf(0)}:${FIRST_PORT} +Route +${weight} `).test(
    await on(space, `ipvsadm -Ln -t ${VIP}:${FIRST_PORT}`),
  )

/** Milliseconds until it is so. */
async function timed(begin: () => unknown, isSo: () => boolean | Promise<boolean>, what: string): Promise<number> {
  const began = performance.now()
  await begin()
  while (!(await isSo())) {
    demand(performance.now() - began < TABLE_MS, what)
    await sleep(20)
  }
  return performance.now() - began
}
function measured(name: string, all: readonly number[]): number {
  const { median = 0, worst = 0, runs = 0 } = spread(all) ?? {}
  figure(name, `median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms (${runs})`)
  return median
}
/** All demands are measured before the last scenario says which were missed. */
const missed: string[] = []
function asked(name: string, value: string, isMet: boolean): void {
  figure(name, `${value}: ${isMet ? 'met' : 'MISSED'}`)
  if (!isMet) missed.push(`${name}: ${value}`)
}
function besides(name: string, ms: number, otherMs: number, most: number): void {
  const times = ms / otherMs
  asked(name, `× ${times.toFixed(2)}, at most × ${most} demanded`, times <= most)
}
const pidOf = async (node: string, process: string): Promise<string> =>
  (await lab('pids', node))
    .split('\n')
    .map((line) => line.split('\t'))
    .find(([, name]) => name === process)?.[2] ?? ''

/** A network namespace with nothing in it. */
async function bareNamespace(work: (name: string) => Promise<void>): Promise<void> {
  const name = 'bare'
  // Without an address no route tells the kernel that the realservers' are unicast.
  await sh(`ip netns add ${name} && ip -n ${name} link set lo up`)
  try {
    await work(name)
  } finally {
    await sh(`ip netns del ${name}`)
  }
}
async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  await gone
}
const CONF = '/tmp/keepalived-large.conf'
function keepalived(name: string): ChildProcess {
  const words = ['-n', '-l', '-C', '-f', CONF, '-p', '/tmp/ka.pid', '-c', '/tmp/ka-checkers.pid']
  return spawn('ip', ['netns', 'exec', name, 'keepalived', ...words], { stdio: 'ignore' })
}

let bareMs = 0
let peerMs = 0
let peerChangeMs = 0

scenario(`bare ipvsadm and keepalived: ${SERVICES} × ${SERVERS}, cold, and one realserver changed`, () =>
  bareNamespace(async (name) => {
    writeFileSync('/tmp/large.ipvs', `${restoreText()}\n`)
    const bare: number[] = []
    for (let run = 0; run < RUNS; run++) {
      bare.push(
        await timed(
          () => on(name, 'ipvsadm -R < /tmp/large.ipvs'),
          () => true,
          'ipvsadm -R',
        ),
      )
      const { length } = await entriesOf(name)
      demand(length === FULL, `${length} entries by ipvsadm -R`)
      await on(name, 'ipvsadm -C')
    }
    bareMs = measured('ipvsadm -R', bare)
    const cold: number[] = []
    const changes: number[] = []
    for (let run = 0; run < RUNS; run++) {
      writeFileSync(CONF, keepalivedText(1))
      let child: ChildProcess | undefined
      cold.push(
        await timed(
          () => void (child = keepalived(name)),
          async () => (await entriesOf(name)).length === FULL,
          'keepalived has its table',
        ),
      )
      await sleep(1000)
      writeFileSync(CONF, keepalivedText(2))
      changes.push(
        await timed(
          () => process.kill(Number(readFileSync('/tmp/ka.pid', 'utf8')), 'SIGHUP'),
          () => hasChanged(name, 2),
          'keepalived has the change',
        ),
      )
      if (child) await ended(child)
      await on(name, 'ipvsadm -C')
    }
    peerMs = measured('keepalived, start → full table', cold)
    peerChangeMs = measured('keepalived, reload → one weight', changes)
  }),
)

const fileOf = (node: string): string => `/etc/lvsm/${node}.yaml`
let before = new Map<string, string>()
async function give(node: string, text: string): Promise<void> {
  writeFileSync(fileOf(node), text)
  process.kill(Number(await pidOf(node, 'agent')), 'SIGHUP')
}

scenario(`lvsm: ${SERVICES} × ${SERVERS}, from the configuration to the full table of the owner`, async () => {
  await whole()
  const { from } = await seats()
  before = new Map(NODES.map((node) => [node, readFileSync(fileOf(node), 'utf8')]))
  const small = before.get(from) ?? ''
  const own = (await entriesOf(from)).length
  const cold: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const text = enlarged(small, 1)
    cold.push(
      await timed(
        () => give(from, text),
        async () => (await entriesOf(from)).length === FULL + own,
        'lvsm has its table',
      ),
    )
    if (run < RUNS - 1)
      await timed(
        () => give(from, small),
        async () => (await entriesOf(from)).length === own,
        'the table is small',
      )
  }
  const median = measured('lvsm, configuration → full table', cold)
  besides('full table beside ipvsadm -R', median, bareMs, BARE)
  besides('full table beside keepalived', median, peerMs, 1)
})

scenario('lvsm: one realserver is changed: one entry is another, and how soon', async () => {
  const { from } = await seats()
  const small = before.get(from) ?? ''
  const changes: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const weight = run + 2
    const text = enlarged(small, weight)
    const table = await entriesOf(from)
    changes.push(
      await timed(
        () => give(from, text),
        () => hasChanged(from, weight),
        'the change',
      ),
    )
    const others = (await entriesOf(from)).filter((line, at) => line !== table[at])
    demand(others.length === 1, `${others.length} entries are others`)
  }
  const median = measured('lvsm, configuration → one weight', changes)
  besides('one weight beside keepalived', median, peerChangeMs, 1)
  for (const node of NODES) if (node !== from) await give(node, enlarged(before.get(node) ?? '', RUNS + 1))
  await until(async () => (await owner()) !== null, 60_000, 'somebody owns it')
})

/** Upper bound of the bucket in which the longest delay of the lease process's loop is, of those counted since `earlier`. */
async function loopDelays(node: string): Promise<Map<string, number>> {
  const address = (await on(node, 'ip -4 -br addr show dev inside')).split(/\s+/)[2]?.split('/')[0]
  const text = await on(node, `curl -s -m 20 http://${address}:${METRICS_PORT}/metrics`)
  return new Map(
    [...text.matchAll(/^lvsm_lease_loop_delay_seconds_bucket\{.*le="([^"]+)".*\} (\d+)/gm)].map(
      ([, le = '', count]) => [le, Number(count)],
    ),
  )
}

scenario('lvsm: what it costs to watch over it, and how soon what somebody changed is put back', async () => {
  const from = await until(() => owner(), 60_000, 'an owner')
  const agent = await pidOf(from, 'agent')
  const ticks = (): number => {
    const stat = readFileSync(`/proc/${agent}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  }
  await until(async () => (await entriesOf(from)).length > FULL, TABLE_MS, 'the whole table')
  await sleep(10_000)
  const [delays, used] = [await loopDelays(from), ticks()]
  const began = performance.now()
  await sleep(IDLE_MS)
  const percent = ((ticks() - used) / TICKS / ((performance.now() - began) / 1000)) * 100
  const idle = `${percent.toFixed(1)} % of an emulated core, at most ${IDLE_PERCENT} % demanded`
  asked('agent of the owner, idle', idle, percent <= IDLE_PERCENT)
  await on(from, `ipvsadm -e -t ${VIP}:${FIRST_PORT} -r ${addressOf(0)}:${FIRST_PORT} -g -w 7`)
  const took = await timed(
    () => undefined,
    () => hasChanged(from, RUNS + 1),
    'a weight is put back',
  )
  asked('a weight put back after', `${took.toFixed(0)} ms, within a pass of ${PASS_MS} ms demanded`, took <= PASS_MS)
  const port = FIRST_PORT + SERVICES - 1
  await on(from, `ipvsadm -e -t ${VIP}:${port} -r ${addressOf(0)}:${port} -g -w 1 -x 9 -y 1`)
  const began2 = performance.now()
  const limits = async (): Promise<boolean> =>
    !(await on(from, 'ipvsadm -Ln --thresholds')).includes(`${addressOf(0)}:${port} 9`) &&
    !new RegExp(`${addressOf(0)}:${port} +9 `).test(await on(from, 'ipvsadm -Ln --thresholds'))
  await until(limits, TABLE_MS, 'a threshold is put back')
  const hiddenMs = performance.now() - began2
  asked(
    'a threshold put back after',
    `${hiddenMs.toFixed(0)} ms, within a pass of ${PASS_MS} ms demanded`,
    hiddenMs <= PASS_MS,
  )
  const after = await loopDelays(from)
  const late = [...after].map(([le, count]) => ({ le: Number(le), more: count - (delays.get(le) ?? 0) }))
  const total = late.find(({ le }) => Number.isNaN(le))?.more ?? 0
  const longest = late.find(({ more }) => more === total)?.le ?? Number.NaN
  const fenceMs = Number.parseInt((parse(before.get(from) ?? '') as { timing: { lease: string } }).timing.lease, 10)
  asked(
    'longest delay of the lease loop meanwhile',
    `at most ${longest * 1000} ms of ${total} timers, below ${fenceMs / 4} ms demanded`,
    total > 0 && longest * 1000 < fenceMs / 4,
  )
})

scenario('the files are as they were', async () => {
  for (const [node, text] of before) await give(node, text)
  await whole()
})

scenario('what is demanded of these figures is met', async () => demand(missed.length === 0, missed.join('; ')))
