/**
 * Lease processes as a whole in this one: real unix sockets, datagrams over the loopback and files, over a Linux in
 * memory. Their time is that of vitest's timers and goes on while the sockets are at work, so that nobody sleeps.
 */
import {
  FrameSplitter,
  type FromLease,
  type LeaseEvent,
  type LeaseStatus,
  type LeaseView,
  type ToLease,
  decode,
  frame,
  fromLeaseCodec,
  toLeaseCodec,
} from '@lvsm/protocol'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Instant, instant } from '@lvsm/base'
import { vi } from 'vitest'
import { openKernel } from '../../agent/lease/adapters/kernel/kernel.ts'
import { setUp } from '../../agent/lease/adapters/state.ts'
import { type Daemon, startDaemon } from '../../agent/lease/daemon.ts'
import type { Machine } from '../../agent/lease/machine.ts'
import { FakeLinux } from './linux.ts'

/** So much of their time goes by in a millisecond: disk and sockets keep up with it. */
const STEP_MS = 10
/** Where nothing is waited for. */
const LONG_STEP_MS = 20
const LONGEST_MS = 20_000
const later = setTimeout
/** Workers of one process share its number, so that other files have other networks; a process that ended badly keeps its port. */
let port = 20_000 + (process.pid % 20_000)
/** A disk that is quick, where there is one. */
const MEMORY = '/dev/shm'
export const VIP = '10.11.0.10'

export const viewOf = (node: string, names: readonly string[], rest: Partial<LeaseView> = {}): LeaseView => ({
  cluster: 'lab',
  node,
  epoch: 1,
  revision: 1,
  timing: { keepaliveMs: 100, leaseMs: 400, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 100 },
  nodes: names.map((name, index) => ({
    name,
    voter: true,
    links: [{ name: 'inside', address: `127.0.9.${index + 1}`, port }],
  })),
  groups: [
    {
      name: 'web',
      digest: '0123456789abcdef',
      directors: names.filter((name) => name.startsWith('dir')),
      addresses: [{ address: VIP, prefix: 24, ifindex: 2, kind: 'vip' }],
    },
  ],
  keys: [{ id: 1, algorithm: 'sha256', secret: 'cd'.repeat(32) }],
  signWith: 1,
  ...rest,
})

export function fakeTime(): void {
  port += 1
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
}
const turn = () => new Promise<void>((resolve) => later(resolve, 0))
export async function pass(ms: number): Promise<void> {
  const step = ms > 500 ? LONG_STEP_MS : STEP_MS
  for (let left = ms; left > 0; left -= step) {
    vi.advanceTimersByTime(Math.min(left, step))
    await turn()
  }
}
export async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += STEP_MS) {
    if (waited > LONGEST_MS) throw new Error('waited in vain')
    await pass(STEP_MS)
  }
}

/** A reconciler on its socket. */
export class Reconciler {
  readonly words: FromLease[] = []
  closed = false
  readonly #socket: Socket

  constructor(path: string) {
    this.#socket = connect(path)
    const splitter = new FrameSplitter()
    this.#socket.on('data', (chunk) => {
      for (const bytes of splitter.push(chunk) ?? []) this.words.push(decode(fromLeaseCodec, bytes) as FromLease)
    })
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => {
      this.closed = true
    })
  }
  tell(word: ToLease): void {
    this.#socket.write(frame(toLeaseCodec, word))
  }
  end(): void {
    this.#socket.destroy()
  }
  get events(): LeaseEvent[] {
    return this.words.flatMap((word) => (word.kind === 'event' ? [word.event] : []))
  }
  get status(): LeaseStatus | undefined {
    return this.words.findLast((word) => word.kind === 'status')?.status
  }
}

/** A machine with its kernel and its disk, on which a lease process may run. */
export class Host {
  readonly node: string
  readonly directory = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'lvsm-daemon-'))
  readonly linux = new FakeLinux(() => performance.now())
  readonly said: string[] = []
  readonly exits: number[] = []
  daemon: Daemon | null = null
  #kernel: ReturnType<typeof openKernel> | undefined
  #reconciler: Reconciler | undefined
  openKernel: Machine['openKernel'] = () => {
    this.#kernel = openKernel(() => this.clock(), this.linux)
    return this.#kernel
  }

  constructor(node = 'dir1') {
    this.node = node
    this.linux.addLink(2, 'outside', '02:00:00:00:00:02')
  }
  clock(): Instant {
    return instant(performance.now())
  }
  get runDir(): string {
    return join(this.directory, 'run')
  }
  get stateDir(): string {
    return join(this.directory, 'state')
  }

  async setUp(): Promise<this> {
    await setUp(this.stateDir)
    return this
  }
  start(): this {
    const { node, runDir, stateDir } = this
    this.daemon = startDaemon(
      { kind: 'run', node, runDir, stateDir },
      {
        clock: () => this.clock(),
        openKernel: () => this.openKernel(),
        say: (text) => this.said.push(text),
        live: () => undefined,
        exit: (code) => this.exits.push(code),
      },
    )
    return this
  }
  async reconciler(): Promise<Reconciler> {
    const reconciler = new Reconciler(join(this.runDir, 'lease.sock'))
    this.#reconciler = reconciler
    await until(() => reconciler.words.length > 0)
    return reconciler
  }
  addresses(): string[] {
    return this.linux.route.addresses.map(({ local }) => local)
  }
  /** Each layer's element of the group. */
  isOpen(): boolean {
    return (['arp', 'netdev', 'inet'] as const).every((family) => {
      const items = this.linux.tables.table({ family, table: 'lvsm' })?.sets.get('open-web')?.items.values()
      return [...(items ?? [])].some((item) => this.linux.tables.isLive(item))
    })
  }
  /** Whatever the process was doing. */
  async remove(): Promise<void> {
    this.#reconciler?.end()
    this.daemon?.stop('the test is over')
    if (this.daemon) await until(() => this.exits.length > 0)
    this.#kernel?.close()
    // What it was about to write when it ended may still arrive.
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 })
  }
}

export const READY: ToLease = { kind: 'ready', group: 'web', ready: true, interfaceDown: false, reaches: 0, reason: '' }
