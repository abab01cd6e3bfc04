/**
 * Three real `lvsm-lease` processes in network namespaces joined by bridges, real nftables and addresses, a reconciler that
 * says that all is ready: what each takes of a core, and whether leases were lost. Root only; dist must be built.
 */
import {
  FrameSplitter,
  type LeaseStatus,
  type LeaseView,
  type ToLease,
  decode,
  frame,
  fromLeaseCodec,
  OWNERSHIP_EVENTS,
  toLeaseCodec,
} from '@lvsm/protocol'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const NODES = ['dir1', 'dir2', 'rs1'] as const
const NETWORKS = ['eth1', 'eth2'] as const
const BUNDLE = join(import.meta.dirname, '../../dist/lvsm-lease.mjs')
const SETTLE_MS = 12_000
const READY_MS = 2000
/** Clock ticks a second in /proc/PID/stat (man 5 proc). */
const TICKS = 100

export interface Share {
  readonly name: string
  readonly percent: number
  readonly owns: number
  /** What moved while it was measured: nothing should. */
  readonly events: number
}
interface Timing {
  readonly keepaliveMs: number
  readonly leaseMs: number
}
export interface Running {
  readonly name: string
  readonly process: ChildProcess
  readonly socket: Socket
  status: LeaseStatus | null
  events: number
  /** Of those, that a group came or went. */
  moves: number
}
const MOVES: ReadonlySet<string> = new Set(OWNERSHIP_EVENTS)
const PREPARED = { ready: true, interfaceDown: false, reaches: 1, reason: 'prepared' } as const

const space = (node: string): string => `lvsm-bench-${process.pid}-${node}`
const bridge = (network: number): string => `lvb${process.pid}-${network}`
const ip = (...words: readonly string[]): string => execFileSync('ip', words, { encoding: 'utf8', stdio: 'pipe' })
const own = (network: number, at: number): string => `10.${91 + network}.0.${at + 1}`

function build(): void {
  for (const network of NETWORKS.keys()) {
    ip('link', 'add', bridge(network), 'type', 'bridge')
    ip('link', 'set', 'dev', bridge(network), 'up')
  }
  for (const [at, node] of NODES.entries()) {
    ip('netns', 'add', space(node))
    ip('-n', space(node), 'link', 'set', 'dev', 'lo', 'up')
    for (const [network, name] of NETWORKS.entries()) {
      const port = `lvp${process.pid}-${at}${network}`
      ip('link', 'add', port, 'type', 'veth', 'peer', 'name', name, 'netns', space(node))
      ip('link', 'set', 'dev', port, 'up', 'master', bridge(network))
      ip('-n', space(node), 'link', 'set', 'dev', name, 'up')
      ip('-n', space(node), 'addr', 'add', `${own(network, at)}/16`, 'dev', name)
    }
  }
}
function remove(): void {
  const attempts = [
    ...NODES.map((node) => ['netns', 'delete', space(node)]),
    ...[...NETWORKS.keys()].map((network) => ['link', 'delete', bridge(network)]),
  ]
  for (const words of attempts) {
    try {
      ip(...words)
    } catch {
      // Not made.
    }
  }
}

const named = (at: number): string => `g${String(at).padStart(4, '0')}`
function viewOf(node: string, groups: number, timing: Timing): LeaseView {
  const { keepaliveMs } = timing
  const ifindex = node === 'rs1' ? 0 : Number(ip('-n', space(node), '-o', 'link', 'show', 'dev', 'eth1').split(':')[0])
  return {
    cluster: 'bench',
    node,
    epoch: 1,
    revision: 1,
    timing: { ...timing, applyMs: 35, warntimeMs: 3 * keepaliveMs, deadtimeMs: 10 * keepaliveMs, drainMs: 200 },
    nodes: NODES.map((name, at) => ({
      name,
      voter: true,
      links: NETWORKS.map((link, network) => ({ name: link, address: own(network, at), port: 6940 })),
    })),
    groups: Array.from({ length: groups }, (_, at) => ({
      name: named(at),
      digest: at.toString(16).padStart(16, '0'),
      directors: ['dir1', 'dir2'],
      addresses: [{ address: `10.91.${1 + (at >> 7)}.${1 + (at & 127)}`, prefix: 16, ifindex, kind: 'vip' }],
    })),
    keys: [{ id: 1, algorithm: 'sha256', secret: 'ab'.repeat(32) }],
    signWith: 1,
  }
}

async function start(node: string, directory: string): Promise<Running> {
  const [run, state] = ['run', 'state'].map((name) => join(directory, node, name)) as [string, string]
  for (const path of [run, state]) mkdirSync(path, { recursive: true })
  execFileSync(process.execPath, ['--disable-sigusr1', BUNDLE, '--set-up', '--state-dir', state], { stdio: 'ignore' })
  const log = openSync(join(directory, node, 'log'), 'a')
  const words = [process.execPath, '--disable-sigusr1', BUNDLE, '--node', node, '--run-dir', run, '--state-dir', state]
  const child = spawn('ip', ['netns', 'exec', space(node), ...words], { stdio: ['ignore', log, log] })
  const socket = await connected(join(run, 'lease.sock'))
  const running: Running = { name: node, process: child, socket, status: null, events: 0, moves: 0 }
  const splitter = new FrameSplitter()
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    for (const bytes of splitter.push(chunk) ?? []) {
      const word = decode(fromLeaseCodec, bytes)
      if (word?.kind === 'status') running.status = word.status
      else if (word?.kind === 'event') {
        running.events += 1
        if (MOVES.has(word.event.kind)) running.moves += 1
      }
    }
  })
  return running
}
async function connected(path: string): Promise<Socket> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = createConnection(path)
    const up = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    if (up) return socket
    await sleep(50)
  }
  throw new Error(`nobody listens at ${path}`)
}

function ticksOf({ process: { pid } }: Running): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** While they run, and have settled. */
export async function besideProcesses<T>(
  groups: number,
  timing: Timing,
  work: (all: readonly Running[]) => Promise<T>,
): Promise<T> {
  if (!existsSync(BUNDLE)) throw new Error(`${BUNDLE} is not there: npm run build`)
  const directory = mkdtempSync(join(tmpdir(), 'lvsm-bench-'))
  const all: Running[] = []
  let timer: NodeJS.Timeout | undefined
  try {
    build()
    for (const node of NODES) all.push(await start(node, directory))
    const tell = ({ socket }: Running, word: ToLease): void => void socket.write(frame(toLeaseCodec, word))
    for (const one of all) tell(one, { kind: 'view', view: viewOf(one.name, groups, timing) })
    const say = (): void => {
      for (const one of all.slice(0, 2))
        for (let at = 0; at < groups; at++) tell(one, { kind: 'ready', group: named(at), ...PREPARED })
    }
    say()
    timer = setInterval(say, READY_MS)
    await sleep(SETTLE_MS)
    const owned = all.reduce((sum, one) => sum + owns(one), 0)
    if (owned !== groups) throw new Error(`the lease processes own ${owned} of ${groups} groups`)
    return await work(all)
  } finally {
    clearInterval(timer)
    const ends = all.map(({ process: child }) => new Promise((resolve) => child.once('exit', resolve)))
    for (const { process: child, socket } of all) {
      socket.destroy()
      child.kill('SIGTERM')
    }
    await Promise.race([Promise.all(ends), sleep(5000)])
    remove()
    rmSync(directory, { recursive: true, force: true })
  }
}
const owns = ({ status }: Running): number => status?.groups.filter(({ role }) => role === 'owner').length ?? 0

export const measureProcesses = (groups: number, timing: Timing, seconds: number): Promise<Share[]> =>
  besideProcesses(groups, timing, async (all) => {
    const before = all.map((one) => ({ ticks: ticksOf(one), events: one.events }))
    await sleep(seconds * 1000)
    return all.map((one, at) => ({
      name: one.name,
      percent: ((ticksOf(one) - (before[at]?.ticks ?? 0)) * 100) / TICKS / seconds,
      owns: owns(one),
      events: one.events - (before[at]?.events ?? 0),
    }))
  })
