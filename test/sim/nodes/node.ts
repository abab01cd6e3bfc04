/** The agent's half of one machine: the agent, its kernel's data plane, and the socket between it and the lease process. */
import { type Random, randomBetween } from '@lvsm/base'
import { NO_FACTS } from '@lvsm/changes'
import { decodeKeptEvents, type Facts, type LocalWord } from '@lvsm/protocol'
import { type Config, ownershipView } from '@lvsm/model'
import { readRecord } from '@lvsm/plan'
import type { NodeInput } from '../../../agent/node/core/index.ts'
import { type AgentOptions, AgentProcess, type AgentWord } from '../../kit/agent-process.ts'
import { DataPlane } from '../../kit/data-plane.ts'
import type { Process } from '../../kit/process.ts'
import type { LeaseWord, Machine, Reconciler } from '../machine.ts'
import type { Household } from './household.ts'

/** As the lease process batches its news, and repeats its status. */
const NEWS_MS = 60
const STATUS_MS = 1000
/** One way through the socket. */
const SOCKET_MS = [0.05, 1] as const
const RECONNECT_MS = 100
type Step = Parameters<AgentOptions['wrap']>[0]

/** Of true time 0. */
export const WALL_MS = Date.UTC(2026, 10, 27)
/** An agent that has run for so long has looked, checked and told its lease process all that it knows. */
const WARM_MS = 4000

export class Node implements Reconciler {
  readonly machine: Machine
  readonly plane: DataPlane
  readonly #fleet: Household
  readonly #random: Random
  agent: AgentProcess | null = null
  config: Config
  /** On disk. */
  #record = ''
  #word: LocalWord | null = null
  #history = ''
  facts = NO_FACTS
  #followedAt = Number.NEGATIVE_INFINITY
  #view: Extract<AgentWord, { kind: 'view' }>['view'] | null = null
  #process: Process | null = null
  #news: LeaseWord[] = []
  #newsDue = false
  #starts = 0
  #startedAt = 0
  /** What its wall clock is ahead of true time; somebody may set it. Milliseconds. */
  wallAheadMs = WALL_MS
  /** Probability that the kernel refuses a call, and milliseconds that one takes. */
  readonly faults = { refusal: 0, callMs: [0.05, 0.4] as readonly [number, number], lostRelays: 0, unpinged: false }

  constructor(machine: Machine, fleet: Household, random: Random) {
    this.machine = machine
    this.#fleet = fleet
    this.#random = random
    this.config = fleet.configs[0]
    this.plane = new DataPlane(fleet.interfacesOf(machine.name), () => this.#floating())
  }

  get name(): string {
    return this.machine.name
  }
  /** It runs, has run for a while, and hears its lease process. */
  get works(): boolean {
    const { now } = this.#fleet.cluster.schedule
    return this.agent !== null && this.#process !== null && now - this.#startedAt > WARM_MS && this.faults.refusal === 0
  }

  /** For so long it does nothing, and then it must look and check again. */
  disturbed(ms: number): void {
    this.#startedAt = this.#fleet.cluster.schedule.now + ms
  }

  start(): void {
    if (this.agent) return
    const { cluster, law } = this.#fleet
    const { schedule } = cluster
    const { clock, label } = this.machine
    this.#startedAt = schedule.now
    cluster.note(`${label} starts its agent`)
    const options = {
      node: this.name,
      boot: `${label}.${++this.#starts}`,
      record: readRecord(this.#record),
      word: this.#word,
      kept: decodeKeptEvents(this.#history),
      wrap: (step) => this.#watched(cluster.plant.agent?.(this.name)?.(step) ?? step),
    } satisfies ConstructorParameters<typeof AgentProcess>[0]
    const agent: AgentProcess = new AgentProcess(options, {
      schedule,
      clock,
      plane: this.plane,
      callMs: () => randomBetween(this.#random, ...this.faults.callMs),
      refuses: () => (this.faults.refusal > 0 && this.#random.next() < this.faults.refusal ? 'EBUSY' : null),
      apply: (operation) => law.judge(this, operation, () => this.plane.apply(operation)),
      check: (effect, done) => this.#fleet.check(effect, done),
      answersPing: () => !this.faults.unpinged,
      tell: (word) => this.#tell(word),
      reply: ({ id, outcome }) => this.#fleet.operators.answered(id, outcome),
      record: (text) => void (this.#record = text),
      word: (word) => void (this.#word = word),
      history: (text) => void (this.#history = text),
      wallMs: (at) => Math.round(clock.trueAt(at) + this.wallAheadMs),
      say: (text) => cluster.note(`${label} agent: ${text}`),
    })
    this.agent = agent
    agent.put(this.#configured)
    if (this.#process) this.#connect(this.#process)
  }
  kill(): void {
    if (!this.agent) return
    this.#fleet.cluster.note(`${this.machine.label}'s agent is killed`)
    this.agent.kill()
    this.agent = null
    this.#fleet.operators.agentDied(this.name)
  }

  joined(process: Process): void {
    this.#process = process
    this.#news = []
    this.#newsDue = false
    const view = this.#view ?? this.#firstView()
    if (view) process.put({ kind: 'view', view })
    this.#connect(process)
    this.#repeatStatus(process)
  }
  left(): void {
    this.#process = null
    this.#hear({ kind: 'lease-down', reason: 'the lease process closed the connection' })
  }
  lostPower(): void {
    this.kill()
    this.plane.lose()
    this.#fleet.lostPower?.(this.name)
    // What others had there is gone with it.
    this.#fleet.law.strangerChanged(this)
  }
  adopt(revision: number): void {
    const config = this.#fleet.configs[revision]
    if (!config) return
    this.config = config
    this.agent?.put(this.#configured)
  }

  /** The coordinators' facts reach this node, and stay with it over restarts. */
  follow(facts: Facts): void {
    if (facts.number <= this.facts.number) return
    this.facts = facts
    this.#followedAt = this.#fleet.cluster.schedule.now
    this.agent?.put(this.#configured)
  }
  /** For so long it has had the same facts. */
  get steadyMs(): number {
    return this.#fleet.cluster.schedule.now - this.#followedAt
  }
  wantedOf(service: string, server: string): 'serve' | 'drain' | 'stop' {
    const about = this.facts.list.filter(
      ({ subject: of }) => of.kind === 'server' && of.node === server && (of.service ?? service) === service,
    )
    return about.some(({ intent }) => intent === 'stop') ? 'stop' : about.length > 0 ? 'drain' : 'serve'
  }
  isStopped(group: string): boolean {
    return this.facts.list.some(({ subject }) => subject.kind === 'group' && subject.group === group)
  }
  get #configured(): NodeInput {
    return { kind: 'config', config: this.config, secrets: new Map(), facts: this.facts }
  }

  #watched(step: Step): Step {
    return (input, now) => {
      const effects = step(input, now)
      this.#fleet.stepped?.(this.name, input, effects)
      return effects
    }
  }

  /** Of a node that was set up before: every start but the first finds what was heard last. */
  #firstView() {
    return ownershipView(this.config, new Map(), () => 0, this.name)
  }
  #connect(process: Process): void {
    this.#soon(RECONNECT_MS, () => {
      if (process !== this.#process || !this.agent) return
      this.agent.put({ kind: 'lease-up' })
      this.#status(process)
    })
  }
  #repeatStatus(process: Process): void {
    this.#soon(STATUS_MS, () => {
      if (process !== this.#process) return
      this.#status(process)
      this.#repeatStatus(process)
    })
  }
  #soon(ms: number, run: () => void): void {
    this.#fleet.cluster.schedule.in(ms, run)
  }

  heard(word: LeaseWord): void {
    if (word.kind === 'deliver') {
      const text = new TextDecoder().decode(word.payload)
      if (this.#random.next() >= this.faults.lostRelays) this.#hear({ kind: 'message', from: word.from, text })
      return
    }
    this.#news.push(word)
    const process = this.#process
    if (this.#newsDue || !process) return
    this.#newsDue = true
    this.#soon(NEWS_MS, () => process.perform(() => this.#tellNews(process)))
  }
  #tellNews(process: Process): void {
    if (process !== this.#process) return
    this.#newsDue = false
    for (const word of this.#news.splice(0))
      if (word.kind === 'event') this.#hear({ kind: 'lease-event', event: word.event })
    this.#status(process)
  }
  #status(process: Process): void {
    process.perform(() => {
      const { schedule } = this.#fleet.cluster
      this.#hear({ kind: 'lease-status', status: process.core.status(this.machine.clock.read(schedule.now)) })
    })
  }

  /** One way through the socket, in order; nobody hears what comes after one of the two has gone. */
  #hear(input: NodeInput): void {
    const { agent } = this
    this.#through(() => agent?.put(input))
  }
  #tell(word: AgentWord): void {
    const process = this.#process
    this.#fleet.told?.(this.name, word)
    this.#through(() => {
      if (!process || process !== this.#process) return
      if (word.kind === 'view') this.#view = word.view
      if (word.kind !== 'message') return process.put(word)
      process.put({ kind: 'relay', to: word.to, payload: new TextEncoder().encode(word.text) })
    })
  }
  #socketAt = 0
  #through(run: () => void): void {
    const { schedule } = this.#fleet.cluster
    this.#socketAt = Math.max(this.#socketAt, schedule.now + randomBetween(this.#random, ...SOCKET_MS))
    schedule.at(this.#socketAt, run)
  }

  #floating() {
    const { now } = this.#fleet.cluster.schedule
    const { kernel } = this.machine
    return kernel.now
      .addresses()
      .filter((address) => kernel.now.offAt(address) > now)
      .map((address) => {
        const name = this.#fleet.interfaceOf(address)
        const index = this.plane.links.find((link) => link.name === name)?.index ?? 0
        return { index, address, prefix: 24, label: `${name}:lvsm` }
      })
  }
}
