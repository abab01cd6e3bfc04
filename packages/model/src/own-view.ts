/** Where a realserver's own agent looks for somebody who listens, and which directors want to know. */
import type { Config, ConfigRealserver, ConfigService } from './config.ts'
import { isAll } from './ports.ts'
import { destKey } from './service-id.ts'
import { forwarding, type KernelProtocol, protocolRow } from './tables/index.ts'

export interface OwnLook {
  readonly service: string
  /** Of the destination (`destKey`). */
  readonly key: string
  readonly protocol: KernelProtocol
  /** Clients' packets arrive there for. */
  readonly address: string
  readonly port: number
}
/** Clients' packets arrive there, by NAT for the own address, else for the VIP, and checks may ask the own address. */
export interface OwnArrival extends Omit<OwnLook, 'key'> {
  /** The realserver's own. */
  readonly own: string
}
export interface OwnView {
  readonly looks: readonly OwnLook[]
  /** Whether or not a check wants its own view: of every protocol of the service. */
  readonly arrivals: readonly OwnArrival[]
  /** Names. */
  readonly directors: readonly string[]
}

/** Of several ports the first; of all, the one that is checked. Null: none is known. */
function portOf({ ports, check }: ConfigService, { port }: ConfigRealserver): number | null {
  if (port !== 0) return port
  const [first] = ports ?? []
  return first && !isAll(first) ? first.from : check.port
}

/** Packets arrive for the VIP where the realserver has it for itself, or is the director, else for its own address. */
const addressOf = (service: ConfigService, { forward, address }: ConfigRealserver): string =>
  forwarding(forward).answersThroughDirector ? address : service.address

export function ownViewOf({ services, groups }: Config, node: string): OwnView {
  const wanted = services.filter(({ check }) => check.ownView)
  const looks = wanted.flatMap((service) =>
    service.realservers.flatMap((server): OwnLook[] => {
      const [protocol] = protocolRow(service.protocol).kernel
      const port = portOf(service, server)
      if (server.node !== node || server.agent === false || protocol === undefined || port === null) return []
      return [{ service: service.name, key: destKey(server), protocol, address: addressOf(service, server), port }]
    }),
  )
  const own = new Set(looks.map(({ service }) => service))
  const watched = new Set(wanted.flatMap(({ name, group }) => (own.has(name) ? [group] : [])))
  const directors = new Set(groups.flatMap((group) => (watched.has(group.name) ? group.directors : [])))
  return { looks, arrivals: services.flatMap((service) => arrivalsAt(service, node)), directors: [...directors] }
}

/** Where it is not known at which port, nothing is; nor where it gets no new clients. */
const arrivalsAt = (service: ConfigService, node: string): OwnArrival[] =>
  service.realservers.flatMap((server): OwnArrival[] => {
    const port = portOf(service, server)
    if (server.node !== node || server.agent === false || port === null || server.weight === 0) return []
    return protocolRow(service.protocol).kernel.map((protocol) => ({
      ...{ service: service.name, protocol, address: addressOf(service, server), port, own: server.address },
    }))
  })
