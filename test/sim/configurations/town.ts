/**
 * All nodes of one configuration, each with both of its cores, for a few seconds in which nothing fails: every law of the
 * simulation holds, whatever the processes say to each other fits its codec, and in the end nobody has anything left to do.
 */
import { familyOf, seededRandom } from '@lvsm/base'
import { type Cidr, type Config, FAMILIES, inNetwork, ownershipView } from '@lvsm/model'
import {
  decode,
  encode,
  type LeaseView,
  MAX_FRAME,
  type Outgoing,
  sealer,
  readResponse,
  toLeaseCodec,
  type Keys,
  open,
} from '@lvsm/protocol'
import type { AgentWord } from '../../kit/agent-process.ts'
import { isDeepStrictEqual } from 'node:util'
import { Cluster } from '../cluster.ts'
import { Violation } from '../law.ts'
import { PlaneLaw } from '../nodes/law.ts'
import type { Household } from '../nodes/household.ts'
import { Node } from '../nodes/node.ts'
import type { Plant } from '../plant.ts'
import type { Shape } from '../shape.ts'

/** Until here everything is taken, checked and told; from here on nothing changes any more. */
const START_MS = 7000
const LOOKS_MS = 3000
const STEP_MS = 500
/** A lease that is longer, with its voters' grants, has not settled within the start. */
const SETTLES_MS = 1500
const prefixOf = (address: string): number => FAMILIES[familyOf(address)].usual

export class Town implements Household {
  readonly cluster: Cluster
  readonly configs: readonly [Config]
  readonly nodes: readonly Node[]
  readonly law: PlaneLaw
  readonly operators = { answered: () => undefined, agentDied: () => undefined }
  /** Everybody serves all the time. */
  readonly servers = { of: () => ({ lives: true }) }
  /** What did not fit a codec. */
  readonly misfits: string[] = []
  readonly #config: Config

  constructor(config: Config, seed: number) {
    this.#config = config
    this.configs = [config]
    this.cluster = new Cluster(seed, shapeFor(config), this.#listener())
    this.law = new PlaneLaw(this)
    this.nodes = this.cluster.machines.map((machine, at) => new Node(machine, this, seededRandom(seed + at)))
    for (const node of this.nodes) node.machine.reconciler = node
    this.law.begin()
  }

  /** Ten simulated seconds. Gives what is wrong, null when nothing is; a broken law is thrown. */
  live(): string | null {
    for (const node of this.nodes) {
      node.machine.start()
      node.start()
    }
    for (let ms = 0; ms < START_MS; ms += STEP_MS) {
      this.cluster.run(STEP_MS)
      const wrong = this.#wrong()
      if (wrong !== null) return wrong
    }
    return this.#unowned() ?? this.#restless() ?? this.#wrong()
  }

  #wrong(): string | null {
    for (const { name, agent } of this.nodes) {
      const status = agent?.status()
      const found = status?.troubles.find(({ code }) => ['plan-refused', 'kernel-refused'].includes(code))
      if (found) return `${name}: ${found.message}`
      const read = readResponse('status', JSON.parse(JSON.stringify(status)))
      if (!isDeepStrictEqual(read, JSON.parse(JSON.stringify(status))))
        return `${name}: its status is not as its schema says`
    }
    return this.misfits[0] ?? null
  }
  #unowned(): string | null {
    const { timing, groups } = this.#config
    if (timing.leaseMs > SETTLES_MS || groups.length === 0) return null
    const reachable = groups.every(({ addresses }) =>
      addresses.every(({ address }) => this.interfaceOf(address) !== ''),
    )
    return reachable ? this.cluster.unsettled() : null
  }
  /** Every look has found everything as it should be. */
  #restless(): string | null {
    const before = this.nodes.map(({ agent }) => ({ ...agent?.done }))
    this.cluster.run(LOOKS_MS)
    for (const [at, { name, agent }] of this.nodes.entries()) {
      if ((agent?.done.looks ?? 0) <= (before[at]?.looks ?? 0)) return `${name} does not look at its kernel`
      if (agent?.done.operations !== before[at]?.operations) return `${name} changes what was as it should be`
    }
    return null
  }

  interfacesOf(name: string): { readonly name: string; readonly address: string; readonly prefix: number }[] {
    const at = this.#config.nodes.findIndex((node) => node.name === name)
    const links = this.#config.nodes[at]?.links ?? []
    return [
      ...links.map((link) => ({ name: link.name, address: link.address, prefix: prefixOf(link.address) })),
      // Whatever floats, floats where the node is too.
      ...this.#networks()
        .filter((network) => !links.some(({ address }) => inNetwork(address, network)))
        .map(({ address, prefix }) => ({
          name: this.interfaceOf(address),
          address: address.replace(/\d+$/, String(at + 1)),
          prefix,
        })),
    ]
  }
  /** Of the floating addresses, each once. */
  #networks(): Cidr[] {
    const all = this.#config.groups.flatMap(({ addresses }) => addresses)
    const known = new Map(
      all.map(({ address }) => [address.replace(/\d+$/, ''), { address, prefix: prefixOf(address) }]),
    )
    return [...known.values()]
  }
  interfaceOf(address: string): string {
    if (address.startsWith('10.12.')) return 'inside'
    return address.startsWith('10.11.') || address.startsWith('2001:db8:11:') ? 'outside' : ''
  }
  check(...[effect, done]: Parameters<Household['check']>): void {
    if (!(effect.timeoutMs < 2 ** 31))
      throw new Violation(`no timer of the platform is as long as ${effect.timeoutMs} ms`)
    this.cluster.schedule.in(1, () => done(true, 'accepts connections'))
  }
  told(node: string, word: AgentWord): void {
    if (word.kind === 'message') return
    this.#fits(`${node} says ${word.kind}`, () => {
      const bytes = encode(toLeaseCodec, word)
      return bytes.length <= MAX_FRAME && isDeepStrictEqual(decode(toLeaseCodec, bytes), word)
    })
  }

  /** Between the pump of each lease process and its socket. */
  #listener(): Plant {
    return {
      implant: ({ node }) => ({
        wrap: (ports) => ({
          ...ports,
          send: (outgoing, recipients) => {
            this.#fits(`${node} sends ${outgoing.message.kind}`, () => travels(outgoing, this.#config.cluster))
            ports.send(outgoing, recipients)
          },
        }),
      }),
    }
  }
  #fits(what: string, does: () => boolean): void {
    try {
      if (!does()) this.misfits.push(`${what}: another thing is read than was written`)
    } catch (error) {
      this.misfits.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

/** Signs with nothing: what counts here is what is read. */
const NO_KEY: Keys = { macBytes: () => 0, begin: () => ({ update: () => undefined, tag: () => new Uint8Array() }) }
/** Names of starts in the simulation are no 16 bytes, as those of processes are. */
const NO_START = '0'.repeat(32)

function travels(outgoing: Outgoing, cluster: string): boolean {
  const { message, piggybacked } = outgoing
  const sent = {
    ...outgoing,
    incarnation: NO_START,
    message: nameless(message),
    piggybacked: piggybacked && nameless(piggybacked),
  }
  const opened = open(sealer(sent, cluster, 1, NO_KEY)(null), cluster, NO_KEY)
  return opened.ok && isDeepStrictEqual(opened.datagram, { ...sent, to: null })
}
function nameless<M extends Outgoing['message']>(message: M): M {
  if ('echo' in message) return { ...message, echo: { ...message.echo, incarnation: NO_START } }
  if (!('sent' in message) || message.sent === undefined) return message
  return { ...message, sent: message.sent.map(({ count }) => ({ to: NO_START, count })) }
}

function shapeFor(config: Config): Shape {
  const [first] = config.nodes
  const view: LeaseView = ownershipView(config, new Map(), () => 2, first?.name ?? '')
  const groups = view.groups.map((group) => ({
    ...group,
    addresses: group.addresses.map((one) => ({ ...one, ifindex: 2 })),
  }))
  const voters = config.nodes.filter(({ voter }) => voter).map(({ name }) => name)
  return {
    name: `${config.nodes.length} nodes of a configuration`,
    nodes: config.nodes.map(({ name }) => name),
    revisions: [{ groups, voters, timing: config.timing }],
    links: 2,
    egress: true,
  }
}
