/**
 * What checks cost: the real lvsm-prober beside servers on loopback, as many checks of one type as are wanted, each at its interval; how late the
 * prober begins them, and its processor time for each. Beside it three real lease processes, of which none may lose its lease (root). One
 * type after the other; then how often well servers are taken for failed on a bad line, and on a busy machine.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import * as z from 'zod'
import { besideProcesses, type Running } from '../processes.ts'
import { type Kind, kindsOf } from './kinds.ts'
import { type Load, measure, quantile, type Row } from './measure.ts'
import { type Serving, serversUp } from './serving.ts'

const USAGE = `usage: npm run bench -- checks [--checks N] [--interval MS] [--seconds S] [--type NAME,…]
  --checks     so many at a time, of each type (2000); of those that start a program a tenth
  --interval   of each check (2000)
  --seconds    that are measured for each type (10)
  --type       of these types alone
Leases, and false ejections under loss, are measured by root alone; the lease processes are those of dist (npm run build).
`
/** Of the interval, that the latest but one in a hundred may be late. */
const LATE = 0.1
const TIMING = { keepaliveMs: 100, leaseMs: 350 }
const GROUPS = 1
const isRoot = process.getuid?.() === 0

interface Wanted extends Load {
  readonly types: readonly string[]
}
const head = ['type', 'checks', 'answered', 'failed', 'no answer', 'CPU for each', 'late p50 / p99']
const tableOf = (...words: string[]) => new Table({ head: words, style: { head: [], border: [] } })
const ms = (value: number): string => `${value.toFixed(1)} ms`

function isMet({ late, failed, unknown, answered }: Row, intervalMs: number): boolean {
  return answered > 0 && quantile(late, 0.99) < LATE * intervalMs && failed === 0 && unknown === 0
}

async function checks(
  { address, ports, authority }: Serving,
  { types, ...load }: Wanted,
  leases: readonly Running[],
): Promise<number> {
  const table = tableOf(...head, 'answered p50 / p99', 'leases lost', '')
  const kinds = kindsOf(authority).filter(({ name }) => types.length === 0 || types.includes(name))
  const lostBy = (): number => leases.reduce((sum, { moves }) => sum + moves, 0)
  let missed = 0
  for (const kind of kinds) {
    const count = Math.ceil(load.checks / kind.rarer)
    process.stderr.write(`${kind.name}: ${count} checks each ${load.intervalMs} ms, for ${load.ms / 1000} s …\n`)
    const before = lostBy()
    const row = await measure(kind, { address, port: ports[kind.name] ?? 0 }, { ...load, checks: count })
    const lost = lostBy() - before
    const met = isMet(row, load.intervalMs) && lost === 0
    if (!met) missed += 1
    if (row.reason !== '') process.stderr.write(`  ${row.reason}\n`)
    table.push(lineOf(kind, count, row, leases.length > 0 ? `${lost}` : '–', met))
  }
  process.stdout.write(`${table.toString()}\n`)
  return kinds.length === 0 ? 1 : missed
}
function lineOf({ name }: Kind, count: number, row: Row, lost: string, met: boolean): (string | number)[] {
  const { answered, failed, unknown, cpuMs, late, took } = row
  return [
    ...[name, count, answered, failed, unknown],
    `${((cpuMs / Math.max(1, answered)) * 1000).toFixed(0)} µs`,
    `${ms(quantile(late, 0.5))} / ${ms(quantile(late, 0.99))}`,
    `${ms(quantile(took, 0.5))} / ${ms(quantile(took, 0.99))}`,
    ...[lost, met ? 'met' : 'MISSED'],
  ]
}

const counted = z.object({ checks: z.int(), failed: z.int(), falls: z.int(), left: z.int(), emptied: z.int() })
function ejections(seconds: number): number {
  const program = fileURLToPath(new URL('ejections.ts', import.meta.url))
  const table = tableOf(
    'well servers, three to a pool',
    'checks',
    'failed',
    'false verdicts',
    'left',
    'last ones that left',
    '',
  )
  let missed = 0
  for (const [name, words] of [
    ['nothing is wrong', []],
    ['30 % of all packets get lost', ['--loss', '30']],
    ['two busy loops', ['--busy', '2']],
  ] as const) {
    process.stderr.write(`${name}, for ${seconds} s …\n`)
    const argv = ['-n', process.execPath, program, ...words, '--seconds', `${seconds}`]
    const { stdout, stderr, status } = spawnSync('unshare', argv, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${name}: ${stderr}`)
    const { emptied, ...all } = counted.parse(JSON.parse(stdout))
    const met = emptied === 0 && all.checks > 0
    if (!met) missed += 1
    table.push([name, all.checks, all.failed, all.falls, all.left, emptied, met ? 'met' : 'MISSED'])
  }
  process.stdout.write(`${table.toString()}\n`)
  return missed
}

function wantedBy(words: Readonly<Record<string, string | boolean>>): Wanted | null {
  const [many, intervalMs, seconds] = ['checks', 'interval', 'seconds'].map((key) => Number(words[key]))
  const types = `${words['type']}`.split(',').filter(Boolean)
  if (words['help'] === true || !(Number(many) > 0 && Number(intervalMs) > 0 && Number(seconds) > 0)) return null
  return { checks: Number(many), intervalMs: Number(intervalMs), ms: Number(seconds) * 1000, types }
}

async function main(): Promise<number> {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const { values } = parseArgs({
    options: {
      ...{ checks: text('2000'), interval: text('2000'), seconds: text('10'), type: text('') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const wanted = wantedBy(values)
  if (!wanted) {
    process.stderr.write(USAGE)
    return values.help ? 0 : 2
  }
  const servers = await serversUp()
  let missed = 0
  try {
    missed += isRoot
      ? await besideProcesses(GROUPS, TIMING, (leases) => checks(servers, wanted, leases))
      : await checks(servers, wanted, [])
  } finally {
    servers.end()
  }
  if (isRoot && wanted.types.length === 0) missed += ejections(Math.max(30, wanted.ms / 1000))
  const demand = `late p99 below ${LATE * 100} % of the interval, every check answered and good, no lease lost, no pool left with nobody`
  process.stdout.write(missed === 0 ? `every demand met: ${demand}\n` : `${missed} demands missed: ${demand}\n`)
  return missed === 0 ? 0 : 1
}

process.exit(await main())
