import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { ordinary } from './command.ts'
import { argvFrom, type Service } from '../places.ts'

/** Milliseconds between a crash and the next start. */
const pause = 500

interface Keeping {
  readonly service: Service
  wanted: boolean
  /** Of dist, where its bundle is. */
  folder: string
  child?: ChildProcess | undefined
  frozen: boolean
  restarts: number
  timer?: NodeJS.Timeout
}

export interface Row {
  readonly node: string
  readonly name: string
  readonly pid: number | undefined
  readonly state: 'running' | 'frozen' | 'stopped'
  readonly restarts: number
}

/** A process and all that it started, by the kernel's own list. */
export function family(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return [pid, ...(children ? children.split(' ').flatMap((child) => family(Number(child))) : [])]
  } catch {
    return []
  }
}

const ending = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once('exit', () => resolve()))

/** Keeps services running: a crash is followed by a start, an end by a verb is not. */
export class Supervisor {
  readonly #all = new Map<string, Keeping>()
  readonly #env: NodeJS.ProcessEnv

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = { ...env }
  }

  add(service: Service): void {
    const key = `${service.node}/${service.name}`
    if (!this.#all.has(key)) this.#all.set(key, { service, wanted: false, folder: '.', frozen: false, restarts: 0 })
  }

  rows(node?: string): Row[] {
    return this.#of(node).map(({ service, child, frozen, restarts }) => ({
      node: service.node,
      name: service.name,
      pid: child?.pid,
      state: child ? (frozen ? 'frozen' : 'running') : 'stopped',
      restarts,
    }))
  }

  logs(node: string, what?: string): { name: string; path: string }[] {
    return this.#of(node, what ?? 'everything').map(({ service }) => ({ name: service.name, path: service.log }))
  }

  /** Gives those that run, or are on their way. */
  start(node?: string, what?: string): string[] {
    const started: string[] = []
    this.#each(node, what, (one) => {
      const { needs, name } = one.service
      if (needs !== undefined && !existsSync(needs)) return
      one.wanted = true
      if (!one.child) this.#spawn(one)
      started.push(name)
    })
    return started
  }

  /** SIGTERM, and waits until they are gone; SIGKILL for what is still there after `patience` milliseconds. */
  async stop(node: string, what?: string, patience = 10_000): Promise<string[]> {
    const gone: Promise<void>[] = []
    const names = this.#each(node, what, (one) => {
      one.wanted = false
      if (!one.child?.pid) return
      const timer = setTimeout(() => this.#signal(one, 'SIGKILL'), patience)
      gone.push(ending(one.child).finally(() => clearTimeout(timer)))
      process.kill(one.child.pid, 'SIGTERM')
      if (one.frozen) this.#signal(one, 'SIGCONT')
    })
    await Promise.all(gone)
    return names
  }

  /**
   * SIGKILL for the process and all its children at once; `again` lets the supervisor start it anew. Waits until they
   * are gone: until then the kernel completes handshakes in a dead server's name.
   */
  async kill(node: string, what?: string, again = false): Promise<string[]> {
    const gone: Promise<void>[] = []
    const names = this.#each(node, what, (one) => {
      one.wanted = again
      if (one.child?.pid) gone.push(ending(one.child))
      this.#signal(one, 'SIGKILL')
    })
    await Promise.all(gone)
    return names
  }

  /** From their next start on the node's processes run from bundles in this folder. */
  runFrom(node: string, folder: string): void {
    this.#each(node, 'all', (one) => {
      one.folder = folder
    })
  }

  freeze(node: string, what?: string): string[] {
    return this.#each(node, what, (one) => {
      one.frozen = one.child !== undefined
      this.#signal(one, 'SIGSTOP')
    })
  }

  thaw(node?: string, what?: string): string[] {
    return this.#each(node, what, (one) => {
      one.frozen = false
      this.#signal(one, 'SIGCONT')
    })
  }

  /** `all`, the default: everything but the web server; `everything`: that too; `service` is another word for `web`. */
  #of(node?: string, what = 'everything'): Keeping[] {
    const name = what === 'service' ? 'web' : what
    return [...this.#all.values()].filter(
      ({ service }) =>
        (node === undefined || service.node === node) &&
        (name === 'everything' || service.name === name || (name === 'all' && service.name !== 'web')),
    )
  }

  #each(node: string | undefined, what: string | undefined, act: (one: Keeping) => void): string[] {
    const chosen = this.#of(node, what ?? 'all')
    if (chosen.length === 0) throw new RangeError(`${node ?? 'the lab'} has no ${what ?? 'service of the cluster'}`)
    for (const one of chosen) act(one)
    return chosen.map(({ service }) => service.name)
  }

  #signal(one: Keeping, signal: NodeJS.Signals): void {
    for (const pid of one.child?.pid ? family(one.child.pid) : []) {
      try {
        process.kill(pid, signal)
      } catch {
        // It ended in between.
      }
    }
  }

  #spawn(one: Keeping): void {
    const { service } = one
    const log = openSync(service.log, 'a')
    const child = spawn('ip', ['netns', 'exec', service.node, ...argvFrom(service.argv, one.folder)], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...this.#env, ...service.env, LAB_NODE: service.node },
    })
    ordinary(child)
    one.child = child
    one.frozen = false
    const note = (text: string) => {
      writeSync(log, `--- lab: ${service.name} of ${service.node} ${text}\n`)
      closeSync(log)
    }
    child.once('error', (error) => note(`did not start: ${error.message}`))
    child.once('exit', (code, signal) => {
      one.child = undefined
      one.frozen = false
      note(`ended with ${signal ?? code}`)
      if (!one.wanted) return
      one.restarts += 1
      one.timer = setTimeout(() => one.wanted && !one.child && this.#spawn(one), pause)
    })
  }
}
