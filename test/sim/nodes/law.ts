/**
 * The laws of the data plane, judged by true time on what the simulated kernels hold; shares nothing with the code that it
 * judges.
 *
 * 1. Nothing foreign is touched: addresses, routes, settings, services and destinations of others stay as they were.
 * 2. No operation takes the last destination with weight from a service of which a realserver that may serve has lived all the
 *    time.
 * 3. Such a service has no empty table on its owner for longer than a look needs. A backup that lives is such a realserver.
 * 4. A realserver is silent in ARP before it has a VIP of IPv4, wherever it stands.
 * 5. Every command is answered exactly once, within its time (`operators`).
 */
import { addressOf, destKey, serviceKey } from '@lvsm/model'
import { type Operation } from '@lvsm/plan'
import { LOOPBACK } from '../../kit/data-plane.ts'
import { Violation } from '../law.ts'
import type { Cluster } from '../cluster.ts'
import type { Node } from './node.ts'

/** Whose nodes are judged, and which of their realservers serve. */
interface Judged {
  readonly cluster: Cluster
  readonly nodes: readonly Node[]
  readonly servers: { of(node: string): { readonly lives: boolean } }
}

/** A look, and the calls into a busy kernel that follow. */
const LONGEST_EMPTY_MS = 1800
const EVERY_MS = 50

export class PlaneLaw {
  readonly #fleet: Judged
  readonly #foreign = new Map<Node, string>()
  /** Since when a table of an owner is empty, by node and service. */
  readonly #empty = new Map<string, number>()
  /** How often a law was put to the question. */
  asked = 0

  constructor(fleet: Judged) {
    this.#fleet = fleet
  }

  begin(): void {
    for (const node of this.#fleet.nodes) this.strangerChanged(node)
    this.#watch()
  }
  /** Somebody else changed what is somebody else's. */
  strangerChanged(node: Node): void {
    this.#foreign.set(node, node.plane.foreign())
  }

  /** An operation of a node's agent, carried out between these two. */
  judge(node: Node, operation: Operation, apply: () => string | null): string | null {
    const before = this.#serving(node, operation)
    const comes = operation.kind === 'alias-add' || operation.kind === 'local-route-add'
    if (comes && !operation.address.includes(':')) this.#judgeArp(node, operation.address)
    const error = apply()
    this.asked += 1
    const { plane, name } = node
    if (plane.foreign() !== this.#foreign.get(node))
      throw new Violation(`foreign: ${name} does ${operation.kind}, and what is not ours is ${plane.foreign()}`)
    if (before && !this.#serving(node, operation) && this.#mustServe(node, operation))
      throw new Violation(`nobody left: ${name} does ${operation.kind}, and the table is empty`)
    return error
  }

  #serving({ plane }: Node, operation: Operation): boolean {
    const service = 'service' in operation ? plane.services.get(serviceKey(operation.service)) : undefined
    return [...(service?.dests.values() ?? [])].some(({ weight }) => weight > 0)
  }
  /** Its configuration names a realserver with weight that has lived all the time. */
  #mustServe(node: Node, operation: Operation): boolean {
    // An agent that was told something else this moment may still do what was wanted before.
    if (!('service' in operation) || node.steadyMs < LONGEST_EMPTY_MS) return false
    if (operation.kind === 'dest-flush' && !this.#answers(node, addressOf(operation.service) ?? '')) return false
    return this.#living(node, serviceKey(operation.service))
  }
  #living(node: Node, key: string): boolean {
    const service = node.config.services.find((one) => serviceKey(one) === key)
    return (service?.realservers ?? []).some(
      (entry) =>
        entry.weight > 0 &&
        this.#fleet.servers.of(entry.node).lives &&
        node.wantedOf(service?.name ?? '', entry.node) === 'serve',
    )
  }
  #answers({ machine }: Node, address: string): boolean {
    return machine.kernel.now.answersUntil(address, 'serve') > this.#fleet.cluster.schedule.now
  }

  #judgeArp({ plane, name }: Node, address: string): void {
    const value = (key: string): string => plane.settings.get(`net/ipv4/conf/all/${key}`) ?? ''
    if (value('arp_ignore') === '0' || value('arp_announce') !== '2')
      throw new Violation(`loud: ${name} has ${address} on interface ${LOOPBACK}, and answers ARP for it`)
  }

  #watch(): void {
    const { schedule } = this.#fleet.cluster
    for (const node of this.#fleet.nodes)
      for (const service of node.config.services) this.#judgeTable(node, serviceKey(service), service.address)
    schedule.in(EVERY_MS, () => this.#watch())
  }
  #judgeTable(node: Node, key: string, address: string): void {
    const at = `${node.name} ${key}`
    const { now } = this.#fleet.cluster.schedule
    const dests = [...(node.plane.services.get(key)?.dests.values() ?? [])]
    const full = dests.some(({ weight }) => weight > 0)
    if (full || !node.works || !this.#answers(node, address) || !this.#living(node, key)) {
      this.#empty.delete(at)
      return
    }
    this.asked += 1
    const since = this.#empty.get(at) ?? now
    this.#empty.set(at, since)
    if (now - since > LONGEST_EMPTY_MS)
      throw new Violation(
        `empty: ${node.name} answers for ${key}, and has nobody to serve it (${dests.map(destKey).join(', ')})`,
      )
  }
}
