/**
 * The laws of what is told of what happened, judged on the list that each node shows at the end by what went over the links; shares
 * nothing with the code that orders it.
 *
 * 1. A lease is lost, given up or released before a later one of the same group is taken.
 * 2. What a node tells of itself stands as it happened to it, over all lives of its agent.
 * 3. What another node told stands before what happened to a node after it had heard that. What is over stands where it was gone, and
 *    is told some seconds later.
 * 4. What was told ten seconds later stands later, however wall clocks were set: nothing new is hidden above what is old.
 * 5. A step of a wall clock is marked, once, by the node whose it is.
 * 6. What a node told some time before its agent, or its machine, ended, it knows afterwards.
 */
import { decodeMessage, type EventReport, type HistoryEvent } from '@lvsm/protocol'
import type { NodeEffect, NodeInput } from '../../../agent/node/core/index.ts'
import { Violation } from '../law.ts'
import type { Fleet } from './fleet.ts'

/** Of what it told so long before its end a process has written all to its disk. */
const WRITTEN_MS = 12_000
const LATER_MS = 10_000
/** Whoever lives has told by then what happened. */
const TOLD_MS = 12_000

interface Told {
  readonly key: string
  readonly kind: string
  readonly at: number
  /** Of its node's agent. */
  readonly life: string
  /** Of the list of what its node had heard: so many came before. */
  readonly after: number
}
interface Teller {
  /** Keys of what it heard of others. */
  readonly heard: string[]
  readonly told: Map<string, Told>
  /** How much it had heard when it spoke, the last one last; none: it has just started, and listens. */
  readonly spoke: { readonly at: number; readonly heard: number }[]
  /** Life → when it spoke last. */
  readonly lived: Map<string, number>
  life: string
}
/** How much it had heard by then when it spoke. */
const heardBy = ({ spoke }: Teller, at: number): number => spoke.findLast((one) => one.at <= at)?.heard ?? 0

const keyOf = (node: string, { origin }: Pick<EventReport, 'origin'>): string =>
  `${node} ${origin?.life} ${origin?.serial}`

export class Chronicle {
  readonly #fleet: Fleet
  readonly #tellers = new Map<string, Teller>()
  readonly #steps = new Map<string, number>()
  /** How often a law was put to the question. */
  asked = 0

  constructor(fleet: Fleet) {
    this.#fleet = fleet
    fleet.stepped = (node, input, effects) => this.#stepped(node, input, effects)
  }
  /** Somebody set a wall clock. */
  stepped(name: string): void {
    this.#steps.set(name, (this.#steps.get(name) ?? 0) + 1)
    const { schedule } = this.#fleet.cluster
    const [at, { agent }] = [schedule.now, this.#fleet.node(name)]
    schedule.in(TOLD_MS, () => {
      // One that ended meanwhile may have told nobody.
      if (!agent || agent !== this.#fleet.node(name).agent) return
      this.asked += 1
      const isTold = [...this.#teller(name).told.values()].some((one) => one.kind === 'clock' && one.at >= at)
      if (!isTold) throw new Violation(`chronicle: the clock of ${name} was set, and nobody is told`)
    })
  }

  #teller(node: string): Teller {
    const known = this.#tellers.get(node) ?? { heard: [], told: new Map(), spoke: [], lived: new Map(), life: '' }
    this.#tellers.set(node, known)
    return known
  }
  #stepped(node: string, input: NodeInput, effects: readonly NodeEffect[]): void {
    const teller = this.#teller(node)
    if (input.kind === 'message')
      for (const event of eventsIn(input.text)?.events ?? []) teller.heard.push(keyOf(input.from, event))
    const { now } = this.#fleet.cluster.schedule
    for (const effect of effects) {
      const said = effect.kind === 'message' ? eventsIn(effect.text) : null
      if (!said) continue
      if (said.boot !== teller.life) teller.spoke.length = 0
      teller.life = said.boot
      teller.lived.set(said.boot, now)
      for (const event of said.events) {
        const key = keyOf(node, event)
        if (teller.told.has(key)) continue
        const { kind } = event
        const after = heardBy(teller, kind === 'over' ? now - LATER_MS : now)
        teller.told.set(key, { key, kind, at: now, life: said.boot, after })
      }
      if (said.isListening) continue
      teller.spoke.push({ at: now, heard: teller.heard.length })
    }
  }

  /** What every node shows now. */
  judge(): void {
    for (const { name, agent } of this.#fleet.nodes) {
      const shown = agent?.core.events().events
      if (!shown) throw new Violation(`chronicle: the agent of ${name} does not run`)
      this.#judgeLeases(name, shown)
      this.#judgeTold(name, shown)
      this.#judgeSteps(name, shown)
    }
  }

  #judgeLeases(node: string, shown: readonly HistoryEvent[]): void {
    const highest = new Map<string, number>()
    for (const { kind, group, number } of shown) {
      const taken = highest.get(group) ?? 0
      if (kind === 'took') highest.set(group, Math.max(taken, number))
      if (!['lost', 'gave-up', 'released', 'took'].includes(kind) || number === 0) continue
      this.asked += 1
      if (number < taken)
        throw new Violation(`chronicle: ${node} shows ${kind} ${number} of ${group} after took ${taken}`)
    }
  }

  #judgeTold(node: string, shown: readonly HistoryEvent[]): void {
    const places = new Map(shown.map((event, at) => [keyOf(event.node, event), at] as const))
    const all = [...this.#tellers].flatMap(([name, { told }]) => [...told.values()].map((one) => ({ name, ...one })))
    for (const one of all) {
      const place = places.get(one.key)
      if (place === undefined && one.name === node && this.#isWritten(one))
        throw new Violation(`chronicle: ${node} has forgotten ${one.key}`)
      if (place === undefined) continue
      const causes = this.#teller(one.name).heard.slice(0, one.after)
      for (const cause of new Set(causes)) this.#demand(node, shown, [places.get(cause), place], 'was heard before')
      for (const other of all) {
        const isLater = other.at - one.at > LATER_MS || (other.name === one.name && other.at > one.at)
        if (isLater) this.#demand(node, shown, [place, places.get(other.key)], 'was told before')
      }
    }
  }
  /** It is in the memory of who lives; who ended had written it. */
  #isWritten({ name, life, at }: Told & { readonly name: string }): boolean {
    const teller = this.#teller(name)
    return life === teller.life || (teller.lived.get(life) ?? 0) - at > WRITTEN_MS
  }
  #demand(
    node: string,
    shown: readonly HistoryEvent[],
    [first, second]: readonly [number | undefined, number | undefined],
    why: string,
  ): void {
    if (first === undefined || second === undefined) return
    this.asked += 1
    if (first < second) return
    const text = (at: number): string => JSON.stringify(shown[at])
    throw new Violation(`chronicle: ${node} shows ${text(first)} behind ${text(second)}, and it ${why}`)
  }

  #judgeSteps(node: string, shown: readonly HistoryEvent[]): void {
    const marked = shown.filter((event) => event.node === node && event.kind === 'clock').length
    const made = this.#steps.get(node) ?? 0
    if (marked > made)
      throw new Violation(`chronicle: ${node} marks ${marked} steps of its clock, and there were ${made}`)
  }
}

/** Null: it is no state. */
function eventsIn(
  text: string,
): { readonly boot: string; readonly events: readonly EventReport[]; readonly isListening: boolean } | null {
  const read = decodeMessage(text)
  if (!read.ok || read.message.kind !== 'state') return null
  const { boot = '', events, clock } = read.message
  return { boot, events, isListening: clock === undefined }
}
