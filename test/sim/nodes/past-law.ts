/**
 * The law of what is said about the past. Samples are taken while a cluster lives: of each agent what `lvsm explain` would say of every
 * group and service, and what is true. Later the agents are asked about those moments:
 *
 * 1. of a moment that this life of the agent saw there is an answer, of one before it none;
 * 2. what is said of then was said then, a second earlier at most, and began no later than then;
 * 3. what is said of who owned what, and of what was served, was true then, or shortly before;
 * 4. whether a service is served, `lvsm explain` says as the head of the same status does.
 */
import type { Instant } from '@lvsm/base'
import { type HistoryEvent, judge, type RecordedReport, type Status } from '@lvsm/protocol'
import { explain } from '../../../packages/cli/src/explain/explain.ts'
import type { Subject } from '../../../packages/cli/src/explain/subject.ts'
import type { NodeCore } from '../../../agent/node/core/index.ts'
import { Violation } from '../law.ts'
import type { Fleet } from './fleet.ts'
import type { Node } from './node.ts'

const EVERY_MS = 500
/** What changed is recorded within a second, and an agent that is busy does it a little later. */
const RECORDED_MS = 2000
/** It looks, listens and records first. */
const WARM_MS = 3000

type Agent = Exclude<Node['agent'], null>
type Recalls = (core: NodeCore, now: Instant, agoMs: number) => RecordedReport

/** What one agent would have said, subject by subject. */
interface Said {
  readonly agent: Agent
  /** By its own clock. */
  readonly at: Instant
  readonly words: ReadonlyMap<string, string>
}
interface Sample {
  readonly at: number
  readonly said: ReadonlyMap<string, Said>
  /** Group → its owner, service → `served` or `not served`. */
  readonly truth: ReadonlyMap<string, string>
}

const nameOf = ({ kind, name }: Subject): string => `${kind} ${name}`
const subjectsOf = ({ groups, services }: Status): Subject[] => [
  ...groups.map(({ name }) => ({ kind: 'group' as const, name })),
  ...services.map(({ name }) => ({ kind: 'service' as const, name })),
]
/** Who owns it, or whether it is served; null: that is not said. */
function claimOf(what: string): string | null {
  const owner = /^(\S+) owns group /.exec(what)?.[1]
  if (owner !== undefined) return owner === 'who' ? null : owner
  if (what.startsWith('nobody owns group ')) return 'nobody'
  return /^service \S+ \([^)]*\) is (served|not served)/.exec(what)?.[1] ?? null
}

export class PastLaw {
  readonly #fleet: Fleet
  readonly #samples: Sample[] = []
  /** When each agent began. */
  readonly #born = new Map<Agent, Instant>()
  /** What is said may be untrue for so long. */
  readonly #knownMs: number
  asked = 0

  constructor(fleet: Fleet, knownMs: number) {
    this.#fleet = fleet
    this.#knownMs = knownMs
  }

  begin(): void {
    this.#take()
    this.#fleet.cluster.schedule.in(EVERY_MS, () => this.begin())
  }

  /** About some of the moments since then. */
  ask(sinceMs: number, times: number): void {
    const { cluster, nodes } = this.#fleet
    const recent = this.#samples.filter(({ at }) => at >= sinceMs)
    for (let left = times; left > 0 && recent.length > 0; left--) {
      const sample = cluster.pick(recent)
      for (const node of nodes) if (node.agent) this.#askOne(node, node.agent, sample)
    }
  }

  #take(): void {
    const { cluster, nodes, config, headLaw } = this.#fleet
    const truth = new Map<string, string>()
    for (const group of cluster.groups) truth.set(`group ${group.name}`, cluster.ownerOf(group)?.name ?? 'nobody')
    for (const service of config.services)
      truth.set(`service ${service.name}`, headLaw.isServed(service) ? 'served' : 'not served')
    const said = new Map<string, Said>()
    for (const { name, agent, machine } of nodes) {
      if (!agent) continue
      const at = machine.clock.read(cluster.schedule.now)
      if (!this.#born.has(agent)) this.#born.set(agent, at)
      const status = agent.status()
      const words = wordsOf(status, cluster.plant.explains ?? explain)
      asTheHead(name, status, words)
      said.set(name, { agent, at, words })
    }
    this.#samples.push({ at: cluster.schedule.now, said, truth })
  }

  #askOne(node: Node, agent: Agent, sample: Sample): void {
    const { plant, schedule } = this.#fleet.cluster
    const then = sample.said.get(node.name)
    const now = node.machine.clock.read(schedule.now)
    const born = this.#born.get(agent)
    if (!then || born === undefined) return
    const recalls: Recalls = plant.recalls ?? ((core, at, agoMs) => core.recorded(at, agoMs))
    const report = recalls(agent.core, now, now - then.at)
    const where = `${node.name} says of ${((schedule.now - sample.at) / 1000).toFixed(1)} s ago`
    if (then.agent !== agent) {
      if (then.at < born && report.found) throw new Violation(`past: ${where} what it cannot know: it did not run then`)
      return
    }
    if (now - then.at < RECORDED_MS || then.at - born < WARM_MS) return
    if (!report.found) throw new Violation(`past: ${where} that it is not recorded: ${JSON.stringify(report.spans)}`)
    const { status } = report.found
    const wallMs = agent.wallMs(now) - (now - then.at)
    const events = agent.core.events(now).events.filter(({ ageMs = 0 }) => ageMs >= now - then.at)
    for (const subject of subjectsOf(status))
      this.#judge({ where, node, agent, sample, wallMs }, { status, events }, subject)
  }

  #judge(
    { where, node, agent, sample, wallMs }: Asked,
    known: { readonly status: Status; readonly events: readonly HistoryEvent[] },
    subject: Subject,
  ): void {
    const { what, since } = (this.#fleet.cluster.plant.explains ?? explain)(known, subject)
    const name = nameOf(subject)
    this.asked += 1
    const around = this.#samples.filter(({ at }) => at >= sample.at - RECORDED_MS && at <= sample.at + EVERY_MS)
    const heard = around.flatMap(({ said }) => {
      const one = said.get(node.name)
      return one?.agent === agent ? [one.words.get(name)] : []
    })
    const group = /group (\S+) \([^)]*\) is moving|nobody owns group (\S+) /.exec(what)?.slice(1).find(Boolean)
    const owners = new Set(around.map(({ truth }) => truth.get(`group ${group}`)))
    // A move may begin and end between two samples.
    if (!heard.includes(what) && owners.size < 2)
      throw new Violation(`past: ${where}: ${what}; what it said then was: ${[...new Set(heard)].join(' | ')}`)
    if (since !== null && Date.parse(since) > wallMs + EVERY_MS)
      throw new Violation(`past: ${where}: ${what} since ${since}, which came later`)
    const claim = claimOf(what)
    if (claim === null || !node.works) return
    const truths = this.#samples
      .filter(({ at }) => at >= sample.at - this.#knownMs && at <= sample.at + EVERY_MS)
      .map(({ truth }) => truth.get(name))
    if (!truths.includes(claim))
      throw new Violation(`past: ${where}: ${what}; true was: ${[...new Set(truths)].join(' | ')}`)
  }
}

interface Asked {
  readonly where: string
  readonly node: Node
  readonly agent: Agent
  readonly sample: Sample
  /** Of the node, then. */
  readonly wallMs: number
}

const wordsOf = (status: Status, explains: typeof explain): Map<string, string> =>
  new Map(subjectsOf(status).map((subject) => [nameOf(subject), explains({ status, events: [] }, subject).what]))

/** What operators took out of service is judged by neither. */
function asTheHead(node: string, status: Status, words: ReadonlyMap<string, string>): void {
  for (const [name, served] of judge(status).served) {
    const what = words.get(`service ${name}`) ?? ''
    const claim = claimOf(what)
    const head = served === null ? null : served ? 'served' : 'not served'
    if (claim !== head) throw new Violation(`past: ${node} explains: ${what}; its head says ${head ?? 'not known'}`)
  }
}
