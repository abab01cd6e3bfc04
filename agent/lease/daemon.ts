/** The lease process as a whole: its parts wired together, the order of start and stop. What is of one machine comes in as `Machine`. */
import { DAEMON_EXITS, VERSIONS } from '@lvsm/protocol'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { seededRandom } from '@lvsm/base'
import { KernelError } from '@lvsm/kernel'
import { LOST_STATE } from '@lvsm/lease'
import { takeDirectories, type Unready } from '../process/directories.ts'
import type { DirectoryLock } from '../process/lock.ts'
import { timersOf } from '../process/timers.ts'
import type { Kernel, KernelEvents } from './adapters/kernel/kernel.ts'
import { type IpcServer, serveIpc } from './adapters/ipc.ts'
import { type WatchedAgent, watchAgent } from './agent-watch.ts'
import { type LeaseState, openState } from './adapters/state.ts'
import { openLinks } from './adapters/network/udp.ts'
import { createLeaseCore, type LeaseCore } from './core/core.ts'
import { tellFiles } from './file-news.ts'
import { FilterNews } from './filter-news.ts'
import type { Machine } from './machine.ts'
import { News } from './news.ts'
import type { RunOptions } from './options.ts'
import { type Pump, type PumpPorts, startPump } from './pump.ts'
import { reportOf } from './report.ts'
import { notKept, unanswered, unfenced, withoutState } from './sentences.ts'
import { Views } from './views.ts'

/** The reconciler hears the whole status this often, and at every event and changed word of a peer. */
const STATUS_MS = 1000
/** A stop that takes longer than this leaves the rest to the kernel's fence. */
const STOP_MS = 2000
/** What was handed to the kernel last is under way by then. */
const PARTING_MS = 20
const SOCKET = 'lease.sock'

export class Daemon {
  readonly #machine: Machine
  readonly #options: RunOptions
  readonly #incarnation = randomBytes(16).toString('hex')
  readonly #state: LeaseState
  readonly #kernel: Kernel
  readonly #core: LeaseCore
  readonly #news: News
  readonly #filterNews: FilterNews
  readonly #ipc: IpcServer
  readonly #pump: Pump
  readonly #views: Views
  readonly #lock: DirectoryLock
  readonly #agentWatch: WatchedAgent
  readonly #timers: NodeJS.Timeout[] = []
  #stopping = false
  #left = false

  /** `kernel` was opened before anything else that could touch it. */
  constructor(options: RunOptions, machine: Machine, kernel: Kernel, lock: DirectoryLock) {
    this.#lock = lock
    this.#options = options
    this.#machine = machine
    this.#kernel = kernel
    this.#state = openState(options.stateDir, (error) => this.#viewNotKept(error))
    const { state } = this.#state
    this.#core = createLeaseCore({
      node: options.node,
      incarnation: this.#incarnation,
      random: seededRandom(randomBytes(4).readUInt32BE()),
      startedAt: machine.clock(),
      state: state ?? { ...LOST_STATE, standby: this.#state.standby },
      kept: state !== null,
    })
    this.#news = new News({
      status: () => this.#views.completed(this.#core, machine.clock()),
      filtered: () => this.#kernel.filter.dropped(),
      tell: (word) => this.#ipc.tell(word),
      say: (text) => machine.say(text),
    })
    this.#filterNews = new FilterNews({
      count: (name) => void this.#news.count(name),
      say: (text) => machine.say(text),
      trouble: (trouble) => this.#pump.feed({ kind: 'trouble', source: 'filter', trouble }),
    })
    this.#pump = this.#startPump()
    this.#views = this.#makeViews()
    this.#ipc = this.#serve()
    this.#agentWatch = watchAgent(options.runDir, machine.clock, (fault) => this.#pump.feed({ kind: 'agent', fault }))
    this.#timers.push(setInterval(() => this.#news.tellStatus(), STATUS_MS))
    this.#begin()
  }

  /** Gives everything up, and ends the process; once. */
  stop(reason: string): void {
    if (this.#stopping) return
    this.#stopping = true
    this.#machine.say(`${reason}: giving up what this node owns`)
    this.#timers.push(setTimeout(() => this.#leave(DAEMON_EXITS.world.code), STOP_MS))
    this.#pump.feed({ kind: 'stop', reason })
  }

  /** For the log, as lines. */
  report(): readonly string[] {
    return reportOf(this.#core.status(this.#machine.clock()))
  }

  #begin(): void {
    const { say } = this.#machine
    const { state, view } = this.#state
    const shown = tellFiles(this.#state, {
      count: (name) => void this.#news.count(name),
      say,
      trouble: (trouble) => this.#pump.feed({ kind: 'trouble', source: 'files', trouble }),
    })
    if (shown) this.#timers.push(shown)
    if (state === null) say(withoutState(this.#options.stateDir))
    const used = view !== null && this.#views.remembered(view)
    const runsOn = used ? `revision ${view.revision} from its last view` : 'waiting for its view'
    say(`${this.#options.node} runs, incarnation ${this.#incarnation.slice(0, 8)}, ${runsOn}`)
  }

  #serve(): IpcServer {
    const path = join(this.#options.runDir, SOCKET)
    return serveIpc(path, {
      heard: (word) => {
        this.#agentWatch.heard()
        if (word.kind === 'view') this.#views.heard(word.view)
        else if (word.kind === 'told') this.#news.tellAgain(word.incarnation === this.#incarnation ? word.serial : 0)
        else this.#pump.feed(word)
      },
      joined: () => {
        const [incarnation, events] = [this.#incarnation, this.#news.joined()]
        this.#ipc.tell({ kind: 'hello', incarnation, version: VERSIONS.ipc.spoken, events })
        this.#news.tellStatus()
      },
      count: (reason) => void this.#news.count(reason),
      failed: (error) => this.#fail(`cannot listen on ${path}: ${error.message}`),
      mayAgain: () => this.#lock.take(),
      say: (text) => this.#machine.say(text),
    })
  }

  #makeViews(): Views {
    return new Views(this.#options.node, {
      openLinks,
      guard: (ports, perSecond) => this.#filterNews.built(this.#kernel.filter.build(ports, perSecond)),
      received: (datagram, link) => this.#pump.feed({ kind: 'datagram', envelope: { ...datagram, link } }),
      watch: (groups, own) => {
        try {
          this.#kernel.watch(groups, this.#kernelEvents(), own)
          return true
        } catch (error) {
          this.#fail(unanswered(error as Error))
          return false
        }
      },
      takes: (view) => this.#core.takes(view, this.#machine.clock()),
      feed: (view) => this.#pump.feed({ kind: 'view', view }),
      keep: (view) => this.#state.saveView(view),
      say: (text) => this.#machine.say(text),
      count: (reason) => void this.#news.count(reason),
      trouble: (source, trouble) => this.#pump.feed({ kind: 'trouble', source, trouble }),
      fail: (text) => this.#fail(text),
    })
  }

  #kernelEvents(): KernelEvents {
    return {
      conflict: (group, mac, where) => this.#pump.feed({ kind: 'conflict', group, mac, where }),
      addressLost: (group, where) => this.#pump.feed({ kind: 'address-lost', group, where }),
      fenceLost: (damage) => {
        this.#filterNews.fenceLost(damage)
        this.#pump.feed({ kind: 'fence-lost' })
      },
      filterLost: (damage, restored) => this.#filterNews.lost(damage, restored),
      duplicate: (address, trouble) => this.#pump.feed({ kind: 'trouble', source: `own ${address}`, trouble }),
    }
  }

  #startPump(): Pump {
    return startPump(this.#options.node, this.#incarnation, {
      ...timersOf(this.#machine.clock),
      step: (input, now) => this.#core.step(input, now),
      fence: this.#kernel.fence,
      afterGrace: this.#kernel.afterGrace,
      addresses: this.#kernel.addresses,
      send: (outgoing, recipients) => this.#views.send(outgoing, recipients),
      persist: (...written) => this.#persist(...written),
      useView: (view) => this.#views.heard(view),
      deliver: (from, payload) => this.#ipc.tell({ kind: 'relay', from, payload }),
      event: ({ event }) => this.#news.event(event),
      claimed: () => this.#news.soon(),
      stopped: () => {
        const { error } = this.#kernel.fence.clear()
        if (error) this.#machine.say(`the fence stays, closed: ${error}`)
        this.#kernel.filter.clear()
        this.#leave(DAEMON_EXITS.ok.code)
      },
      unfenced: (error) => this.#fail(unfenced(error)),
      count: (reason) => void this.#news.count(reason),
    })
  }

  #persist(...[state, view, done]: Parameters<PumpPorts['persist']>): void {
    this.#state.save(state, view).then(
      () => done(''),
      (error: Error) => {
        if (this.#news.count('state-write-failed'))
          this.#machine.say(notKept('state', this.#options.stateDir, error, ''))
        done(error.message)
      },
    )
  }
  #viewNotKept(error: Error): void {
    if (this.#news.count('view-write-failed'))
      this.#machine.say(notKept('the view', this.#options.stateDir, error, ' without it'))
  }
  #fail(text: string): void {
    this.#machine.say(text)
    this.#machine.exit(DAEMON_EXITS.world.code)
  }

  /** The last datagrams are with the kernel already; the reconciler reads its last word. */
  #leave(code: number): void {
    if (this.#left) return
    this.#left = true
    this.#news.tell()
    this.#ipc.close(() => setTimeout(() => this.#machine.exit(code), PARTING_MS))
    this.#pump.stop()
    this.#state.close()
    this.#views.close()
    this.#agentWatch.close()
    for (const timer of this.#timers) clearTimeout(timer)
  }
}

/** Null when it cannot be: `machine.exit` was called, and nothing was touched. */
export function startDaemon(options: RunOptions, machine: Machine): Daemon | null {
  const { runDir, stateDir } = options
  const lock = takeDirectories({ program: 'lvsm-lease', runDir, stateDir, socket: SOCKET, lock: 'lease.lock' })
  if ('faults' in lock) return end(lock, machine)
  machine.live(runDir)
  try {
    return new Daemon(options, machine, machine.openKernel(), lock)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return end({ exit: 'world', faults: [unanswered(error)] }, machine)
  }
}

function end({ exit, faults }: Unready, { say, exit: leave }: Machine): null {
  say(faults.join('\n'))
  leave(DAEMON_EXITS[exit].code)
  return null
}
