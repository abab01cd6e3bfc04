/**
 * Clients: each request is one connection, whose packets go to whoever announced the VIP last, through the table of IPVS there,
 * to a realserver. A packet that nobody answers is sent again, as TCP does; a reset, or silence for too long, loses the
 * request. Ports are used again, as clients do.
 */
import { type Random, randomBetween } from '@lvsm/base'
import { destKey, serviceKey } from '@lvsm/model'
import { plain } from '../../kit/tables.ts'
import type { Service } from '../../kit/data-plane.ts'
import type { DraftService } from './draft.ts'
import type { Fleet } from './fleet.ts'
import type { Node } from './node.ts'
import type { Answer, PacketKind } from './servers.ts'
import { Synchronisation } from './synchronisation.ts'

const EVERY_MS = 40
const PORTS = 48
const PACKET_MS = [5, 30] as const
/** Connections through NAT end within the time that a move waits for them, those by direct routing within the drain time. */
const PACKETS = { dr: [2, 5], nat: [2, 30] } as const
const SYN_AGAIN_MS = 1000
const AGAIN_MS = 200
const GIVES_UP_MS = 8000
const LASTING_SHARE = 0.3
/** IPVS remembers a connection after its end. */
const REMEMBERED_MS = 120_000
const ESTABLISHED_MS = 900_000

interface Request {
  readonly client: string
  readonly service: string
  readonly address: string
  sent: number
  packets: number
  /** Longer than the drain time of a move. */
  lasts: boolean
}
interface Packet {
  readonly client: string
  readonly kind: PacketKind
}

export class Clients {
  readonly #fleet: Fleet
  readonly #random: Random
  readonly #ports = new Set<string>()
  #running = false
  readonly lost: string[] = []
  /** Of those, the ones that whoever owns the address now had been told of. */
  readonly lostThoughKnown: string[] = []
  readonly sync: Synchronisation
  /** Of connections that last: between two packets, and how many there are. */
  lasting: { readonly everyMs: readonly [number, number]; readonly packets: readonly [number, number] } | null = null
  served = 0

  constructor(fleet: Fleet, random: Random) {
    this.#fleet = fleet
    this.#random = random
    this.sync = new Synchronisation(fleet, random)
  }

  begin(): void {
    if (this.#running) return
    this.#running = true
    this.#next()
  }
  /** No new requests. */
  end(): void {
    this.#running = false
  }
  get underWay(): number {
    return this.#ports.size
  }

  #next(): void {
    const { cluster } = this.#fleet
    if (!this.#running) return
    const service = cluster.pick(this.#fleet.draft.services)
    if (service) this.#connect(service)
    cluster.schedule.in(randomBetween(this.#random, 0, 2 * EVERY_MS), () => this.#next())
  }
  #connect({ port, group }: DraftService): void {
    const address = this.#fleet.draft.groups.find(({ name }) => name === group)?.vip ?? ''
    const client = `${port}:${Math.floor(this.#random.next() * PORTS)}`
    if (this.#ports.has(client)) return
    this.#ports.add(client)
    const service = serviceKey({ protocol: 'tcp', address, port })
    this.#send(
      { client, service, address, sent: 0, packets: 0, lasts: false },
      this.#fleet.cluster.schedule.now,
      SYN_AGAIN_MS,
    )
  }

  #send(request: Request, since: number, againMs: number): void {
    const { schedule } = this.#fleet.cluster
    const kind = request.sent === 0 ? 'syn' : request.sent === request.packets ? 'fin' : 'data'
    const answer = this.#deliver(request, { client: request.client, kind })
    if (answer === 'reset') return this.#lose(request, 'reset')
    if (answer === 'dropped') {
      if (schedule.now - since > GIVES_UP_MS) return this.#lose(request, 'no answer')
      return schedule.in(againMs, () => this.#send(request, since, 2 * againMs))
    }
    request.sent += 1
    if (kind === 'fin') {
      this.served += 1
      this.#ports.delete(request.client)
      this.sync.ended(request.service, request.client)
      return
    }
    const ms = randomBetween(this.#random, ...(request.lasts && this.lasting ? this.lasting.everyMs : PACKET_MS))
    schedule.in(ms, () => this.#send(request, schedule.now, AGAIN_MS))
  }
  #lose({ client, service, sent, address }: Request, why: string): void {
    const owner = this.#fleet.cluster.caches.get(plain(address))
    const node = owner && this.#fleet.node(owner.name)
    if (node && sent > 1 && this.sync.knew(node, service, client))
      this.lostThoughKnown.push(`${client} to ${service} at ${node.name}: ${why}`)
    this.sync.ended(service, client)
    const text = `request ${client} to ${service}: ${why} at packet ${sent + 1}`
    this.#fleet.cluster.note(`lost: ${text}`)
    this.lost.push(text)
    this.#ports.delete(client)
  }

  #deliver(request: Request, packet: Packet): Answer {
    const machine = this.#fleet.cluster.caches.get(plain(request.address))
    const node = machine && this.#fleet.node(machine.name)
    return node ? this.#arrive(node, request, packet, false) : 'dropped'
  }
  /** `handed`: on by a successor's rule. */
  #arrive(node: Node, request: Request, packet: Packet, handed: boolean): Answer {
    const { now } = this.#fleet.cluster.schedule
    if (node.machine.kernel.now.answersUntil(request.address, 'serve') <= now) return 'dropped'
    if (!handed && this.#goesBack(node, request, packet)) return this.#handOver(node, request, packet)
    const service = node.plane.services.get(request.service)
    const known = service?.connections.get(packet.client)
    const lives = known && known.until > now && (known.active || packet.kind !== 'syn')
    if (service && lives) return this.#forward(node, service, known.dest, request, packet)
    if (packet.kind !== 'syn') return handed ? 'reset' : this.#handOver(node, request, packet)
    return service ? this.#schedule(node, service, request, packet) : 'reset'
  }
  /** Where this node knows connections, all that did not begin here go back before it looks for them. */
  #goesBack({ plane }: Node, { service, client }: Request, { kind }: Packet): boolean {
    const rule = (plane.natRulesSpoilt ? null : plane.natRules)?.handover.find((one) => serviceKey(one) === service)
    if (rule?.known !== true) return false
    if (kind === 'syn') plane.begun.add(`${service} ${client}`)
    return !plane.begun.has(`${service} ${client}`)
  }
  /** A packet of a connection that this node does not know. */
  #handOver({ plane }: Node, request: Request, packet: Packet): Answer {
    const rule = (plane.natRulesSpoilt ? null : plane.natRules)?.handover.find(
      (one) => serviceKey(one) === request.service,
    )
    const former = rule && this.#fleet.nodeAt(rule.to)
    return former ? this.#arrive(former, request, packet, true) : 'reset'
  }
  #schedule(node: Node, service: Service, request: Request, packet: Packet): Answer {
    const able = [...service.dests.values()].filter(({ weight }) => weight > 0)
    const dest = able[Math.floor(this.#random.next() * able.length)]
    if (!dest) return 'reset'
    const [least, most] = PACKETS[dest.forward === 'nat' ? 'nat' : 'dr']
    request.lasts = this.lasting !== null && this.#random.next() < LASTING_SHARE
    const range = request.lasts && this.lasting ? this.lasting.packets : ([least, most] as const)
    request.packets = Math.round(randomBetween(this.#random, ...range))
    const until = this.#fleet.cluster.schedule.now + ESTABLISHED_MS
    service.connections.set(packet.client, { dest: destKey(dest), active: true, until })
    return this.#forward(node, service, destKey(dest), request, packet)
  }

  #forward(node: Node, service: Service, key: string, request: Request, packet: Packet): Answer {
    const dest = service.dests.get(key)
    const server = dest && this.#fleet.servers.at(dest.address)
    const host = server && this.#fleet.node(server.node)
    if (!dest || !host) return 'dropped'
    if (dest.forward === 'nat' && !this.#returns(node, host)) return 'dropped'
    if (dest.forward === 'dr' && !host.plane.aliases.some(({ address }) => address === request.address))
      return 'dropped'
    const answer = server.receive(`${packet.client} ${request.service}`, packet.kind)
    if (packet.kind === 'syn' && answer === 'reset') return this.#refused(node, host, dest.forward)
    const connection = service.connections.get(packet.client)
    if (packet.kind === 'fin' && answer === 'ok' && connection) {
      connection.active = false
      connection.until = this.#fleet.cluster.schedule.now + REMEMBERED_MS
    }
    if (answer === 'ok') this.sync.outlived(node, request.service, request.client)
    if (connection && answer === 'ok' && packet.kind !== 'syn')
      this.sync.passed(node, { ...request, ...connection }, packet.kind === 'fin' || request.sent === 1)
    return answer
  }
  /** Answers through NAT go by the realserver's default route to whoever announced the gateway last. */
  #returns(node: Node, host: Node): boolean {
    const { cluster } = this.#fleet
    const route = host.plane.defaults.find(({ metric }) => metric === 0)
    const gateway = route?.gateway ?? ''
    return (
      cluster.caches.get(plain(gateway)) === node.machine &&
      node.machine.kernel.now.forwardsUntil(gateway) > cluster.schedule.now
    )
  }
  /** The refusal of a SYN is kept back by the rules of the realserver, or of the director before it. */
  #refused(node: Node, host: Node, forward: string): Answer {
    const { plane } = forward === 'nat' ? node : host
    const at = forward === 'nat' ? 'forward' : 'output'
    return !plane.natRulesSpoilt && plane.natRules?.suppressRst.some((one) => one.at === at) ? 'dropped' : 'reset'
  }
}
