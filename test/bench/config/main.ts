/**
 * What a change of the configuration costs: three coordinators as processes beside three members of etcd, on the loopback and one
 * disk, in one run. Then: a leader that is killed, memory with a large document, the database after many revisions, an idle disk.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DEFAULTS } from '@lvsm/raft'
import Table from 'cli-table3'
import { Client, percentile, timed } from './client.ts'
import { documentOf } from './document.ts'
import { Etcd, etcdProgram } from './etcd.ts'
import { leaderOf, type Member, startTrio, until } from './trio.ts'

const USAGE = `usage: npm run bench -- config [--writes N] [--revisions N] [--directory DIR]
  --writes N      of each kind that is timed (300)
  --revisions N   before the database is weighed (10000)
  --directory D   on the disk that is to be measured (a new one beside this tree)
`
const IDLE_MS = 10_000
const SETTLE_MS = 3000
const P99_DEMAND_MS = 100
const ELECTIONS = 3

interface Row {
  readonly figure: string
  readonly lvsm: string
  readonly peer?: string
  readonly demand?: string
  readonly met?: boolean
}
const ms = (value: number): string => `${value.toFixed(1)} ms`
const began = performance.now()
const progress = (text: string): void =>
  void process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}\n`)

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  for (const server of servers) server.close()
  return ports
}

/** One realserver of one service changed, on whatever is the newest. */
const changer = (client: Client) => async (at: number) => {
  const command = {
    verb: 'set',
    noun: 'server',
    which: { service: 's0', server: 'r0' },
    values: { weight: 1 + (at % 2) },
    model: 1,
  }
  const { status, body } = await client.post('/v1/config/change', { change: { command }, base: null })
  if (status !== 200) throw new Error(`status ${status}: ${JSON.stringify(body)}`)
}

const spread = (times: readonly number[]): string => `${ms(percentile(times, 0.5))} / ${ms(percentile(times, 0.99))}`

/** At the leader, and asked of a follower. */
async function changes(trio: readonly Member[], writes: number): Promise<readonly [number[], number[]]> {
  const leader = await leaderOf(trio)
  const follower = trio.find((member) => member !== leader) ?? leader
  const clients = [leader, follower].map(({ socketPath }) => new Client({ socketPath }))
  progress(`${writes} changes at the leader, and at a follower`)
  const times: number[][] = []
  for (const client of clients) times.push(await timed(writes, changer(client)))
  for (const client of clients) client.end()
  return [times[0] ?? [], times[1] ?? []]
}

async function puts(directory: string, cache: string, writes: number): Promise<number[]> {
  progress(`${writes} puts at etcd`)
  const etcd = await Etcd.start(etcdProgram(cache), join(directory, 'etcd'), await freePorts(6))
  return timed(writes, (number) => etcd.put(number)).finally(() => etcd.end())
}

const small = ([at, over]: readonly [number[], number[]], peer: readonly number[]): Row[] => {
  const p99 = percentile(at, 0.99)
  const demand = { demand: `p99 < ${P99_DEMAND_MS} ms`, met: p99 < P99_DEMAND_MS }
  return [
    { figure: 'a change at the leader, 1 service: p50 / p99', lvsm: spread(at), peer: spread(peer), ...demand },
    { figure: 'the same, asked of a follower', lvsm: spread(over) },
  ]
}

const kibibytes = (pid: number | undefined, word: string): number =>
  Number(new RegExp(`^${word}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
const written = (pid: number | undefined): number =>
  Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
const mebibytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`

/** All of them have what one of them has, and some time has gone by since. */
async function settled(trio: readonly Member[]): Promise<void> {
  await until(
    async () => new Set((await Promise.all(trio.map((one) => one.status()))).map((one) => one.revision)).size === 1,
  )
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
}

async function weights(trio: readonly Member[], revisions: number): Promise<Row[]> {
  const leader = await leaderOf(trio)
  const client = new Client({ socketPath: leader.socketPath })
  const change = changer(client)
  progress(`${revisions} revisions`)
  for (let at = 0; at < revisions; at++) await change(at)
  client.end()
  const size = ['db', 'db-wal'].reduce(
    (sum, name) => sum + (statSync(join(leader.directory, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
  const memory = kibibytes(leader.child.pid, 'VmRSS') * 1024
  await settled(trio)
  progress(`idle for ${IDLE_MS / 1000} s`)
  const before = trio.map(({ child }) => written(child.pid))
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  const idle = trio.reduce((sum, { child }, at) => sum + written(child.pid) - (before[at] ?? 0), 0)
  return [
    { figure: `database after ${revisions} revisions, of which 1000 are kept`, lvsm: mebibytes(size) },
    { figure: 'memory of the leader then (RSS)', lvsm: mebibytes(memory) },
    {
      figure: `written to the disk in ${IDLE_MS / 1000} s without changes`,
      lvsm: `${idle} bytes`,
      demand: '0',
      met: idle === 0,
    },
  ]
}

/** From the signal to the first change that is made again, asked of one that lives. */
async function killed(trio: readonly Member[]): Promise<Row[]> {
  const leader = await leaderOf(trio)
  const [other] = trio.filter((member) => member !== leader)
  const client = new Client({ socketPath: other?.socketPath })
  const change = changer(client)
  progress('the leader is killed')
  const from = performance.now()
  await leader.kill()
  for (let at = 0; ; at++) {
    if (
      await change(at).then(
        () => true,
        () => false,
      )
    )
      break
  }
  const took = performance.now() - from
  client.end()
  const most = ELECTIONS * DEFAULTS.electionMs
  return [
    {
      figure: 'leader killed: the next change is made after',
      lvsm: ms(took),
      demand: `≤ ${ELECTIONS} election time-outs (${most} ms)`,
      met: took <= most,
    },
  ]
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      writes: { type: 'string', default: '300' },
      revisions: { type: 'string', default: '10000' },
      directory: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const [writes, revisions] = [Number(values.writes), Number(values.revisions)]
  if (values.help || !(writes >= 10) || !(revisions >= 1)) {
    process.stderr.write(USAGE)
    return values.help ? 0 : 2
  }
  const tree = join(import.meta.dirname, '../../..')
  const directory = mkdtempSync(join(values.directory ?? tree, '.bench-config-'))
  let trio: Member[] = []
  try {
    progress('three coordinators with one service of two realservers')
    trio = await startTrio(join(directory, 'small'), documentOf(1, 2))
    const few = await changes(trio, writes)
    for (const member of trio) await member.kill()
    const peer = await puts(directory, join(tree, '.cache/etcd'), writes)
    progress('three coordinators with 200 services of 10 realservers')
    trio = await startTrio(join(directory, 'large'), documentOf(200, 10))
    const many = await changes(trio, writes)
    const rows = [
      ...small(few, peer),
      { figure: 'a change at the leader, 200 services of 10 realservers', lvsm: spread(many[0]) },
      ...(await weights(trio, revisions)),
      ...(await killed(trio)),
    ]
    const table = new Table({ head: ['figure', 'lvsm', 'etcd', 'demand', ''], style: { head: [], border: [] } })
    for (const { figure, lvsm, peer = '–', demand = '', met } of rows)
      table.push([figure, lvsm, peer, demand, met === undefined ? 'reported' : met ? 'met' : 'MISSED'])
    process.stdout.write(`${table.toString()}\n`)
    return rows.some(({ met }) => met === false) ? 1 : 0
  } finally {
    for (const { child } of trio) child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}

process.exit(await main())
