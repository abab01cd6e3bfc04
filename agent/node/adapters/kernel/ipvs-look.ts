/**
 * A look at the table of IPVS that does not dump the destinations of every service by netlink. Netlink tells which services there are, and
 * all of them but their destinations; one reading of /proc/net/ip_vs tells of which the destinations are not as they were, and those are
 * asked for. What the listing does not show (thresholds, types of tunnels) glances between the looks find: a part of the services each
 * second, whatever they have, and all of them in eight seconds, so that the size of the table decides what it costs, not what is in it.
 *
 * The listing alone does not say which services there are: it comes in pieces, and where other network namespaces have services too
 * (containers, kube-proxy), the kernel begins a piece too far (net/netfilter/ipvs/ip_vs_ctl.c: `ip_vs_info_seq_next` counts everybody's,
 * `ip_vs_info_array` its own), so that some of ours are left out.
 */
import { type ObservedDest, type ObservedService } from '@lvsm/plan'
import { destKey, isMark, type ServiceId, serviceKey, type ServiceSpec } from '@lvsm/model'
import { ipvs } from '@lvsm/netlink'

export type ServiceHead = ServiceId & { readonly spec: ServiceSpec }

/** The kernel's table, in two voices. What netlink does not answer it throws. */
export interface TableReader {
  /** /proc/net/ip_vs; null where it cannot be read. */
  listing(): string | null
  /** Every service by netlink, without destinations. */
  services(): readonly ServiceHead[]
  /** Those of one service by netlink; none where there is no such service. */
  dests(service: ServiceId): readonly ObservedDest[]
}

/** One glance comes each second; so many go over all services, and the look after them is still within ten seconds. */
const GLANCE_MS = 1000
const GLANCES = 8
/** Services of a glance, at least: a small table is gone over sooner. */
const LEAST = 10

/** Destinations of a service; `shape` is all that the listing shows of them but for counts of connections. */
interface Seen {
  readonly dests: readonly ObservedDest[]
  readonly shape: string
}
type Known = Seen & { readonly service: ServiceId }

export class TableLook {
  readonly #reader: TableReader
  /** Service key → its destinations by netlink, and what the listing said then. */
  readonly #known = new Map<string, Known>()
  /** Whose turn it was last. */
  #turn = ''

  constructor(reader: TableReader) {
    this.#reader = reader
  }

  /** What netlink would say of all services and destinations. */
  observe(): readonly ObservedService[] {
    const heads = new Map(this.#reader.services().map((head) => [serviceKey(head), head]))
    for (const key of this.#known.keys()) if (!heads.has(key)) this.#known.delete(key)
    const listed = readListing(this.#reader.listing(), heads.values())
    return Array.from(heads, ([key, head]) => {
      const [seen, known] = [listed.get(key), this.#known.get(key)]
      if (seen && known?.shape === seen.shape) return { ...head, dests: counted(known.dests, seen.dests) }
      const dests = this.#reader.dests(head)
      // Listing and answer are of two moments: where they differ, neither says how the other one was.
      if (seen && printed(dests) === printed(seen.dests))
        this.#known.set(key, { service: head, dests, shape: seen.shape })
      else this.#known.delete(key)
      return { ...head, dests }
    })
  }

  /** Somebody is about to change this service. */
  outdate(service: ServiceId): void {
    this.#known.delete(serviceKey(service))
  }

  /** After an error, and when IPVS has gone: nothing is known. */
  forget(): void {
    this.#known.clear()
  }

  /** Asks for the services whose turn it is. True: one of them is not as the last look found it, or nobody answers; the next look will ask for it. */
  glance(): boolean {
    try {
      return this.#differs()
    } catch {
      this.forget()
      return true
    }
  }
  #differs(): boolean {
    const keys = [...this.#known.keys()].toSorted()
    const next = keys.filter((key) => key > this.#turn)
    const others = keys.slice(0, keys.length - next.length)
    let differs = false
    for (const key of [...next, ...others].slice(0, Math.max(LEAST, Math.ceil(keys.length / GLANCES)))) {
      this.#turn = key
      const known = this.#known.get(key)
      if (!known || whole(this.#reader.dests(known.service)) === whole(known.dests)) continue
      this.#known.delete(key)
      differs = true
    }
    return differs
  }
}

/** All that netlink says of destinations but their connections. */
const whole = (dests: readonly ObservedDest[]): string =>
  JSON.stringify(dests.map((dest) => ({ ...dest, active: 0, inactive: 0 })))

/** What the listing shows of destinations, in any order; it names `bypass` as it names masquerading. */
const printed = (dests: readonly ObservedDest[]): string =>
  dests
    .map((dest) => `${destKey(dest)} ${dest.forward === 'bypass' ? 'nat' : dest.forward} ${dest.weight}`)
    .toSorted()
    .join('\n')

/**
 * Service key → what is listed of it. Empty where the listing cannot be relied on: unreadable, not understood, or a service stands there
 * twice. It does not tell the family of a service by mark: that of a mark that only one family has is known; of others nothing is.
 */
function readListing(text: string | null, heads: Iterable<ServiceHead>): ReadonlyMap<string, Seen> {
  const decoded = text === null ? null : ipvs.decodeListing(text)
  if (!decoded?.ok) return new Map()
  const marks = new Map<number, ServiceId | null>()
  for (const head of heads) if (isMark(head)) marks.set(head.fwmark, marks.has(head.fwmark) ? null : head)
  const listed = new Map<string, Seen>()
  for (const { name, destinations } of decoded.value) {
    const id = name.kind === 'mark' ? (marks.get(name.mark) ?? null) : name
    if (id === null) continue
    const key = serviceKey(id)
    if (listed.has(key)) return new Map()
    const dests = destinations.map(observedDest)
    const seen = dests.map((dest) => [destKey(dest), dest.forward, dest.weight])
    listed.set(key, { dests, shape: JSON.stringify(seen) })
  }
  return listed
}

/** The listing shows no thresholds, and does not tell tunnels apart. */
export const observedDest = (dest: ipvs.ListedDestination & Partial<ipvs.Destination>): ObservedDest => ({
  address: dest.address,
  port: dest.port,
  forward: dest.forward,
  ...(dest.tunnel === undefined || dest.tunnel === 'ipip'
    ? {}
    : { tunnel: dest.tunnelPort === undefined ? dest.tunnel : `${dest.tunnel}:${dest.tunnelPort}` }),
  weight: dest.weight,
  active: dest.activeConnections,
  inactive: dest.inactiveConnections,
  ...(dest.upperThreshold ? { upper: dest.upperThreshold } : {}),
  ...(dest.lowerThreshold ? { lower: dest.lowerThreshold } : {}),
})

/** Netlink's destinations with the connections that the listing counts. */
function counted(dests: readonly ObservedDest[], listed: readonly ObservedDest[]): readonly ObservedDest[] {
  const counts = new Map(listed.map((dest) => [destKey(dest), dest]))
  return dests.map((dest) => {
    const { active, inactive } = counts.get(destKey(dest)) ?? dest
    return { ...dest, active, inactive }
  })
}

/** The kernel says nothing of changes of IPVS. */
export function watchTable(table: Pick<TableLook, 'glance'>, changed: () => void): { close(): void } {
  const timer = setInterval(() => {
    if (table.glance()) changed()
  }, GLANCE_MS).unref()
  return { close: () => clearInterval(timer) }
}
