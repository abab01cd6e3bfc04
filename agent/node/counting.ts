/** Questions about what this node's kernel counts, and its metrics: with what the lease process said last, and what happened since the start. */
import { VERSION } from '@lvsm/base'
import type { Config } from '@lvsm/model'
import {
  type ConnectionsQuery,
  countDelay,
  type CountsOutcome,
  type Figures,
  type FromLease,
  type LeaseStatus,
  type MetricsQuery,
  newDelayCounts,
  nodeHistograms,
  nodeSamples,
  openingsReport,
  OWNERSHIP_EVENTS,
  type ProbeFound,
  type ProberFigures,
  totalsReading,
} from '@lvsm/protocol'
import type { Driver } from '../driver/driver.ts'
import { Counts } from './adapters/counts.ts'
import type { NodeInput } from './core/index.ts'
import type { Machine } from './machine.ts'

type Done = (outcome: CountsOutcome) => void
type Checked = (ok: boolean | null, reason: string, found?: ProbeFound) => void
type Looked = Extract<NodeInput, { kind: 'openings' | 'totals' }>
const CHANGES: ReadonlySet<string> = new Set(OWNERSHIP_EVENTS)

export class Counting {
  readonly #counts: Counts
  readonly #tally = {
    checks: { ok: 0, failed: 0, unknown: 0 },
    durations: newDelayCounts(),
    delays: newDelayCounts(),
    changes: new Map<string, number>(),
  }
  #about = { cluster: '', node: '', groups: [] as readonly string[] }
  /** Null: the lease process is silent. */
  #lease: LeaseStatus | null = null

  constructor(say: (text: string) => void) {
    this.#counts = new Counts({ say })
  }

  configure(node: string, config: Config): void {
    this.#about = { cluster: config.cluster, node, groups: config.groups.map(({ name }) => name) }
    this.#counts.configure(node, config)
  }
  heard(message: FromLease): void {
    if (message.kind === 'status') this.#lease = message.status
    if (message.kind !== 'event' || !CHANGES.has(message.event.kind)) return
    const key = `${message.event.group} ${message.event.kind}`
    this.#tally.changes.set(key, (this.#tally.changes.get(key) ?? 0) + 1)
  }
  silent(): void {
    this.#lease = null
  }
  /** What becomes of a check that begins now: it is counted, and told to the core. `ok` null: nobody knows. */
  timed(id: string, inbox: Pick<Driver<NodeInput>, 'feed'>, { clock }: Pick<Machine, 'clock'>): Checked {
    const began = clock()
    return (ok, reason, found = {}) => {
      this.#tally.checks[ok === null ? 'unknown' : ok ? 'ok' : 'failed'] += 1
      countDelay(this.#tally.durations, clock() - began)
      inbox.feed({ kind: 'checked', id, ok, reason, found })
    }
  }

  /** A check was begun so late. Milliseconds. */
  late(ms: number): void {
    countDelay(this.#tally.delays, ms)
  }

  stats(done: Done): void {
    const owners = Object.fromEntries(this.#lease?.groups.map(({ name, owner }) => [name, owner]) ?? [])
    this.#counts.ask({ kind: 'stats', owners }, done)
  }
  connections(wanted: ConnectionsQuery, done: Done): void {
    this.#counts.ask({ kind: 'connections', wanted }, done)
  }
  /** For the core. Null: it could not be read. */
  look(kind: 'openings' | 'totals', done: (input: Looked) => void): void {
    this.#counts.ask({ kind }, (outcome) => {
      const told: unknown = outcome.ok ? JSON.parse(outcome.text) : null
      if (kind === 'openings') done({ kind, report: openingsReport.safeParse(told).data ?? null })
      else done({ kind, reading: totalsReading.safeParse(told).data ?? null })
    })
  }
  /** As text; null: it could not be read. */
  dropRules(done: (text: string | null) => void): void {
    this.#counts.ask({ kind: 'drop-rules' }, (outcome) => done(outcome.ok ? outcome.text : null))
  }
  metrics(figures: Figures, prober: ProberFigures | null, wanted: MetricsQuery, done: Done): void {
    const view = { ...this.#about, version: VERSION, figures, tally: this.#tally, lease: this.#lease, prober }
    const [samples, histograms] = [nodeSamples(view), nodeHistograms(view)]
    const { health, found } = figures
    this.#counts.ask({ kind: 'metrics', wanted, samples, histograms, health, found }, done)
  }
  close(): void {
    this.#counts.close()
  }
}
