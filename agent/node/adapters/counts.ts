/**
 * What the kernel counts is read in a thread of its own (`agent/counts`): a large table must not hold the agent's loop up. It is
 * started with the first question, and again with the next one when it has ended.
 */
import { Worker } from 'node:worker_threads'
import type { Refusal } from '@lvsm/base'
import { type Config, type ConfigService, destKey, nodeView, protocolRow, serviceKey } from '@lvsm/model'
import type { CountsAnswer, CountsJob, CountsOutcome, CountsQuestion, NamedService, Names } from '@lvsm/protocol'

/** Beside this file, or, where that is part of a bundle, beside the bundle. */
const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? '../../counts/main.ts' : './lvsm-agent-counts.mjs',
  import.meta.url,
)
/** What needs more has a fault, and ends alone. MiB. */
const MEMORY_MB = 256
/** Longer than any question takes; then the thread is ended. */
const PATIENCE_MS = 30_000
/** Who asks more at once is told to wait: one answer is made after the other. */
const MOST_WAITING = 16
/** After so long without a question it ends. */
const IDLE_MS = 120_000

interface Waiting {
  readonly done: (outcome: CountsOutcome) => void
  readonly timer: NodeJS.Timeout
}
const refused = (refusal: Refusal): CountsOutcome => ({ ok: false, refusals: [refusal] })
const AGAIN = 'ask again'

export interface CountsOptions {
  say(text: string): void
  readonly program?: URL
  readonly patienceMs?: number
}

export class Counts {
  readonly #options: CountsOptions
  readonly #waiting = new Map<number, Waiting>()
  #names: Names | null = null
  /** Does the thread know them? */
  #isTold = false
  #worker: Worker | null = null
  #idle: NodeJS.Timeout | undefined
  #number = 0

  constructor(options: CountsOptions) {
    this.#options = options
  }

  configure(node: string, config: Config): void {
    this.#names = namesOf(node, config)
    this.#isTold = false
  }

  /** Calls back once. */
  ask(question: CountsQuestion, done: (outcome: CountsOutcome) => void): void {
    if (this.#waiting.size >= MOST_WAITING) {
      const message = `${MOST_WAITING} questions about the kernel's counts wait for their answers`
      return done(refused({ code: 'counts-busy', message, hint: AGAIN }))
    }
    const worker = this.#worker ?? this.#start()
    clearTimeout(this.#idle)
    if (!this.#isTold && this.#names) worker.postMessage({ kind: 'names', names: this.#names } satisfies CountsJob)
    this.#isTold = true
    const id = ++this.#number
    const timer = setTimeout(() => this.#overdue(worker), this.#options.patienceMs ?? PATIENCE_MS)
    this.#waiting.set(id, { done, timer })
    worker.postMessage({ kind: 'question', id, question } satisfies CountsJob)
  }

  close(): void {
    clearTimeout(this.#idle)
    const worker = this.#worker
    if (worker) this.#ended(worker, 'the agent ends')
    void worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(this.#options.program ?? PROGRAM, {
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    })
    this.#worker = worker
    this.#isTold = false
    worker.unref()
    worker.on('message', ({ id, outcome }: CountsAnswer) => this.#answered(id, outcome))
    worker.on('error', (error) => this.#ended(worker, (error as Error).message))
    worker.on('exit', () => this.#ended(worker, 'it ended'))
    return worker
  }

  #answered(id: number, outcome: CountsOutcome): void {
    const waiting = this.#waiting.get(id)
    if (!waiting) return
    this.#waiting.delete(id)
    clearTimeout(waiting.timer)
    if (this.#waiting.size === 0) this.#idle = setTimeout(() => this.#retire(), IDLE_MS).unref()
    waiting.done(outcome)
  }

  #retire(): void {
    const worker = this.#worker
    this.#worker = null
    void worker?.terminate()
  }

  #overdue(worker: Worker): void {
    if (this.#worker !== worker) return
    this.#ended(worker, 'it did not answer in time')
    void worker.terminate()
  }

  /** Whoever waits hears so. */
  #ended(worker: Worker, why: string): void {
    if (this.#worker !== worker) return
    this.#worker = null
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    if (waiting.length > 0) this.#options.say(`the thread that reads the kernel's counts gave no answer: ${why}`)
    for (const { done, timer } of waiting) {
      clearTimeout(timer)
      done(refused({ code: 'counts-unread', message: `the kernel's counts were not read: ${why}`, hint: AGAIN }))
    }
  }
}

/** What of the configuration gives names to what the kernel of this node has. */
export function namesOf(node: string, config: Config): Names {
  const view = nodeView(config, node)
  const directs = new Set(view?.directs.map(({ name }) => name))
  return {
    cluster: config.cluster,
    node,
    revision: config.revision,
    groups: config.groups.map(({ name }) => ({ name, directed: directs.has(name) })),
    services: (view?.services ?? []).map((service) => ({
      name: service.name,
      group: service.group,
      key: serviceKey(service),
      ...onPortsOf(service),
      realservers: service.realservers.map((one) => ({ node: one.node, key: destKey(one) })),
      ...(service.check.via === undefined ? {} : { checkedFrom: directorsOf(config, service.group) }),
    })),
  }
}
/** Their own addresses: what one of them asks IPVS tells the others of, too. */
const directorsOf = ({ groups, nodes }: Config, group: string): string[] => {
  const directors = groups.find(({ name }) => name === group)?.directors ?? []
  return nodes
    .filter(({ name }) => directors.includes(name))
    .flatMap(({ links }) => links.map(({ address }) => address))
}

const onPortsOf = ({ address, protocol, ports: ranges }: ConfigService): Pick<NamedService, 'onPorts'> =>
  ranges === undefined ? {} : { onPorts: { address, protocols: protocolRow(protocol).kernel, ranges } }
