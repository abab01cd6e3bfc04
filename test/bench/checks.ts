/**
 * What checks cost: the real lvsm-prober beside servers on loopback, as many checks of one type as are wanted, each at its interval. How late
 * they are sent and answered, and the processor time of the prober for each. One type after the other; nothing else is measured meanwhile.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CheckKeys, ProbeKind } from '@lvsm/model'
import Table from 'cli-table3'
import { Prober } from '../../agent/node/adapters/prober.ts'

const USAGE = `usage: npm run bench -- checks [--checks N] [--interval MS] [--seconds S]
  --checks     so many at a time, of each type (2000); of scripts a tenth
  --interval   of each check (2000)
  --seconds    that are measured for each type (10)
`
const HOST = '127.0.0.1'
const TIMEOUT_MS = 2000
/** Processes for each check: nobody has as many as he has connections. */
const SCRIPTS = 10
/** Clock ticks a second in /proc/PID/stat (man 5 proc). */
const TICKS = 100
/** Of the interval, that the latest but one in a hundred may be late. */
const LATE = 0.1

/** In a process of its own, that its work is not counted here. Ports of its servers as one line of JSON. */
const SERVERS = `
  const net = require('node:net'), http = require('node:http'), dgram = require('node:dgram')
  const quiet = (socket) => socket.on('error', () => {})
  const servers = {
    connect: net.createServer((socket) => quiet(socket).resume()),
    http: http.createServer({ keepAlive: false }, (_, answer) => answer.end('it works')),
    smtp: net.createServer((socket) => quiet(socket).on('data', () => socket.write('250 bench\\r\\n')).write('220 bench\\r\\n')),
    redis: net.createServer((socket) => quiet(socket).on('data', () => socket.write('+PONG\\r\\n'))),
  }
  const udp = dgram.createSocket('udp4')
  udp.on('message', (_, { port, address }) => udp.send('x', port, address))
  const ports = {}
  let left = Object.keys(servers).length + 1
  const done = () => { if (--left === 0) console.log(JSON.stringify(ports)) }
  for (const [name, server] of Object.entries(servers))
    server.listen({ host: '${HOST}', port: 0, backlog: 4096 }, () => { ports[name] = server.address().port; done() })
  udp.bind(0, '${HOST}', () => { ports.udp = udp.address().port; done() })`

interface Kind {
  readonly name: string
  readonly probe: ProbeKind
  readonly keys: CheckKeys
  /** One of as many as are wanted for others. */
  readonly rarer: number
}
const kind = (name: string, probe: ProbeKind, keys: CheckKeys = {}, rarer = 1): Kind => ({ name, probe, keys, rarer })
const KINDS: readonly Kind[] = [
  kind('tcp', 'connect'),
  kind('http', 'http', { path: '/', body: 'works' }),
  kind('redis', 'redis'),
  kind('smtp', 'smtp'),
  kind('udp', 'udp', { send: 'x', expect: 'x' }),
  kind('script', 'script', { command: ['/bin/true'] }, SCRIPTS),
]

const children = (): number[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
/** Its own, and of its children that have ended: seconds. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  return [11, 12, 13, 14].reduce((sum, at) => sum + (fields[at] ?? 0), 0) / TICKS
}

interface Row {
  readonly sent: number
  readonly failed: number
  readonly unknown: number
  /** Milliseconds: when it was sent, and answered, after it was due. */
  readonly sentLate: readonly number[]
  readonly took: readonly number[]
  readonly cpuMs: number
}

async function measure(
  { probe, keys }: Kind,
  port: number,
  checks: number,
  intervalMs: number,
  ms: number,
): Promise<Row> {
  const before = new Set(children())
  const prober = new Prober({
    clock: () => performance.now(),
    trouble: () => undefined,
    unable: () => undefined,
    say: () => undefined,
  })
  const wanted = { probe, keys, address: HOST, port, source: null, timeoutMs: TIMEOUT_MS }
  const virtual = { address: '10.11.0.10', port: 80 }
  const ask = (id: string) =>
    new Promise<boolean | null>((resolve) => prober.check(id, { ...wanted, virtual }, (ok) => resolve(ok)))
  for (let round = 0; round < 20; round++) await ask('first')
  const pid = children().find((one) => !before.has(one)) ?? 0
  const row = { sent: 0, failed: 0, unknown: 0, sentLate: [] as number[], took: [] as number[] }
  const began = performance.now()
  const used = cpuOf(pid)
  const due = Array.from({ length: checks }, (_, at) => began + (at / checks) * intervalMs)
  const open = new Set<Promise<void>>()
  for (let next = 0; ; next = (next + 1) % checks) {
    const at = due[next] ?? 0
    if (at > began + ms) break
    const wait = at - performance.now()
    if (wait > 0) await sleep(wait)
    const sentAt = performance.now()
    row.sentLate.push(sentAt - at)
    row.sent += 1
    due[next] = at + intervalMs
    const one = ask(`${next}`).then((ok) => {
      row.took.push(performance.now() - at)
      if (ok === null) row.unknown += 1
      else if (!ok) row.failed += 1
      open.delete(one)
    })
    open.add(one)
  }
  await Promise.race([Promise.all(open), sleep(2 * TIMEOUT_MS)])
  row.unknown += open.size
  const cpuMs = (cpuOf(pid) - used) * 1000
  prober.close()
  return { ...row, cpuMs }
}

function quantile(all: readonly number[], share: number): number {
  const sorted = all.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

async function main(): Promise<number> {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const { values } = parseArgs({
    options: {
      ...{ checks: text('2000'), interval: text('2000'), seconds: text('10') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const [checks, intervalMs, seconds] = [values.checks, values.interval, values.seconds].map(Number) as [
    number,
    number,
    number,
  ]
  if (values.help || !(checks > 0 && intervalMs > 0 && seconds > 0)) {
    process.stderr.write(USAGE)
    return values.help ? 0 : 2
  }
  const servers = spawn(process.execPath, ['-e', SERVERS], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ports = JSON.parse(
    await new Promise<string>((resolve) => servers.stdout.once('data', (line: Buffer) => resolve(String(line)))),
  ) as Record<string, number>
  const table = new Table({
    head: ['type', 'checks', 'sent', 'failed', 'no answer', 'CPU for each', 'late p99', 'answered p50 / p99', ''],
    style: { head: [], border: [] },
  })
  let missed = 0
  try {
    for (const one of KINDS) {
      const count = Math.ceil(checks / one.rarer)
      process.stderr.write(`${one.name}: ${count} checks each ${intervalMs} ms, for ${seconds} s …\n`)
      const row = await measure(one, ports[one.probe] ?? 9, count, intervalMs, seconds * 1000)
      const late = quantile(row.sentLate, 0.99)
      const met = late < LATE * intervalMs && row.failed === 0 && row.unknown === 0
      if (!met) missed++
      table.push([
        ...[one.name, count, row.sent, row.failed, row.unknown],
        `${((row.cpuMs / row.sent) * 1000).toFixed(0)} µs`,
        `${late.toFixed(1)} ms`,
        `${quantile(row.took, 0.5).toFixed(1)} / ${quantile(row.took, 0.99).toFixed(1)} ms`,
        met ? 'met' : 'MISSED',
      ])
    }
  } finally {
    servers.kill()
  }
  const demand = `late p99 below ${LATE * 100} % of the interval, every check answered and good`
  process.stdout.write(
    `${table.toString()}\n${missed === 0 ? `every demand met: ${demand}` : `${missed} demands missed: ${demand}`}\n`,
  )
  return missed === 0 ? 0 : 1
}

process.exit(await main())
