/**
 * `lvsm-prober` as this agent has it: it makes checks, and it listens. It is told where, and each second whether the node is well; scrapes are
 * answered.
 */
import type { Trouble } from '@lvsm/base'
import type { Config } from '@lvsm/model'
import {
  type CountsOutcome,
  type FromListener,
  listenerLine,
  type MetricsQuery,
  readFromListener,
  SCRAPE_PART,
  type ToListener,
  type WellFacts,
} from '@lvsm/protocol'
import { HookRunner } from './adapters/hooks.ts'
import { Prober } from './adapters/prober.ts'
import type { NodeEffect, NodeInput } from './core/index.ts'
import type { Machine } from './machine.ts'

const SECOND_MS = 1000
/** Where it could not listen it is tried again after so many seconds. */
const AGAIN_S = 5

type Place = Extract<ToListener, { readonly listen: unknown }>['listen']

export interface MonitoringParts {
  /** To the process that listens; it is started where it does not run. */
  say(line: string): void
  well(): WellFacts
  metrics(wanted: MetricsQuery, done: (outcome: CountsOutcome) => void): void
  trouble(found: Trouble | null): void
}

/** Alerts, and hooks: what is done for the core beside its loop. */
type Aside = Extract<NodeEffect, { readonly kind: 'deliver' | 'hook' }>
export interface Asking extends Pick<Prober, 'check' | 'close'>, Pick<Monitoring, 'configure'> {
  carry(effect: Aside, feed: (input: NodeInput) => void): void
}

/** It runs when there is something to do. */
export function startProber(
  { clock, say }: Pick<Machine, 'clock' | 'say'>,
  report: (source: string, found: Trouble | null) => void,
  parts: Pick<MonitoringParts, 'well' | 'metrics'>,
): Asking {
  const prober = new Prober({
    clock: () => clock(),
    say: (text) => say(text),
    trouble: (found) => report('prober', found),
    unable: (probe, found) => report(`prober ${probe}`, found),
    began: () => monitoring.began(),
    other: (line) => monitoring.heard(line),
  })
  const hooks = new HookRunner()
  const monitoring = new Monitoring({
    ...parts,
    say: (line) => prober.tell(line),
    trouble: (found) => report('monitoring', found),
  })
  return {
    check: (...asked) => prober.check(...asked),
    carry(effect, feed) {
      const { id } = effect
      if (effect.kind === 'hook') hooks.run(effect, (ok, reason) => feed({ kind: 'hooked', id, ok, reason }))
      else prober.deliver(id, effect, (ok, reason) => feed({ kind: 'delivered', id, ok, reason }))
    },
    configure: (...configured) => monitoring.configure(...configured),
    close() {
      hooks.close()
      monitoring.close()
      prober.close()
    },
  }
}

export class Monitoring {
  readonly #parts: MonitoringParts
  readonly #timer: NodeJS.Timeout
  #place: Place = null
  #isUnheard = false
  #ticks = 0

  constructor(parts: MonitoringParts) {
    this.#parts = parts
    this.#timer = setInterval(() => this.#tick(), SECOND_MS).unref()
  }

  configure(node: string, config: Config): void {
    const before = JSON.stringify(this.#place)
    this.#place = placeOf(node, config)
    if (JSON.stringify(this.#place) !== before) this.began()
  }
  /** The process that listens is new. */
  began(): void {
    if (this.#place === null && !this.#isUnheard) return this.#tell({ listen: null })
    this.#tell({ listen: this.#place })
    this.#tell({ facts: this.#parts.well() })
  }
  heard(line: string): void {
    const word = readFromListener(line)
    if (!word) return
    if ('unheard' in word) this.#listening(word.unheard)
    else this.#scrape(word)
  }
  close(): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    this.#ticks += 1
    if (this.#place === null) return
    if (this.#isUnheard && this.#ticks % AGAIN_S === 0) this.#tell({ listen: this.#place })
    this.#tell({ facts: this.#parts.well() })
  }

  #listening(fault: string | null): void {
    this.#isUnheard = fault !== null && this.#place !== null
    this.#parts.trouble(fault === null || this.#place === null ? null : unheard(this.#place, fault))
  }

  #scrape({ scrape, wanted }: Extract<FromListener, { readonly scrape: number }>): void {
    this.#parts.metrics(wanted, (outcome) => {
      const status = outcome.ok ? 200 : 503
      const text = outcome.ok ? outcome.text : `${outcome.refusals.map(({ message }) => message).join('; ')}\n`
      for (let at = 0; at === 0 || at < text.length; at += SCRAPE_PART)
        this.#tell({
          scraped: scrape,
          status,
          part: text.slice(at, at + SCRAPE_PART),
          isLast: at + SCRAPE_PART >= text.length,
        })
    })
  }

  #tell(word: ToListener): void {
    this.#parts.say(listenerLine(word))
  }
}

function placeOf(name: string, { monitoring, nodes }: Config): Place {
  if (!monitoring) return null
  const links = nodes.find((node) => node.name === name)?.links ?? []
  const link = monitoring.link === null ? links[0] : links.find((one) => one.name === monitoring.link)
  return link ? { address: link.address, port: monitoring.port } : null
}

const unheard = ({ address, port }: NonNullable<Place>, fault: string): Trouble => ({
  code: 'monitoring-unheard',
  severity: 'warning',
  message: `nothing listens at ${address}, port ${port}, for metrics and health: ${WORDS[fault] ?? fault}`,
  hint: `ss -Hltnp 'sport = :${port}' says who has the port; another one: lvsm cluster set monitoring-port=N`,
})
const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'somebody else has the port',
  EADDRNOTAVAIL: 'this node does not have the address',
}
