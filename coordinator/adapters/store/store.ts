/** The database as the coordinator sees it: the state machine goes on in memory, and its thread makes that last. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { invariant, type Refusal } from '@lvsm/base'
import type { Persist, Stored } from '@lvsm/raft'
import type { Done, Kept, StateMachine, StorePort } from '../../ports.ts'
import type { Answer, Beginning, Copied, Copy, Finishing, Found, Opened, Write } from './job.ts'
import { changesBetween, readParts } from './parts.ts'

interface Waiting<State, Result> {
  readonly write: number
  /** With it. */
  readonly kept: Kept<State>
  readonly done: (done: Done<Result>) => void
  /** What was asked after it. */
  readonly reads: ((kept: Kept<State>) => void)[]
  readonly results: readonly Result[]
}
export interface StoreOptions<State, Result> {
  readonly path: string
  readonly machine: StateMachine<State, Result>
  /** Of the database, at most; what does not fit is a full disk. Without it: what fits on the disk. */
  readonly pages?: number
  /** Of a fault, what the system said. */
  readonly heard?: (reason: string) => void
  /** The thread's program. */
  readonly program?: URL
  /** Of the thread that looks at a copy. */
  readonly finisher?: URL
}
export type OpenedStore<State, Result> =
  | { readonly ok: true; readonly store: Store<State, Result> }
  | { readonly ok: false; readonly refusal: Refusal }

/** Beside this file, or, where that is part of a bundle, beside the bundle. */
const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './lvsm-coordinator-store.mjs',
  import.meta.url,
)

export async function openStore<State, Result>(
  options: StoreOptions<State, Result>,
): Promise<OpenedStore<State, Result>> {
  const { path, machine, pages = null, program = PROGRAM } = options
  const workerData: Beginning = { path, pages }
  const worker = new Worker(program, { workerData })
  const opened = await firstWord(worker)
  if (opened.kind === 'refused') return { ok: false, refusal: opened.refusal }
  const { found } = opened
  const parts = readParts(found.parts)
  const read = parts && machine.stateOf(parts)
  if (read) return { ok: true, store: new Store(worker, found, read.state, options) }
  await worker.terminate()
  const message = `${path} holds a state that this lvsm does not understand`
  return { ok: false, refusal: { code: 'store-strange', message, hint: 'start the version of lvsm that wrote it' } }
}

/** Throws when the thread ends without one: that is a bug of ours, and no state of a database. */
async function firstWord(worker: Worker): Promise<Opened> {
  const ended = new AbortController()
  worker.once('exit', () => ended.abort())
  const [opened]: Opened[] = await once(worker, 'message', { signal: ended.signal })
  invariant(opened, 'the thread says what it found')
  return opened
}

/** Why not; null: the copy is whole. Nothing else waits for it, and it is no fault of the database. */
const finished = (worker: Worker): Promise<string | null> =>
  new Promise((resolve) => {
    // A process that ends does not wait for it.
    worker.unref()
    worker.once('message', ({ fault }: Copied) => resolve(fault))
    worker.once('error', (error) => resolve(String(error)))
    worker.once('exit', () => resolve('the thread that looks at the copy ended'))
  })

export class Store<State, Result> implements StorePort<State, Result> {
  readonly identity: string
  readonly content: Stored & Kept<State>
  readonly #worker: Worker
  readonly #machine: StateMachine<State, Result>
  readonly #heard: (reason: string) => void
  readonly #finisher: URL
  /** On the disk. */
  #kept: Kept<State>
  /** With all that is under way. */
  #ahead: Kept<State>
  #waiting: Waiting<State, Result>[] = []
  readonly #copied: ((fault: string | null) => void)[] = []
  #faults = 0

  constructor(worker: Worker, { identity, stored }: Found, machine: State, options: StoreOptions<State, Result>) {
    this.identity = identity
    this.content = { ...stored, machine }
    this.#worker = worker
    this.#machine = options.machine
    this.#heard = options.heard ?? (() => undefined)
    this.#finisher = options.finisher ?? options.program ?? PROGRAM
    this.#kept = { lastApplied: stored.lastApplied, machine }
    this.#ahead = this.#kept
    worker.on('message', (answer: Answer | Copied) =>
      answer.kind === 'copied' ? this.#copied.shift()?.(answer.fault) : this.#answered(answer),
    )
    // A bug in the thread is one of this process.
    worker.on('error', (error) => {
      throw error
    })
  }

  write(persist: Persist, arrived: State | null, done: (done: Done<Result>) => void): void {
    const { write, hardState, install, truncateFrom, append, compact } = persist
    const before = this.#ahead
    const { kept, results } = this.#applied(persist, arrived)
    const changes = changesBetween(this.#machine.partsOf(before.machine), this.#machine.partsOf(kept.machine))
    const { lastApplied } = kept
    const log = { hardState, install, truncateFrom, append, compact }
    const job: Write = { write, faults: this.#faults, ...log, lastApplied, changes }
    this.#worker.postMessage(job)
    this.#waiting.push({ write, kept, done, reads: [], results })
    this.#ahead = kept
  }

  read(done: (kept: Kept<State>) => void): void {
    const last = this.#waiting.at(-1)
    if (last) last.reads.push(done)
    else queueMicrotask(() => done(this.#kept))
  }

  /** A whole copy of what was written before, and maybe of more. Null: it is there; else why not. `to`: a new file. */
  async copy(to: string, files: Finishing['files']): Promise<string | null> {
    this.#worker.postMessage({ kind: 'copy', to } satisfies Copy)
    const fault = await new Promise<string | null>((resolve) => this.#copied.push(resolve))
    return fault ?? finished(new Worker(this.#finisher, { workerData: { finish: to, files } satisfies Finishing }))
  }

  get kept(): Kept<State> {
    return this.#kept
  }

  /** After what was written before; what is not answered then never is. */
  async close(): Promise<void> {
    const gone = once(this.#worker, 'exit')
    this.#worker.postMessage('close')
    await gone
  }

  #applied({ install, apply }: Persist, arrived: State | null): { kept: Kept<State>; results: Result[] } {
    let { lastApplied, machine } = this.#ahead
    if (install) {
      invariant(arrived !== null, 'the state of a snapshot is there')
      lastApplied = install.index
      machine = arrived
    }
    const results: Result[] = []
    for (const entry of apply) {
      invariant(entry.index === lastApplied + 1, 'entries are applied in their order')
      const step = this.#machine.apply(machine, entry)
      machine = step.state
      lastApplied = entry.index
      results.push(step.result)
    }
    return { kept: { lastApplied, machine }, results }
  }

  #answered({ write, fault, reason }: Answer): void {
    const waiting = this.#waiting.shift()
    invariant(waiting?.write === write, 'writes are answered in their order')
    if (fault === null) this.#kept = waiting.kept
    else this.#giveUp(fault, reason)
    waiting.done({ fault, results: fault === null ? waiting.results : [] })
    for (const read of waiting.reads) read(this.#kept)
  }

  /** What was sent after it is void, and its thread knows that by the number of faults. */
  #giveUp(fault: string, reason: string): void {
    this.#faults += 1
    this.#heard(`${fault}: ${reason}`)
    const void_ = this.#waiting.splice(0)
    this.#ahead = this.#kept
    for (const { reads } of void_) for (const read of reads) queueMicrotask(() => read(this.#kept))
  }
}
