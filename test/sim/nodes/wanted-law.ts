/**
 * The laws of what operators want, judged by what the facts say that an agent was given, and by what its kernel does:
 *
 * 1. A realserver that is drained or stopped has no weight in the table of a director that answers for the service.
 * 2. Nobody answers for a group that is stopped.
 *
 * Each for longer than an agent that works needs.
 */
import { destKey, serviceKey } from '@lvsm/model'
import { Violation } from '../law.ts'
import type { Cluster } from '../cluster.ts'
import type { Node } from './node.ts'

const LONGEST_SERVED_MS = 1800
/** The way to the lease process, and its calls into a busy kernel. */
const LONGEST_OWNED_MS = 3000
const EVERY_MS = 50

interface Judged {
  readonly cluster: Cluster
  readonly nodes: readonly Node[]
}

export class WantedLaw {
  readonly #fleet: Judged
  /** Since when something is as it should not be. */
  readonly #since = new Map<string, number>()
  /** How often a law was put to the question. */
  asked = 0

  constructor(fleet: Judged) {
    this.#fleet = fleet
  }

  begin(): void {
    for (const node of this.#fleet.nodes) this.#judge(node)
    this.#fleet.cluster.schedule.in(EVERY_MS, () => this.begin())
  }

  #judge(node: Node): void {
    const { config, machine, plane, works } = node
    const { now } = this.#fleet.cluster.schedule
    const answers = (address: string): boolean => machine.kernel.now.answersUntil(address, 'announce') > now
    for (const { name, realservers, ...service } of config.services) {
      if (!answers(service.address)) continue
      const dests = plane.services.get(serviceKey(service))?.dests
      for (const entry of realservers) {
        if (node.wantedOf(name, entry.node) === 'serve') continue
        this.asked += 1
        const wrong = works && (dests?.get(destKey(entry))?.weight ?? 0) > 0
        this.#note(`${node.name} serves ${entry.node} of ${name}, which is not to serve`, wrong, LONGEST_SERVED_MS)
      }
    }
    for (const { name, addresses } of config.groups) {
      const wrong = node.isStopped(name)
      if (wrong) this.asked += 1
      const answered = addresses.some(({ address }) => answers(address))
      this.#note(`${node.name} answers for ${name}, which is stopped`, wrong && works && answered, LONGEST_OWNED_MS)
    }
  }

  #note(what: string, isWrong: boolean, longestMs: number): void {
    const { now } = this.#fleet.cluster.schedule
    if (!isWrong) return void this.#since.delete(what)
    const since = this.#since.get(what) ?? now
    this.#since.set(what, since)
    if (now - since > longestMs) throw new Violation(`wanted: ${what}`)
  }
}
