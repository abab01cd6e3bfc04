/**
 * A look at the table of IPVS that does not dump the destinations of every service by netlink. Netlink tells which services there are, and
 * all of them but their destinations; one reading of /proc/net/ip_vs tells of which the destinations are not as they were. Those are
 * asked for, and in turn some of the rest, so that nothing that the listing does not show stays unnoticed for ever.
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

/** Services that are asked for although they look as before: so many in each look, and all of them within so many looks. */
const IN_TURN = 2
const LOOKS = 6

/** Destinations of a service; `shape` is all that the listing shows of them but for counts of connections. */
interface Seen {
  readonly dests: readonly ObservedDest[]
  readonly shape: string
}

export class TableLook {
  readonly #reader: TableReader
  /** Service key → its destinations by netlink, and what the listing said then. */
  readonly #known = new Map<string, Seen>()
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
    const due = this.#due(listed)
    return Array.from(heads, ([key, head]) => {
      const [seen, known] = [listed.get(key), this.#known.get(key)]
      if (seen && known && !due.has(key)) return { ...head, dests: counted(known.dests, seen.dests) }
      const dests = this.#reader.dests(head)
      // Listing and answer are of two moments: where they differ, neither says how the other one was.
      if (seen && printed(dests) === printed(seen.dests)) this.#known.set(key, { dests, shape: seen.shape })
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

  #due(listed: ReadonlyMap<string, Seen>): ReadonlySet<string> {
    const same: string[] = []
    const due = new Set<string>()
    for (const [key, { shape }] of listed) {
      const known = this.#known.get(key)
      if (known?.shape !== shape || known.dests.some(hasHidden)) due.add(key)
      else same.push(key)
    }
    same.sort()
    const next = same.filter((key) => key > this.#turn)
    for (const key of [...next, ...same].slice(0, Math.max(IN_TURN, Math.ceil(same.length / LOOKS)))) {
      due.add(key)
      this.#turn = key
    }
    return due
  }
}

/** It has what the listing does not show, and may lose that without a word: it is asked for at each look. */
const hasHidden = ({ upper, lower, tunnel }: ObservedDest): boolean =>
  upper !== undefined || lower !== undefined || tunnel !== undefined

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
