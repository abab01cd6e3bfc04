/** What was asked for of the kernel's connections: all are counted, the first of them listed. */
import { endpointText, networkOf, parseInet, type Refusal } from '@lvsm/base'
import { parseDestKey, suggest } from '@lvsm/model'
import { ipvs } from '@lvsm/netlink'
import { CONNECTIONS_TOLD, type ConnectionReport, type ConnectionsQuery, type ConnectionsReport } from '@lvsm/protocol'
import { isForAnyPort, isOfCheck, type Naming } from './named.ts'

type Endpoint = ipvs.Connection['client']
type Matches = (connection: ipvs.Connection) => boolean
const textOf = ({ address, port }: Endpoint): string => endpointText(address, port)

export interface Listing {
  take(line: string): void
  report(ipvsIsThere: boolean, whole: boolean): ConnectionsReport
}

/** Refused is a name that the configuration does not have, and what is no address. */
export function listingOf(naming: Naming, wanted: ConnectionsQuery): Listing | { readonly refusals: Refusal[] } {
  const filters = [serviceFilter, serverFilter, clientFilter].map((filter) => filter(naming, wanted))
  const refusals = filters.filter((one) => one !== null && typeof one !== 'function')
  if (refusals.length > 0) return { refusals }
  const matches = filters.filter((one) => typeof one === 'function')
  const state = wanted.state?.toUpperCase()
  if (state !== undefined) matches.push((one) => one.state === state)
  return new Counting(naming, matches, wanted.most ?? CONNECTIONS_TOLD)
}

class Counting implements Listing {
  readonly #naming: Naming
  readonly #matches: readonly Matches[]
  readonly #most: number
  readonly #states = new Map<string, number>()
  readonly #servers = new Map<string, ConnectionsReport['servers'][number]>()
  readonly #connections: ConnectionReport[] = []
  #read = 0
  #matched = 0

  constructor(naming: Naming, matches: readonly Matches[], most: number) {
    this.#naming = naming
    this.#matches = matches
    this.#most = most
  }

  take(line: string): void {
    const decoded = ipvs.decodeConnection(line)
    if (!decoded.ok) return
    const connection = decoded.value
    const named = this.#naming.serviceOfConnection(connection)
    if (isOfCheck(named, connection.client)) return
    this.#read += 1
    if (!this.#matches.every((matches) => matches(connection))) return
    this.#matched += 1
    const { protocol, client, virtual, destination, state, expiresSeconds } = connection
    this.#states.set(state, (this.#states.get(state) ?? 0) + 1)
    const server = textOf(destination)
    const service = named?.name ?? null
    const node = (named && this.#naming.realserverOf(named, destination)?.node) ?? null
    const key = `${service} ${server}`
    this.#servers.set(key, { service, server, node, connections: (this.#servers.get(key)?.connections ?? 0) + 1 })
    if (this.#connections.length >= this.#most) return
    const places = { client: textOf(client), virtual: textOf(virtual), service, server, node }
    this.#connections.push({ protocol, ...places, state, expiresSeconds })
  }

  report(ipvsIsThere: boolean, whole: boolean): ConnectionsReport {
    const { cluster, node } = this.#naming.names
    return {
      cluster,
      node,
      ipvs: ipvsIsThere,
      whole,
      read: this.#read,
      matched: this.#matched,
      states: Object.fromEntries([...this.#states].toSorted(([, one], [, other]) => other - one)),
      servers: [...this.#servers.values()].toSorted((one, other) => other.connections - one.connections),
      connections: this.#connections,
    }
  }
}

type Filter = (naming: Naming, wanted: ConnectionsQuery) => Matches | Refusal | null

const NONE_HERE = 'this node has no service with realservers to direct: run it on a director; lvsm status shows them'

const serviceFilter: Filter = (naming, { service: name }) => {
  if (name === undefined) return null
  const { names } = naming
  const service = names.services.find((one) => one.name === name)
  if (service) return (connection) => naming.serviceOfConnection(connection) === service
  const known = names.services.map((one) => one.name)
  return {
    code: 'unknown-service',
    field: 'service',
    message: `this node directs no service ${name}`,
    hint: known.length === 0 ? NONE_HERE : suggest(name, known, 'services of this node'),
  }
}

/** A node's name, or an address with or without its port. */
const serverFilter: Filter = ({ names }, { server }) => {
  if (server === undefined) return null
  const all = names.services.flatMap(({ realservers }) => realservers)
  const keys = new Set(all.filter(({ node }) => node === server).map(({ key }) => key))
  if (keys.size > 0)
    return ({ destination }) => keys.has(textOf(destination)) || keys.has(textOf({ ...destination, port: 0 }))
  const isKnown = ({ key }: (typeof all)[number]): boolean => key === server
  if (all.some(isKnown) && !isForAnyPort(server)) return ({ destination }) => textOf(destination) === server
  const { address, port = 0 } = parseDestKey(server) ?? {}
  if (address !== undefined && all.some(({ key }) => key === textOf({ address, port: 0 })))
    return ({ destination }) => destination.address === address && (port === 0 || destination.port === port)
  if (parseInet(server)) return ({ destination }) => destination.address === server
  return {
    code: 'unknown-realserver',
    field: 'server',
    message: `no service of this node has a realserver ${server}`,
    hint: all.length === 0 ? NONE_HERE : suggest(server, [...new Set(all.map(({ node }) => node))], 'realservers'),
  }
}

const clientFilter: Filter = (_, { client }) => {
  if (client === undefined) return null
  const network = networkOf(client)
  if (network) return ({ client: { address } }) => isWithin(parseInet(address), network.address, network.length)
  return {
    code: 'bad-client',
    field: 'client',
    message: `${client} is no address and no network`,
    hint: 'for example 192.168.0.10, 192.168.0.0/16 or 2001:db8::/32',
  }
}

function isWithin(address: Uint8Array | undefined, network: Uint8Array, prefix: number): boolean {
  if (!address || address.length !== network.length) return false
  const whole = prefix >> 3
  for (let at = 0; at < whole; at++) if (address[at] !== network[at]) return false
  const rest = prefix & 7
  return rest === 0 || ((address[whole] ?? 0) ^ (network[whole] ?? 0)) >> (8 - rest) === 0
}
