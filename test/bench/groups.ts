/**
 * What groups cost the lease processes: three voters, two of them directors, dir1 owns all. The real core and the real codec
 * with its HMAC, in memory and in virtual time, so that a busy machine changes nothing; then what their system calls would
 * cost, measured here too: datagrams over loopback, and renewals of the fence where this process may use nf_tables.
 */
import '../../agent/lease/v8-flags.ts'
import { createSocket } from 'node:dgram'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { type Actor, Trio } from './trio.ts'
import { fenceCostUs } from './fence-cost.ts'
import { measureProcesses } from './processes.ts'

const USAGE = `usage: npm run bench -- groups [--processes] [--groups N,N,…] [--keepalive MS] [--lease MS] [--seconds S]
  --processes   real processes in network namespaces (root); needs a machine that has nothing else to do
`
const WARM_UP_MS = 5000

const ROUNDS = 5000

/** Microseconds of this thread for a datagram over loopback, its send and its receipt together. */
async function datagramCostUs(): Promise<number> {
  const [from, to] = [createSocket('udp4'), createSocket('udp4')]
  const bytes = new Uint8Array(200)
  await new Promise<void>((resolve) => to.bind(0, '127.0.0.1', resolve))
  const { port } = to.address()
  let heard = 0
  to.on('message', () => heard++)
  const round = async (): Promise<number> => {
    const before = process.threadCpuUsage()
    for (let at = 0; at < ROUNDS; at++) {
      from.send(bytes, port, '127.0.0.1')
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { user, system } = process.threadCpuUsage(before)
    return (user + system) / ROUNDS
  }
  await round()
  const cost = await round()
  for (const socket of [from, to]) socket.close()
  if (heard < ROUNDS) throw new Error(`only ${heard} datagrams came over loopback`)
  return cost
}

interface Row {
  readonly groups: number
  readonly name: string
  readonly corePercent: number
  readonly totalPercent: number
  readonly sent: number
  readonly received: number
  readonly renewals: number
}

async function main(): Promise<number> {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const { values } = parseArgs({
    allowPositionals: true,
    options: {
      groups: text('1,8,16,32,64,96,128'),
      keepalive: text('100'),
      lease: text('350'),
      seconds: text('20'),
      processes: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const counts = values.groups.split(',').map(Number)
  const [keepaliveMs, leaseMs, seconds] = [values.keepalive, values.lease, values.seconds].map(Number) as [
    number,
    number,
    number,
  ]
  if (values.help || [...counts, keepaliveMs, leaseMs, seconds].some((one) => !(one > 0))) {
    process.stderr.write(USAGE)
    return values.help ? 0 : 2
  }
  if (values.processes) return processes(counts, { keepaliveMs, leaseMs }, seconds)
  const datagramUs = await datagramCostUs()
  const fenceUs = fenceCostUs()
  const costUs = ({ sent, received, renewals }: Actor): number =>
    ((sent + received) / 2) * datagramUs + renewals * (fenceUs ?? 0)
  const rows: Row[] = []
  for (const groups of counts) {
    const trio = new Trio(groups, { keepaliveMs, leaseMs })
    trio.run(WARM_UP_MS)
    trio.forget()
    trio.run(seconds * 1000)
    if (trio.owned() !== groups) throw new Error(`dir1 owns ${trio.owned()} of ${groups} groups`)
    for (const actor of trio.actors) {
      const share = (us: number): number => us / (seconds * 10_000)
      const { name, cpuUs, sent, received, renewals } = actor
      const per = (count: number): number => Math.round(count / seconds)
      rows.push({
        groups,
        name,
        corePercent: share(cpuUs),
        totalPercent: share(cpuUs + costUs(actor)),
        sent: per(sent),
        received: per(received),
        renewals: per(renewals),
      })
    }
  }
  print(rows)
  process.stdout.write(
    `keepalive ${keepaliveMs} ms, lease ${leaseMs} ms; a datagram sent and received costs ${datagramUs.toFixed(0)} µs, ` +
      `a renewal of the fence ${fenceUs === null ? 'an unknown time (no root, or no nf_tables)' : `${fenceUs.toFixed(0)} µs`}\n`,
  )
  return 0
}

async function processes(
  counts: readonly number[],
  timing: { keepaliveMs: number; leaseMs: number },
  seconds: number,
): Promise<number> {
  const table = new Table({
    head: ['groups', 'node', 'share of a core', 'owns', 'moves'],
    style: { head: [], border: [] },
  })
  for (const groups of counts)
    for (const { name, percent, owns, events } of await measureProcesses(groups, timing, seconds))
      table.push([groups, name, `${percent.toFixed(1)} %`, owns, events])
  process.stdout.write(`${table.toString()}\nkeepalive ${timing.keepaliveMs} ms, lease ${timing.leaseMs} ms\n`)
  return 0
}

function print(rows: readonly Row[]): void {
  const table = new Table({
    head: ['groups', 'node', 'core, codec', 'with system calls', 'sent/s', 'received/s', 'fence renewals/s'],
    style: { head: [], border: [] },
  })
  for (const { groups, name, corePercent, totalPercent, sent, received, renewals } of rows)
    table.push([groups, name, `${corePercent.toFixed(1)} %`, `${totalPercent.toFixed(1)} %`, sent, received, renewals])
  process.stdout.write(`share of one core\n${table.toString()}\n`)
}

process.exit(await main())
