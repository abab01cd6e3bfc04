/** A cluster of whole nodes: to each machine of the lease half an agent and a data plane, and around them servers, clients and operators. */
import { seededRandom } from '@lvsm/base'
import { NO_FACTS } from '@lvsm/changes'
import type { Facts } from '@lvsm/protocol'
import { type Config, destKey, serviceKey, specOf, specText } from '@lvsm/model'
import type { Cluster } from '../cluster.ts'
import { Clients } from './clients.ts'
import { besidesOf, configOf, type Draft, insideOf, isDirector, outsideOf } from './draft.ts'
import { HeadLaw } from './head-law.ts'
import type { Household } from './household.ts'
import { PlaneLaw } from './law.ts'
import { Node } from './node.ts'
import { Operators } from './operators.ts'
import { Servers } from './servers.ts'
import { WantedLaw } from './wanted-law.ts'

const LOOKS_MS = 2500
/**
 * What happened lately is told for minutes, and wall clocks that were set stay so. What is somebody else's stays, and is told all the time: `foreign…`.
 */
const REMEMBERED: ReadonlySet<string> = new Set([
  ...['late', 'dropped', 'not-sent', 'messages-lost', 'fought-over', 'address-conflict'],
  ...['lossy-link', 'owner-changes-often', 'clock-apart', 'lease-retaken', 'fence-reopened'],
])
const SETTLE_MS = 25_000

export class Fleet implements Household {
  readonly cluster: Cluster
  readonly drafts: readonly [Draft, ...Draft[]]
  readonly configs: readonly [Config, ...Config[]]
  readonly servers: Servers
  readonly law: PlaneLaw
  readonly wantedLaw: WantedLaw
  readonly headLaw: HeadLaw
  readonly operators: Operators
  readonly nodes: readonly Node[]
  readonly clients: Clients
  stepped?: Exclude<Household['stepped'], undefined>
  /** What operators want for a while, as the coordinators have it. */
  facts: Facts = NO_FACTS

  constructor(cluster: Cluster) {
    const [first, ...rest] = cluster.shape.drafts ?? []
    if (!first) throw new Error('whole nodes have a configuration')
    this.cluster = cluster
    this.drafts = [first, ...rest]
    this.configs = [configOf(first, 1), ...rest.map((draft, at) => configOf(draft, at + 2))]
    const random = () => seededRandom(cluster.random.next() * 2 ** 32)
    this.servers = new Servers(
      first.nodes.filter((node) => !isDirector(node)),
      cluster.schedule,
    )
    this.law = new PlaneLaw(this)
    this.wantedLaw = new WantedLaw(this)
    this.headLaw = new HeadLaw(this)
    this.operators = new Operators(this)
    this.nodes = cluster.machines.map((machine) => new Node(machine, this, random()))
    for (const node of this.nodes) node.machine.reconciler = node
    this.clients = new Clients(this, random())
    this.law.begin()
    this.wantedLaw.begin()
    this.headLaw.begin()
  }

  get draft(): Draft {
    return this.drafts[this.cluster.revision] ?? this.drafts[0]
  }
  get config(): Config {
    return this.configs[this.cluster.revision] ?? this.configs[0]
  }
  node(name: string): Node {
    const node = this.nodes.find((one) => one.name === name)
    if (!node) throw new Error(`there is no node ${name}`)
    return node
  }
  nodeAt(address: string): Node | undefined {
    return this.nodes.find(({ name }) => insideOf(name) === address || outsideOf(name) === address)
  }

  interfacesOf(name: string) {
    return [
      { name: 'inside', address: insideOf(name) },
      { name: 'inside', address: besidesOf(name) },
      { name: 'outside', address: outsideOf(name) },
    ]
  }
  interfaceOf(address: string): string {
    return address.startsWith('10.12.') ? 'inside' : 'outside'
  }
  lostPower(name: string): void {
    this.clients.sync.lostPower(this.node(name))
  }
  check(...asked: Parameters<Servers['check']>): void {
    this.servers.check(...asked)
  }

  start(): void {
    for (const node of this.nodes) {
      node.machine.start()
      node.start()
    }
  }

  /** What the cluster is not yet as the configuration says; null when it is. */
  unsettled(): string | null {
    const why = this.cluster.unsettled()
    if (why !== null) return why
    for (const node of this.nodes) {
      const fault = this.#faultOf(node)
      if (fault !== null) return `${node.name}: ${fault}`
    }
    return null
  }
  #faultOf(node: Node): string | null {
    if (!node.agent) return 'its agent does not run'
    if (node.config.revision !== this.config.revision) return `revision ${node.config.revision}`
    const trouble = node.agent
      .status()
      .troubles.find(({ code }) => !code.startsWith('foreign') && !REMEMBERED.has(code))
    if (trouble) return `${trouble.code}: ${trouble.message}`
    return tablesFault(this, node) ?? aliasesFault(this, node)
  }

  /** There comes a time from which on everything is as it should be, and no look yields an operation any more. */
  settles(when: string): string | null {
    const end = this.cluster.schedule.now + SETTLE_MS
    for (;;) {
      const left = Math.max(0, end - this.cluster.schedule.now)
      if (!this.cluster.runUntil(() => this.unsettled() === null, left, 100)) return `${when}: ${this.unsettled()}`
      const restless = this.#restless()
      if (restless === null || this.cluster.schedule.now >= end) return restless && `${when}: ${restless}`
    }
  }
  #restless(): string | null {
    const before = this.nodes.map(({ agent }) => ({ operations: 0, looks: 0, ...agent?.done }))
    this.cluster.run(LOOKS_MS)
    for (const [at, { name, agent }] of this.nodes.entries()) {
      if ((agent?.done.looks ?? 0) <= (before[at]?.looks ?? 0)) return `${name} does not look at its kernel`
      if (agent?.done.operations !== before[at]?.operations) return `${name} changes what was as it should be`
    }
    return this.unsettled()
  }
}

/** The table of a director, by the configuration and by who lives. */
function tablesFault({ servers, config }: Fleet, { name, plane }: Node): string | null {
  const mine = new Set(config.groups.filter(({ directors }) => directors.includes(name)).map((group) => group.name))
  const wanted = config.services.filter(({ group }) => mine.has(group))
  for (const [key, { dests }] of plane.services) {
    if (plane.strangers.has(key) || wanted.some((service) => serviceKey(service) === key)) continue
    // One that holds destinations of somebody else stays without ours.
    const theirs = [...dests.keys()].filter((dest) => plane.strangers.has(`${key} ${dest}`))
    if (theirs.length === 0 || theirs.length < dests.size) return `has ${key} still`
  }
  for (const service of wanted) {
    const key = serviceKey(service)
    const found = plane.services.get(key)
    const spec = specOf(service)
    if (!found || specText(found.spec) !== specText(spec))
      return `${key} is ${found ? specText(found.spec) : 'not there'}`
    const living = service.realservers.filter(({ node }) => servers.of(node).health === 'alive')
    // The last one stays when its check fails too.
    if (living.length === 0) continue
    const own = living.filter(({ backup }) => !backup)
    const serving = own.length > 0 ? own : living
    const text = ({
      address,
      port,
      forward,
      weight,
    }: {
      address: string
      port: number
      forward: string
      weight: number
    }) => `${destKey({ address, port })} ${forward} ${weight}`
    const ours = [...found.dests].filter(([dest]) => !plane.strangers.has(`${key} ${dest}`)).map(([, dest]) => dest)
    const [is, shall] = [ours.map(text).sort().join(', '), serving.map(text).sort().join(', ')]
    if (is !== shall) return `${key} has ${is}, not ${shall}`
  }
  return null
}

/** VIPs on lo, and the default route, of a realserver. */
function aliasesFault({ config }: Fleet, { name, plane }: Node): string | null {
  const entries = config.services.flatMap(({ address, realservers }) =>
    realservers.filter(({ node }) => node === name).map((entry) => ({ vip: address, ...entry })),
  )
  const wanted = new Set(entries.filter(({ forward }) => forward === 'dr').map(({ vip }) => vip))
  const found = plane.aliases.filter(({ label }) => label === 'lo:lvsm').map(({ address }) => address)
  if (found.sort().join() !== [...wanted].sort().join()) return `has ${found.join()} on lo, not ${[...wanted].join()}`
  for (const key of wanted.size > 0 ? ['arp_ignore', 'arp_announce'] : [])
    if (plane.settings.get(`net/ipv4/conf/all/${key}`) === '0') return `${key} is 0`
  const gateway = entries.find(({ forward }) => forward === 'nat')?.gateway ?? null
  const ours = plane.defaults.find(({ protocol }) => protocol === 76)?.gateway ?? null
  const others = plane.defaults.some(({ protocol }) => protocol !== 76)
  return ours === gateway || (others && ours === null) ? null : `goes by ${ours}, not ${gateway}`
}
