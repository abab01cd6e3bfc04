/** For this room's tests: a node under virtual time, and a kernel that does as it is told. */
import { type KeptEvents, type KeptHooks, type LeaseStatus, type LocalWord } from '@lvsm/protocol'
import { instant, type Instant } from '@lvsm/base'
import { NO_FACTS } from '@lvsm/changes'
import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { type Operation, NOTHING_OWNED, type OwnedRecord } from '@lvsm/plan'
import { type Driver, startDriver } from '../../driver/driver.ts'
import { TestKernel } from './fixture-kernel.ts'
import { createNodeCore, type Failure, type NodeCore, type NodeEffect, type NodeInput } from './index.ts'

export const configOf = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}

/** Who answers pings in every test that does not say otherwise: all of the sample. */
const ANSWERING = new Set(['10.11.0.100'])
/** Of its wall clock at the instant 0. */
export const WALL_MS = 1_790_000_000_000
const ALIVE = ['10.11.0.11', '10.11.0.12', '10.12.0.13']

interface Life {
  readonly word?: LocalWord | null
  readonly follows?: boolean
  readonly kept?: KeptEvents | null
  readonly started?: string | null
  readonly boot?: string
  readonly awayMs?: number | null
  readonly keptHooks?: KeptHooks | null
  readonly record?: OwnedRecord
}

/** One node under virtual time; `alive` answers checks, `answering` pings. A call into its kernel takes `kern.callMs`. */
export class TestNode {
  readonly name: string
  readonly alive: Set<string>
  /** The reason of whoever is not. */
  failsSo = 'refused'
  readonly config: Config
  readonly kern: TestKernel
  readonly core: NodeCore
  readonly answering = new Set(ANSWERING)
  silentChecks = false
  /** Its kernel does not answer how the machine is; else it tells nothing. */
  silentVitals = false
  /** Who listens on it. */
  listening: Extract<NodeInput, { kind: 'sockets' }>['found'] = []
  /** Somebody may set it. */
  wallAheadMs = WALL_MS
  readonly #driver: Driver<NodeInput>
  readonly #seen: NodeEffect[] = []
  readonly #calls: { readonly at: number; readonly input: NodeInput }[] = []
  #now = instant(1000)
  #dueAt = this.#now
  #ring = (): void => undefined
  /** The configuration comes before everything else, but not before the test has said how the world is. */
  #first: NodeInput | null

  constructor(
    name: string,
    alive: Set<string>,
    text: string,
    configured: boolean,
    wall: (at: Instant) => string,
    {
      word = null,
      follows = false,
      kept = null,
      started = null,
      boot = name,
      awayMs = null,
      keptHooks = null,
      record = NOTHING_OWNED,
    }: Life,
  ) {
    this.name = name
    this.alive = alive
    this.config = configOf(text)
    this.kern = new TestKernel(this.config, name)
    const fixed = { wallMs: (at: Instant) => this.wallAheadMs + Math.round(at), word }
    this.core = createNodeCore({
      node: name,
      record,
      boot,
      follows,
      kept,
      keptHooks,
      machine: '',
      started,
      awayMs,
      startedAt: this.#now,
      ...fixed,
      wall,
    })
    this.#first = configured ? { kind: 'config', config: this.config, secrets: new Map(), facts: NO_FACTS } : null
    this.#driver = startDriver<NodeInput, NodeEffect>({
      clock: () => this.#now,
      step: (input, at) => this.core.step(input, at),
      carryOut: (effect) => this.#carryOut(effect),
      alarm: (ring) => {
        this.#ring = ring
        return { set: (at) => void (this.#dueAt = at), stop: () => undefined }
      },
      longestInbox: Number.MAX_SAFE_INTEGER,
      mayDrop: () => false,
      dropped: () => undefined,
    })
  }

  now(): Instant {
    return this.#now
  }
  feed(input: NodeInput): void {
    const first = this.#first
    this.#first = null
    if (first) this.#driver.feed(first)
    this.#driver.feed(input)
  }
  run(ms: number): void {
    const end = this.#now + ms
    if (this.#first) this.feed({ kind: 'wake' })
    for (let at = this.#next(); at <= end; at = this.#next()) {
      this.#now = instant(Math.max(this.#now, at))
      const call = this.#calls[0]
      if (call && call.at <= this.#now) this.#driver.feed((this.#calls.shift() ?? call).input)
      else this.#ring()
    }
    this.#now = instant(end)
  }
  /** Nothing of this process runs for so long. */
  standStill(ms: number): void {
    this.#now = instant(this.#now + ms)
  }
  /** The effects of this kind since the last look. */
  take<K extends NodeEffect['kind']>(kind: K): Extract<NodeEffect, { kind: K }>[] {
    const found = this.#seen.filter((effect): effect is Extract<NodeEffect, { kind: K }> => effect.kind === kind)
    for (const effect of found) this.#seen.splice(this.#seen.indexOf(effect), 1)
    return found
  }

  #next(): number {
    return Math.min(this.#dueAt, this.#calls[0]?.at ?? this.#dueAt)
  }
  #carryOut(effect: NodeEffect): void {
    this.#seen.push(effect)
    if (effect.kind === 'observe') this.#answer(this.#look(effect))
    if (effect.kind === 'apply')
      this.#answer({ kind: 'applied', failures: effect.operations.flatMap((one) => this.#apply(one)) })
    if (effect.kind === 'ping') this.#ping(effect)
    if (effect.kind === 'sockets')
      this.#driver.feed({ kind: 'sockets', found: this.listening, error: 'no such socket', load: 0.5 })
    if (effect.kind === 'vitals' && !this.silentVitals) this.#driver.feed({ kind: 'vitals', reading: null })
    if (effect.kind === 'check' && !this.silentChecks) {
      const ok = this.alive.has(effect.address)
      this.#driver.feed({ kind: 'checked', id: effect.id, ok, reason: ok ? 'connected' : this.failsSo })
    }
  }
  #answer(input: NodeInput): void {
    if (this.kern.callMs === 0) this.#driver.feed(input)
    else this.#calls.push({ at: this.#now + this.kern.callMs, input })
  }
  #look(effect: Extract<NodeEffect, { kind: 'observe' }>): NodeInput {
    const { unread } = this.kern
    return unread === ''
      ? { kind: 'observed', observed: this.kern.observe(effect) }
      : { kind: 'observe-failed', error: unread }
  }
  #apply(operation: Operation): Failure[] {
    const message = this.kern.refuses(operation)
    const { missing } = this.kern
    if (message !== '') return [{ operation, message, ...(missing.length > 0 ? { missing } : {}) }]
    this.kern.apply(operation)
    return []
  }
  #ping({ round, targets }: Extract<NodeEffect, { kind: 'ping' }>): void {
    this.#driver.feed({ kind: 'pinged', round, unsent: [] })
    for (const { address } of targets)
      if (this.answering.has(address)) this.#driver.feed({ kind: 'ping-answered', address, round })
  }
}

export const node = (
  name: string,
  alive = new Set(ALIVE),
  text = SAMPLE,
  configured = true,
  wall = (at: Instant): string => String(Math.round(at)).padStart(9, '0'),
  life: Life = {},
): TestNode => new TestNode(name, alive, text, configured, wall, life)

export const statusOf = (self: string, owner: string | null, number = 1): LeaseStatus => ({
  node: self,
  incarnation: 'ab'.repeat(16),
  quarantineMs: 0,
  counters: {},
  troubles: [],
  standby: false,
  quorum: true,
  groups: [{ name: 'web', role: owner === self ? 'owner' : 'standby', owner, number, leftMs: 300, reason: 'as it is' }],
  peers: ['dir1', 'dir2', 'rs1', 'rs2', 'rs3']
    .filter((name) => name !== self)
    .map((name) => ({ name, life: 'alive', silentMs: 10, standby: false })),
})
/** Its lease process goes on saying the same: a silent one is a trouble. */
export function goesOn(one: TestNode, ms: number, status = statusOf(one.name, null, 0)): void {
  for (let left = ms; left > 0; left -= 1000) {
    one.feed({ kind: 'lease-status', status })
    one.run(Math.min(1000, left))
  }
}
export const dests = (one: ReturnType<typeof node>) =>
  Object.fromEntries((one.kern.state.services[0]?.dests ?? []).map((dest) => [dest.address, dest.weight]))
