/**
 * One seed is one life of the pools of one director: the agent's whole core behind its driver, a table, and realservers that fare by
 * chance; the director owns its group all the time, and its agent ends now and then. What it makes of answers is judged by `law`.
 */
import { type Random, randomBetween, seededRandom } from '@lvsm/base'
import { NO_FACTS } from '@lvsm/changes'
import { decodeKeptEvents, type LeaseStatus } from '@lvsm/protocol'
import { readRecord } from '@lvsm/plan'
import type { NodeEffect } from '../../../agent/node/core/index.ts'
import { type AgentOptions, AgentProcess } from '../../kit/agent-process.ts'
import { Clock } from '../../kit/clock.ts'
import { DataPlane } from '../../kit/data-plane.ts'
import { Schedule } from '../../kit/schedule.ts'
import { WALL_MS } from '../nodes/node.ts'
import { configOf, DIRECTOR, draftPools, type DraftPool, GROUP, lifeOf } from './draft.ts'
import { VerdictLaw } from './law.ts'
import { Pair } from './pair.ts'
import { Temper, unleash } from './tempers.ts'

/** Between the agent's driver and its core: what a test plants there. A new one for each start. */
export type Wrap = () => AgentOptions['wrap']
const HONEST: Wrap = () => (step) => step

const STATUS_MS = 1000
const WATCH_MS = 250
/** Its agent ends so often, and is down for so long. */
const RUNS_MS = [60_000, 400_000] as const
const DOWN_MS = [50, 4000] as const
const CALL_MS = [0.05, 0.4] as const
const KEPT_LINES = 200

export class PoolLife {
  readonly #random: Random
  readonly #wrap: Wrap
  readonly #schedule = new Schedule()
  readonly #clock: Clock
  readonly #plane: DataPlane
  readonly pools: readonly DraftPool[]
  readonly pairs: readonly Pair[]
  readonly law: VerdictLaw
  readonly #lifeMs: number
  readonly #history: string[] = []
  #agent: AgentProcess | null = null
  #starts = 0
  #record = ''
  #kept = ''

  constructor(seed: number, wrap: Wrap = HONEST) {
    this.#random = seededRandom(seed)
    this.#wrap = wrap
    this.#clock = new Clock(randomBetween(this.#random, 0, 1e6), 1)
    this.pools = draftPools(this.#random)
    this.#lifeMs = lifeOf(this.#random)
    const own = [{ name: 'outside', address: '10.11.0.1' }]
    this.#plane = new DataPlane(own, () => [])
    this.pairs = this.pools.flatMap((pool) =>
      pool.servers.map((server) => new Pair(pool, server, new Temper(pool, this.#another()))),
    )
    this.law = new VerdictLaw(this.#plane, this.pairs, () => this.#schedule.now)
  }
  #another(): Random {
    return seededRandom(this.#random.next() * 2 ** 32)
  }

  /** A broken law is thrown. */
  live(): void {
    this.#start()
    this.#every(STATUS_MS, () => this.#agent?.put({ kind: 'lease-status', status: STATUS }))
    this.#every(WATCH_MS, () => (this.#agent ? this.law.watch() : undefined))
    unleash(
      this.pairs.map((pair) => ({ temper: pair.temper, pool: pair.pool, steady: pair.server.steady })),
      {
        random: this.#another(),
        in: (ms, run) => this.#schedule.in(ms, run),
        now: () => this.#schedule.now,
      },
    )
    this.#schedule.runUntil(this.#lifeMs)
  }
  /** What happened lately, for whoever looks for why. */
  get history(): readonly string[] {
    return this.#history.slice(-KEPT_LINES)
  }
  #note(text: string): void {
    this.#history.push(`${(this.#schedule.now / 1000).toFixed(2).padStart(8)} ${text}`)
  }
  #every(ms: number, run: () => void): void {
    this.#schedule.in(ms, () => {
      run()
      this.#every(ms, run)
    })
  }

  #start(): void {
    const options = {
      node: DIRECTOR,
      boot: `${DIRECTOR}.${++this.#starts}`,
      record: readRecord(this.#record),
      word: null,
      kept: decodeKeptEvents(this.#kept),
      wrap: this.#wrap(),
    } satisfies AgentOptions
    const { now } = this.#schedule
    for (const pair of this.pairs) pair.reborn(this.law.weightOf(pair) > 0, now)
    for (const pool of this.pools) this.law.changed(pool)
    const agent: AgentProcess = new AgentProcess(options, {
      schedule: this.#schedule,
      clock: this.#clock,
      plane: this.#plane,
      callMs: () => randomBetween(this.#random, ...CALL_MS),
      refuses: () => null,
      apply: (operation) => this.#apply(operation),
      check: (effect, done) => this.#check(agent, effect, done),
      answersPing: () => true,
      tell: () => undefined,
      reply: () => undefined,
      record: (text) => void (this.#record = text),
      word: () => undefined,
      history: (text) => void (this.#kept = text),
      wallMs: (at) => Math.round(this.#clock.trueAt(at) + WALL_MS),
      say: (text) => this.#note(text),
    })
    this.#agent = agent
    agent.put({ kind: 'config', config: configOf(this.pools), secrets: new Map(), facts: NO_FACTS })
    agent.put({ kind: 'lease-up' })
    agent.put({ kind: 'lease-status', status: STATUS })
    this.#schedule.in(randomBetween(this.#random, ...RUNS_MS), () => this.#end())
  }
  #end(): void {
    this.#note('the agent ends')
    this.#agent?.kill()
    this.#agent = null
    this.#schedule.in(randomBetween(this.#random, ...DOWN_MS), () => this.#start())
  }

  #apply(operation: Parameters<VerdictLaw['judge']>[0]): string | null {
    const dest = 'dest' in operation ? ` ${operation.dest.address}:${operation.dest.port} ${operation.dest.weight}` : ''
    const gone = operation.kind === 'dest-remove' ? ` ${operation.address}:${operation.port}` : ''
    this.#note(`${operation.kind}${dest}${gone}`)
    return this.law.judge(operation, () => this.#plane.apply(operation))
  }

  #check(
    agent: AgentProcess,
    effect: Extract<NodeEffect, { kind: 'check' }>,
    done: Parameters<ConstructorParameters<typeof AgentProcess>[1]['check']>[1],
  ): void {
    const pair = this.pairs.find(({ key }) => key === `${effect.address}:${effect.port}`)
    if (!pair) throw new Error(`${effect.address}:${effect.port} is asked, and is no realserver`)
    this.law.asks(pair)
    const answer = pair.temper.answer(this.#schedule.now)
    if (!answer) return
    const { ok, afterMs, weight } = answer
    this.#schedule.in(afterMs, () => {
      if (agent !== this.#agent) return
      this.#note(`${pair.name} ${ok === null ? 'unknown' : ok ? 'well' : 'fails'}${weight === 0 ? ', weight 0' : ''}`)
      this.law.refresh(pair.pool)
      if (pair.hear(ok, weight ?? null, this.#schedule.now)) this.law.changed(pair.pool)
      done(ok, `as it is ${pair.temper.phase}`, weight === undefined ? undefined : { weight })
    })
  }
}

const STATUS: LeaseStatus = {
  node: DIRECTOR,
  incarnation: 'ab'.repeat(16),
  quarantineMs: 0,
  counters: {},
  troubles: [],
  standby: false,
  quorum: true,
  groups: [{ name: GROUP, role: 'owner', owner: DIRECTOR, number: 1, leftMs: 300, reason: 'as it is' }],
  peers: [{ name: 'dir2', life: 'alive', silentMs: 10, standby: false }],
}
