/** `npm run bench -- NAME`: prints figures side by side with the peer's, and exits 1 when a demand was missed. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import type { LabError } from '../lab/paths.ts'
import { failover, type Outcome } from './failover.ts'
import type { Figure, Spread } from './figures.ts'
import { throughput } from './throughput.ts'
import { vips } from './vips.ts'

const BENCHMARKS: Readonly<Record<string, (runs: number, progress: (text: string) => void) => Promise<Outcome>>> = {
  failover,
}
/** They say their figures themselves. */
const BESIDE: Readonly<
  Record<
    string,
    (runs: number, progress: (text: string) => void) => Promise<{ readonly met: boolean; readonly taken: unknown }>
  >
> = { throughput, vips }
const LEAST_RUNS = 5
const USAGE = `usage: npm run bench -- NAME [--runs N] [--json FILE]
       npm run bench -- groups [--groups N,N,…] [--keepalive MS] [--lease MS] [--seconds S]
       npm run bench -- checks [--checks N] [--interval MS] [--seconds S] [--type NAME,…]
       npm run bench -- throughput | vips [--runs N] [--json FILE]
       npm run bench -- dataplane | verdicts | survive
       npm run bench -- scale [--services N,N] [--seconds S]
       npm run bench -- config [--writes N] [--revisions N] [--directory DIR]

  failover       lvsm and keepalived (VRRPv3, 0.1 s) under the same faults, each for both in one boot of the lab
  --runs N       runs of each fault, at least ${LEAST_RUNS} for a figure that counts (${LEAST_RUNS}); twice as many where times are
                 compared; power cuts four times as many, in two boots minutes apart
  --json FILE    keeps figures and runs
  config         what a change of the configuration costs three coordinators, beside etcd on the same disk
  checks         what checks of each type cost the process that makes them, 2,000 at a time, how late they are, whether leases are lost beside them; and
                 how often well servers are taken for failed on a bad line and on a busy machine
  verdicts       how soon a realserver that is dead, or hangs, is out of the table, beside keepalived's checkers in one boot of the lab
  survive        of 10,000 established connections, how many survive a power cut, by DR, NAT and tunnel
  throughput     requests a second and their latency through a director, beside bare IPVS that was set up by hand in the same boot
  vips           1,000 VIPs in one group: how soon after a power cut the first and the last answer, beside keepalived in one boot of the lab
  dataplane      a table of 1,000 services by 10 realservers, beside ipvsadm and keepalived in one boot of the lab
  scale          how the agent's pure parts grow with the table, from 50 services of 10 realservers to 1,000
  groups         what groups cost the lease processes: share of a core for each number of groups, in memory

Exit status: 0 every demand met, 1 one missed, 2 it could not be measured, or too few runs.
`

const began = performance.now()
const progress = (text: string): void =>
  void process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}\n`)

const shown = (spread: Spread | undefined, unit: string): string =>
  spread
    ? `${spread.median.toFixed(unit === '%' ? 1 : 0)} / ${spread.worst.toFixed(unit === '%' ? 1 : 0)}${unit ? ` ${unit}` : ''} (${spread.runs})`
    : '–'

function table(figures: readonly Figure[]): string {
  const rows = new Table({
    head: ['figure', 'lvsm: median / worst (n)', 'keepalived', 'demand', ''],
    style: { head: [], border: [] },
  })
  for (const { name, unit, lvsm, keepalived, demand, met } of figures)
    rows.push([
      name,
      shown(lvsm, unit),
      shown(keepalived, unit),
      demand,
      met === undefined ? 'reported' : met ? 'met' : 'MISSED',
    ])
  return rows.toString()
}

/** They run the daemons' parts, which scripts do not import. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  groups: '../../test/bench/groups.ts',
  scale: '../../test/bench/scale.ts',
  checks: '../../test/bench/checks/main.ts',
  config: '../../test/bench/config/main.ts',
}
/** Suites of the lab that print figures; `npm test -- lab:NAME` runs them too. */
const SUITES: readonly string[] = ['dataplane', 'verdicts', 'survive']
function elsewhere(path: string, words: readonly string[]): number {
  const program = fileURLToPath(new URL(path, import.meta.url))
  return spawnSync(process.execPath, [program, ...words], { stdio: 'inherit' }).status ?? 1
}

function keep(file: string | undefined, what: unknown): void {
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(what, null, 2)}\n`)
}
function few(): number {
  process.stdout.write(`no verdict: a figure counts from ${LEAST_RUNS} runs\n`)
  return 2
}

async function main(): Promise<number> {
  const [name, ...rest] = process.argv.slice(2)
  const path = ELSEWHERE[name ?? '']
  if (path !== undefined) return elsewhere(path, rest)
  if (name !== undefined && SUITES.includes(name)) return elsewhere('../test.ts', ['build', `lab:${name}`])
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: String(LEAST_RUNS) },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const benchmark = BENCHMARKS[positionals[0] ?? '']
  const runs = Number(values.runs)
  const beside = BESIDE[positionals[0] ?? '']
  if (values.help || !(benchmark || beside) || !Number.isInteger(runs) || runs < 1) {
    process.stderr.write(USAGE)
    return values.help ? 0 : 2
  }
  if (beside) {
    const { met, taken } = await beside(runs, progress)
    keep(values.json, taken)
    return runs < LEAST_RUNS ? few() : met ? 0 : 1
  }
  if (!benchmark) return 2
  const outcome = await benchmark(runs, progress)
  process.stdout.write(`${table(outcome.figures)}\n`)
  if (outcome.astray.length)
    process.stdout.write(
      `runs that told nothing, and were made again (no owner to strike, or refused): ${outcome.astray.join('; ')}\n`,
    )
  keep(values.json, outcome)
  if (runs < LEAST_RUNS) return few()
  const missed = outcome.figures.filter(({ met }) => met === false)
  process.stdout.write(missed.length ? `${missed.length} demands missed\n` : 'every demand met\n')
  return missed.length ? 1 : 0
}

try {
  process.exit(await main())
} catch (error) {
  const { message, next } = error as LabError
  process.stderr.write(`bench: ${message}\n${next ? `  → ${next}\n` : ''}`)
  process.exit(2)
}
