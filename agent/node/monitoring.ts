/**
 * `lvsm-prober` as this agent has it: it makes checks, and it listens. It is told where, and each second whether the node is well; scrapes are
 * answered.
 */
import type { Trouble } from '@lvsm/base'
import type { Config, ConfigMonitoring } from '@lvsm/model'
import {
  AGENT_FACTS,
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
import { SecretFiles } from './secret-files.ts'
import { Prober } from './adapters/prober.ts'
import type { NodeEffect, NodeInput } from './core/index.ts'
import type { Machine } from './machine.ts'
import type { ProberOptions } from './ports.ts'

const SECOND_MS = 1000
/** Where it could not listen it is tried again after so many seconds. */
const AGAIN_S = 5

type Place = Extract<ToListener, { readonly listen: unknown }>['listen']

export interface MonitoringParts {
  /** To the process that listens; it is started where it does not run. */
  say(line: string): void
  well(): WellFacts
  metrics(wanted: MetricsQuery, done: (outcome: CountsOutcome) => void): void
  /** One for each of those that listen. */
  trouble(of: Door['key'], found: Trouble | null): void
}

/** Alerts, and hooks: what is done for the core beside its loop. */
type Aside = Extract<NodeEffect, { readonly kind: 'deliver' | 'hook' }>
export interface Asking extends Pick<Prober, 'check' | 'figures' | 'close'>, Pick<Monitoring, 'configure'> {
  carry(effect: Aside, feed: (input: NodeInput) => void): void
}

/** It runs when there is something to do. */
export function startProber(
  { clock, say }: Pick<Machine, 'clock' | 'say'>,
  report: (source: string, found: Trouble | null) => void,
  parts: Pick<MonitoringParts, 'well' | 'metrics'> & Pick<ProberOptions, 'late'>,
): Asking {
  const prober = new Prober({
    clock: () => clock(),
    say: (text) => say(text),
    trouble: (found) => report('prober', found),
    unable: (probe, found) => report(`prober ${probe}`, found),
    began: () => monitoring.began(),
    other: (line) => monitoring.heard(line),
    late: (ms) => parts.late?.(ms),
  })
  const hooks = new HookRunner()
  const secrets = new SecretFiles()
  const monitoring = new Monitoring({
    ...parts,
    say: (line) => prober.tell(line),
    trouble: (of, found) => report(of, found),
  })
  return {
    check(id, wanted, done) {
      // What this node lacks is no word about a server.
      const read = secrets.with(wanted.keys, clock())
      if (read.ok) prober.check(id, { ...wanted, keys: read.keys }, done)
      else done(null, read.reason)
    },
    carry(effect, feed) {
      const { id } = effect
      if (effect.kind === 'hook') hooks.run(effect, (ok, reason) => feed({ kind: 'hooked', id, ok, reason }))
      else {
        const done = (ok: boolean | null, reason: string): void => feed({ kind: 'delivered', id, ok, reason })
        const read = secrets.with(effect.keys, clock())
        if (read.ok) prober.deliver(id, { ...effect, keys: read.keys }, done)
        else done(false, read.reason)
      }
    },
    figures: () => prober.figures(),
    configure: (...configured) => monitoring.configure(...configured),
    close() {
      hooks.close()
      monitoring.close()
      prober.close()
    },
  }
}

/** One of those that listen: for HTTP, or for HAProxy. */
interface Door {
  readonly what: string
  readonly key: 'monitoring-port' | 'agent-port'
  readonly said: (config: Config) => ConfigMonitoring | null
  readonly word: (place: Place) => ToListener
  place: Place
  unheard: string | null
}
const doors = (): readonly Door[] => [
  {
    ...{ what: 'metrics and health', key: 'monitoring-port', said: ({ monitoring }) => monitoring },
    ...{ word: (listen) => ({ listen }), place: null, unheard: null },
  },
  {
    ...{ what: 'HAProxy', key: 'agent-port', said: ({ agentCheck }) => agentCheck },
    ...{ word: (agentListen) => ({ agentListen }), place: null, unheard: null },
  },
]

export class Monitoring {
  readonly #parts: MonitoringParts
  readonly #timer: NodeJS.Timeout
  readonly #doors = doors()
  #ticks = 0

  constructor(parts: MonitoringParts) {
    this.#parts = parts
    this.#timer = setInterval(() => this.#tick(), SECOND_MS).unref()
  }

  configure(node: string, config: Config): void {
    const before = this.#places()
    for (const door of this.#doors) door.place = placeOf(node, config, door.said(config))
    if (this.#places() !== before) this.began()
  }
  #places(): string {
    return JSON.stringify(this.#doors.map(({ place }) => place))
  }
  /** The process that listens is new. */
  began(): void {
    for (const { word, place } of this.#doors) this.#tell(word(place))
    if (this.#isOpen()) this.#tellFacts()
  }
  #isOpen(): boolean {
    return this.#doors.some(({ place }) => place !== null)
  }
  heard(line: string): void {
    const word = readFromListener(line)
    if (!word) return
    if ('scrape' in word) this.#scrape(word)
    else
      this.#listening(
        'unheard' in word ? 'monitoring-port' : 'agent-port',
        'unheard' in word ? word.unheard : word.agentUnheard,
      )
  }
  close(): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    this.#ticks += 1
    if (!this.#isOpen()) return
    for (const { word, place, unheard } of this.#doors)
      if (unheard !== null && place !== null && this.#ticks % AGAIN_S === 0) this.#tell(word(place))
    this.#tellFacts()
  }
  #tellFacts(): void {
    const { agent, ...facts } = this.#parts.well()
    this.#tell({ facts })
    if (agent === undefined) return
    // Of a node whose processes do not work nothing is known.
    const said = facts.alive === '' ? agent : []
    for (let at = 0; at === 0 || at < said.length; at += AGENT_FACTS)
      this.#tell({ agent: said.slice(at, at + AGENT_FACTS), isLast: at + AGENT_FACTS >= said.length })
  }

  #listening(key: Door['key'], fault: string | null): void {
    for (const door of this.#doors) {
      if (door.key !== key) continue
      door.unheard = fault
      this.#parts.trouble(key, door.place !== null && fault !== null ? unheardTrouble(door) : null)
    }
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

function placeOf(name: string, { nodes }: Config, said: ConfigMonitoring | null): Place {
  if (!said) return null
  const links = nodes.find((node) => node.name === name)?.links ?? []
  const link = said.link === null ? links[0] : links.find((one) => one.name === said.link)
  return link ? { address: link.address, port: said.port } : null
}

const unheardTrouble = ({ place, unheard, what, key }: Door): Trouble => ({
  code: 'monitoring-unheard',
  severity: 'warning',
  message: `nothing listens at ${place?.address}, port ${place?.port}, for ${what}: ${WORDS[unheard ?? ''] ?? unheard}`,
  hint: `ss -Hltnp 'sport = :${place?.port}' says who has the port; another one: ${key}: N in the configuration; with coordinators: lvsm cluster set ${key}=N`,
})
const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'somebody else has the port',
  EADDRNOTAVAIL: 'this node does not have the address',
}
