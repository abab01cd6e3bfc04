/** How the connections of each realserver get on, from the kernel's lines. */
import { ipvs } from '@lvsm/netlink'
import type { OpeningsReport, ServerOpenings } from '@lvsm/protocol'
import { isOfCheck, type Naming } from './named.ts'

const OPENING = 'SYN_RECV'
const MOST_CLIENTS = 4

interface Gathered extends Pick<ServerOpenings, 'service' | 'node' | 'key'> {
  opening: number
  readonly openingFor: Map<number, number>
  /** Of those that tried last: seconds until the kernel forgets it. */
  readonly clients: Map<string, number>
  readonly latest: Map<string, number>
}

/** Of TCP alone: others have no opening. What the configuration does not have is left out. */
export class Openings {
  readonly #naming: Naming
  readonly #servers = new Map<string, Gathered>()

  constructor(naming: Naming) {
    this.#naming = naming
  }

  take(line: string): void {
    const decoded = ipvs.decodeConnection(line)
    if (!decoded.ok) return
    const { protocol, client, virtual, destination, state, expiresSeconds } = decoded.value
    // Port 0: a template of persistence, which is no connection.
    if (protocol !== 'tcp' || client.port === 0) return
    const service = this.#naming.serviceOfConnection({ protocol, virtual })
    const realserver = service && this.#naming.realserverOf(service, destination)
    if (!realserver || isOfCheck(service, client)) return
    const gathered = this.#of(service.name, realserver.node, realserver.key)
    if (state === OPENING) {
      gathered.opening += 1
      gathered.openingFor.set(expiresSeconds, (gathered.openingFor.get(expiresSeconds) ?? 0) + 1)
      noteClient(gathered.clients, client.address, expiresSeconds)
    } else gathered.latest.set(state, Math.max(gathered.latest.get(state) ?? 0, expiresSeconds))
  }

  report(whole: boolean, tookMs: number): OpeningsReport {
    const servers = [...this.#servers.values()].map(({ clients, openingFor, latest, ...said }) => ({
      ...said,
      openingFor: Object.fromEntries(openingFor),
      clients: [...clients.keys()],
      latest: Object.fromEntries(latest),
    }))
    return { whole, tookMs, servers }
  }

  #of(service: string, node: string, key: string): Gathered {
    const name = `${service} ${key}`
    const known = this.#servers.get(name)
    if (known) return known
    const made = {
      service,
      node,
      key,
      opening: 0,
      openingFor: new Map(),
      clients: new Map(),
      latest: new Map(),
    }
    this.#servers.set(name, made)
    return made
  }
}

/** Who gave up is in the kernel for a minute: those that tried last say where it does not get on now. */
function noteClient(clients: Map<string, number>, address: string, seconds: number): void {
  const known = clients.get(address)
  if (known === undefined && clients.size >= MOST_CLIENTS) {
    const [oldest] = [...clients].reduce((least, one) => (one[1] < least[1] ? one : least))
    if ((clients.get(oldest) ?? 0) >= seconds) return
    clients.delete(oldest)
  }
  clients.set(address, Math.max(known ?? 0, seconds))
}
