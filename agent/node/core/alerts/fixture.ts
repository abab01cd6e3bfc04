/** For this room's tests: nodes that tell each other of alerts, receivers that are sometimes away, and a wire that loses. */
import { instant, type Instant, seededRandom } from '@lvsm/base'
import { NO_FACTS } from '@lvsm/changes'
import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { NOTHING_OWNED } from '@lvsm/plan'
import { type CauseReport, decodeKeptAlerts, decodeMessage, type Facts } from '@lvsm/protocol'
import { statusOf } from '../fixture.ts'
import { leaseSpoke, leaseUp } from '../lease.ts'
import { newState, type NodeState } from '../state.ts'
import { onAlerts, onDelivered, stepAlerts } from './alerting.ts'
import { fingerprintOf, labelsOf } from './labels.ts'
import { alertsSaid } from './said.ts'

const RECEIVERS = `receivers:
  - { name: ops, type: webhook, url: "http://127.0.0.1:9/ops", repeat: 10m }
  - { name: boss, type: webhook, url: "http://127.0.0.1:9/boss", after: 2m, repeat: 0s }
`
const configOf = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const CONFIG = configOf(`${SAMPLE}\n${RECEIVERS}`)
export const NODES = ['dir1', 'dir2', 'rs1'] as const
const STEP_MS = 250
const SAY_MS = 2000
export const WALL_MS = 1_790_000_000_000

interface Living {
  state: NodeState
  saidAt: number
}
interface Heard {
  readonly at: number
  readonly receiver: string
  readonly key: string
  readonly status: string
  readonly fingerprint: string
  readonly severity: string
  readonly summary: string
  readonly next: string
}

interface Body {
  readonly receiver: string
  readonly status: string
  readonly groupKey: string
  /** Fingerprint and status of each. */
  readonly listed: readonly (readonly [string, string])[]
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}

export class World {
  now = 1000
  /** What operators want, as the coordinators have it. */
  facts: Facts = NO_FACTS
  loss = 0
  /** Receivers that take nothing now. */
  readonly away = new Set<string>()
  /** `node receiver`: that one alone does not reach it. */
  readonly cutOff = new Set<string>()
  /** Who owns the groups, as every lease process says; null: they say nothing. */
  owner: string | null = null
  /** What receivers took, as it came. */
  readonly bodies: Body[] = []
  /** Answers of receivers get lost with their node. */
  readonly heard: Heard[] = []
  readonly living = new Map<string, Living>()
  /** By node. */
  readonly causes = new Map<string, Map<string, CauseReport>>(NODES.map((node) => [node, new Map()]))
  readonly #disks = new Map<string, string>()
  readonly #random
  readonly #later: { at: number; run: () => void }[] = []
  constructor(seed: number) {
    this.#random = seededRandom(seed)
    for (const node of NODES) this.start(node)
  }
  chance(percent: number): boolean {
    return this.#random.next() * 100 < percent
  }
  upTo(most: number): number {
    return Math.floor(this.#random.next() * most)
  }
  start(node: string): void {
    const state = newState({
      ...{ node, record: NOTHING_OWNED, boot: `${node} ${this.now}`, startedAt: instant(this.now), word: null },
      wall: (at: Instant) => `wall ${WALL_MS + at}`,
      wallMs: (at: Instant) => WALL_MS + at,
      ...{ follows: true, kept: null, machine: '', started: null },
      keptAlerts: decodeKeptAlerts(this.#disks.get(node) ?? ''),
    })
    state.config = CONFIG
    state.facts = this.facts
    this.living.set(node, { state, saidAt: this.now + this.upTo(SAY_MS) })
  }
  die(node: string): void {
    this.living.delete(node)
  }
  run(ms: number): void {
    for (const end = this.now + ms; this.now < end; this.now += STEP_MS) {
      for (const one of this.#later.splice(0)) {
        if (one.at > this.now) this.#later.push(one)
        else one.run()
      }
      for (const [node, living] of this.living) this.#step(node, living)
    }
  }

  #step(node: string, living: Living): void {
    const { state } = living
    state.now = instant(this.now)
    state.effects = []
    if (this.owner !== null) {
      leaseUp(state, state.now)
      leaseSpoke(state, statusOf(node, this.owner))
    }
    stepAlerts(state, () => [...(this.causes.get(node)?.values() ?? [])])
    for (const effect of state.effects) {
      if (effect.kind === 'alerts') this.#disks.set(node, effect.text)
      if (effect.kind !== 'deliver') continue
      const dues = [...state.alerting.flights.values()].find(({ id }) => id === effect.id)?.dues ?? []
      const due = new Set(dues.map(({ alert }) => fingerprintOf(labelsOf(CONFIG, alert))))
      this.#deliver(node, living, { id: effect.id, due, body: String(effect.keys['body']) })
    }
    if (this.now < living.saidAt) return
    living.saidAt = this.now + SAY_MS
    const text = alertsSaid(state)
    if (text === null) return
    const decoded = decodeMessage(text)
    for (const [other, { state: hearer }] of this.living)
      if (other !== node && decoded.ok && decoded.message.kind === 'alerts' && !this.chance(this.loss)) {
        hearer.now = instant(this.now)
        onAlerts(hearer, node, decoded.message)
      }
  }
  #deliver(
    node: string,
    living: Living,
    { id, due, body }: { readonly id: string; readonly due: ReadonlySet<string>; readonly body: string },
  ): void {
    const said = fieldsOf(JSON.parse(body))
    const receiver = String(said['receiver'])
    const alerts = Array.isArray(said['alerts']) ? said['alerts'].map(fieldsOf) : []
    const takes = !this.away.has(receiver) && !this.cutOff.has(`${node} ${receiver}`)
    const at = this.now + this.upTo(1500)
    this.#later.push({
      at,
      run: () => {
        if (takes) {
          const listed = alerts.map((one) => [String(one['fingerprint']), String(one['status'])] as const)
          this.bodies.push({ receiver, status: String(said['status']), groupKey: String(said['groupKey']), listed })
          // What is there because it lasts is nothing new.
          for (const one of alerts.filter(({ fingerprint }) => due.has(String(fingerprint)))) {
            const { alertname, node: named, service, group, object, severity } = fieldsOf(one['labels'])
            const annotations = fieldsOf(one['annotations'])
            const [summary, next] = [String(annotations['summary']), String(annotations['next'])]
            const about = named ?? service ?? group ?? object
            const [status, fingerprint] = [String(one['status']), String(one['fingerprint'])]
            const key = `${String(alertname)} ${String(about)}`
            this.heard.push({ at, receiver, status, fingerprint, key, severity: String(severity), summary, next })
          }
        }
        this.#later.push({
          at: this.now + this.upTo(500),
          run: () => {
            if (this.living.get(node) !== living) return
            living.state.now = instant(this.now)
            onDelivered(living.state, id, takes, takes ? '200' : 'connection refused')
          },
        })
      },
    })
  }
  /** `more`: what comes of it, and what to do. */
  begins(
    node: string,
    code: string,
    object = 'node dir2',
    severity: CauseReport['severity'] = 'warning',
    more: Pick<CauseReport, 'means' | 'next'> = {},
  ): void {
    this.says(node, { code, object, severity, summary: `${code} at ${node}`, ...more })
  }
  says(node: string, cause: CauseReport): void {
    this.causes.get(node)?.set(`${cause.code} ${cause.object}`, cause)
  }
  ends(node: string, code: string, object = 'node dir2'): void {
    this.causes.get(node)?.delete(`${code} ${object}`)
  }
  told(receiver: string, code: string, about = 'dir2'): string[] {
    const key = `${code} ${about}`
    return this.heard.flatMap((one) => (one.receiver === receiver && one.key === key ? [one.status] : []))
  }
}
