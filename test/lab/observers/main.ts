import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runFirst, setNamespace } from '@lvsm/kernel'
import { OUTSIDE_PRIORITY } from '../../../scripts/lab/places.ts'
import type { Plan } from '../../../scripts/lab/plan.ts'
import { clientOf } from '../../../scripts/lab/topology.ts'
import { observeOwners } from './owners.ts'
import { streamRequests } from './stream.ts'

const help = `observe owners [--also ADDRESS]… [--every 10] [--quiet 250] [--for MS] [--out FILE]
observe http   [--every 20] [--limit 5000] [--hold 0] [--ports 0] [--warmup 0] [--from NODE] [--to ADDRESS] [--for MS]
               [--out FILE]

Watches from outside until SIGTERM or --for MS is over, then writes its report as JSON. Says "ready" on stderr, after the
warm-up, whose requests do not count.
All times are milliseconds of the guest's monotonic clock.
`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      also: { type: 'string', multiple: true, default: [] },
      every: { type: 'string' },
      quiet: { type: 'string', default: '250' },
      limit: { type: 'string', default: '5000' },
      hold: { type: 'string', default: '0' },
      ports: { type: 'string', default: '0' },
      warmup: { type: 'string', default: '0' },
      from: { type: 'string' },
      to: { type: 'string' },
      for: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const what = positionals[0]
  if (values.help || (what !== 'owners' && what !== 'http')) {
    process.stderr.write(help)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const plan = process.env['LAB_PLAN']
  if (!plan) throw new Error('LAB_PLAN is not set: observe runs inside a lab')
  const { topology } = JSON.parse(readFileSync(plan, 'utf8')) as Plan
  let stop: () => unknown
  const warmup = what === 'http' ? Number(values.warmup) : 0
  if (what === 'owners') {
    const addresses = [topology.vip, ...values.also]
    stop = observeOwners(topology, { addresses, every: Number(values.every ?? 10), quiet: Number(values.quiet) })
  } else {
    const from = values.from ?? clientOf(topology)?.name
    if (from) setNamespace(from)
    const { port } = topology
    const address = values.to ?? topology.vip
    const every = Number(values.every ?? 20)
    const [limit, hold, ports] = [Number(values.limit), Number(values.hold), Number(values.ports)]
    runFirst(OUTSIDE_PRIORITY)
    stop = streamRequests({ address, port, every, limit, hold, ports, warmup })
  }
  const end = async () => {
    clearTimeout(timer)
    const text = `${JSON.stringify(await stop())}\n`
    if (values.out) writeFileSync(values.out, text)
    else process.stdout.write(text)
    process.exitCode = 0
  }
  const finish = () => void end().catch(fail)
  const timer = values.for ? setTimeout(finish, Number(values.for)) : undefined
  process.once('SIGTERM', finish)
  process.once('SIGINT', finish)
  setTimeout(() => process.stderr.write('ready\n'), warmup)
}

function fail(error: Error): void {
  process.stderr.write(`observe: ${error.message}\n`)
  process.exit(1)
}

main().catch(fail)
