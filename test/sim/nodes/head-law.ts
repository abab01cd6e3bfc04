/**
 * The law of a status, judged by true time on what kernels, agents and servers really do: whoever says that a service is served, or that it is
 * not, who owns a group, that a node is dead, what a table has, or that configurations differ, is right within a bounded time. What is
 * not known may be said at any time.
 */
import { type ConfigService, destKey, serviceKey } from '@lvsm/model'
import { isTold, judge, type Status, troubleKind, type Verdict } from '@lvsm/protocol'
import { Violation } from '../law.ts'
import type { Cluster } from '../cluster.ts'
import type { Node } from './node.ts'
import type { Servers } from './servers.ts'

interface Judged {
  readonly cluster: Cluster
  readonly nodes: readonly Node[]
  readonly servers: Pick<Servers, 'at'>
}

const EVERY_MS = 250
/** What an agent said counts for 6 s, and a part of a table that got lost is told again after 6 s more; then come checks. */
const WHATEVER_IS_LOST_MS = 20_000

export class HeadLaw {
  readonly #fleet: Judged
  /** Since when somebody says what is not so. */
  readonly #since = new Map<string, number>()
  /** For so long it may. */
  longestMs = WHATEVER_IS_LOST_MS
  /** How often a head was compared with what is true. */
  asked = 0

  constructor(fleet: Judged) {
    this.#fleet = fleet
  }

  begin(): void {
    for (const node of this.#fleet.nodes) this.#judge(node)
    this.#fleet.cluster.schedule.in(EVERY_MS, () => this.begin())
  }

  /** Does somebody answer for it, with a realserver in his table that serves? */
  isServed(service: ConfigService): boolean {
    const { cluster, nodes, servers } = this.#fleet
    return nodes.some(({ machine, plane }) => {
      const answers = (part: 'announce' | 'serve'): boolean =>
        machine.kernel.now.answersUntil(service.address, part) > cluster.schedule.now
      if (!answers('announce') || !answers('serve')) return false
      const dests = [...(plane.services.get(serviceKey(service))?.dests.values() ?? [])]
      return dests.some(({ address, weight }) => weight > 0 && servers.at(address)?.health === 'alive')
    })
  }

  #judge(node: Node): void {
    const status = node.works ? node.agent?.status() : undefined
    const verdict = status && this.#judged(status)
    for (const service of node.config.services) {
      const said = verdict?.served.get(service.name) ?? null
      const is = this.isServed(service)
      if (said !== null) this.asked += 1
      const text = `${node.name} says that ${service.name} is`
      this.#note(`${text} served`, said === true && !is)
      this.#note(`${text} not served`, said === false && is)
    }
    this.#judgeOwners(node, status?.groups ?? [])
    this.#judgeNodes(node, status?.nodes ?? [])
    this.#judgeTables(node, status)
    this.#judgeTroubles(node, status?.troubles ?? [])
  }

  /** Who owns a group, or that nobody does. */
  #judgeOwners({ name }: Node, said: Status['groups']): void {
    const { cluster } = this.#fleet
    for (const group of cluster.groups) {
      const report = said.find((one) => one.name === group.name)
      const is = cluster.ownerOf(group)?.name ?? null
      const owner = report?.state === 'owned' ? report.owner : null
      for (const node of this.#fleet.nodes)
        this.#note(`${name} says that ${node.name} owns ${group.name}`, owner === node.name && is !== owner)
      this.#note(`${name} says that nobody owns ${group.name}`, report?.state === 'nobody' && is !== null)
    }
  }

  /** Who is dead, and whose agent speaks. */
  #judgeNodes({ name }: Node, said: Status['nodes']): void {
    const { cluster, nodes } = this.#fleet
    const owners = new Set(cluster.groups.map((group) => cluster.ownerOf(group)?.name))
    for (const other of nodes) {
      const report = said.find((one) => one.name === other.name)
      // Who has a lease is heard by a majority.
      this.#note(`${name} says that ${other.name} is dead`, report?.state === 'dead' && owners.has(other.name))
      this.#note(
        `${name} says that it hears the agent of ${other.name}`,
        report?.agent === true && other.agent === null,
      )
    }
  }

  /** The owner's own table, and the health of those in it. */
  #judgeTables({ name, config }: Node, status: Status | undefined): void {
    const { nodes, servers } = this.#fleet
    for (const service of config.services) {
      const said = status?.services.find((one) => one.name === service.name)
      const owner = status?.groups.find((one) => one.name === service.group)?.owner ?? null
      const plane = nodes.find((node) => node.name === owner)?.plane
      const told = status !== undefined && said !== undefined && isTold(status, said)
      for (const { node, address, port } of service.realservers) {
        const row = told ? said.realservers.find((one) => one.node === node && one.port === port) : undefined
        const alive = servers.at(address)?.health === 'alive'
        const weight = plane?.services.get(serviceKey(service))?.dests.get(destKey({ address, port }))?.weight ?? 0
        const text = `${name} says of ${node} in ${service.name} that it`
        this.#note(`${text} is healthy`, row?.healthy === true && !alive)
        this.#note(`${text} failed`, row?.healthy === false && alive)
        this.#note(`${text} has another weight`, row !== undefined && row.weight !== weight)
      }
    }
  }

  #judgeTroubles({ name }: Node, said: Status['troubles']): void {
    const strange = said.find(({ code }) => troubleKind(code) === null)
    if (strange) throw new Violation(`head: ${name} says ${strange.code}, which no table of troubles has`)
    const revisions = new Set(this.#fleet.nodes.map(({ config }) => config.revision))
    const disagrees = said.some(({ code }) => code === 'disagreement')
    this.#note(`${name} says that configurations differ`, disagrees && revisions.size === 1)
  }

  verdictOf({ agent }: Node) {
    const status = agent?.status()
    return status ? this.#judged(status) : null
  }
  #judged(status: Status): Verdict {
    return (this.#fleet.cluster.plant.judges ?? judge)(status)
  }

  #note(what: string, isFalse: boolean): void {
    const { now } = this.#fleet.cluster.schedule
    if (!isFalse) return void this.#since.delete(what)
    const since = this.#since.get(what) ?? now
    this.#since.set(what, since)
    if (now - since > this.longestMs)
      throw new Violation(`head: ${what}, and that is false for ${((now - since) / 1000).toFixed(1)} s`)
  }
}
