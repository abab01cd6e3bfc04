/**
 * A look at the table of IPVS that does not dump every service by netlink: one reading of /proc/net/ip_vs tells which services
 * are not as they were when netlink last told of them. Those are asked for, and in turn some of the rest, so that nothing that
 * the listing does not show stays unnoticed for ever.
 */
import { type ObservedDest, type ObservedService } from '@lvsm/plan'
import { type Family, familyOf } from '@lvsm/base'
import { destKey, isMark, type ServiceId, serviceKey } from '@lvsm/model'
import { ipvs } from '@lvsm/netlink'

/** The kernel's table, in two voices. What netlink does not answer it throws. */
export interface TableReader {
  /** /proc/net/ip_vs; null where it cannot be read. */
  listing(): string | null
  /** Every service by netlink. */
  all(): readonly ObservedService[]
  /** One service by netlink; null where there is none. */
  one(service: ServiceId): ObservedService | null
}

/** Services that are asked for although they look as before: so many in each look, and all of them within so many looks. */
const IN_TURN = 2
const LOOKS = 6

/** The families that netlink told of a mark. */
type FamiliesOfMarks = ReadonlyMap<number, ReadonlySet<Family>>

/** A service as listed; `shape` is all that the listing shows of it but for counts of connections. */
interface Listed {
  readonly service: ObservedService
  readonly shape: string
}

export class TableLook {
  readonly #reader: TableReader
  /** Service key → the service by netlink, and what the listing said then. */
  readonly #known = new Map<string, { readonly shape: string; readonly service: ObservedService }>()
  /** The listing does not tell them, and a service without destinations shows none either. */
  readonly #families = new Map<number, Set<Family>>()
  /** Whose turn it was last. */
  #turn = ''

  constructor(reader: TableReader) {
    this.#reader = reader
  }

  /** What netlink would say of all services. A table that is empty, or has lost a service, is read whole. */
  observe(): readonly ObservedService[] {
    const listed = readListing(this.#reader.listing(), this.#families)
    const whole = listed === null || listed.size === 0 || this.#known.size === 0
    if (whole || [...this.#known.keys()].some((key) => !listed.has(key))) return this.#all(listed ?? new Map())
    const due = this.#due(listed)
    const found: ObservedService[] = []
    for (const [key, { service, shape }] of listed) {
      const known = this.#known.get(key)?.service
      if (known && !due.has(key)) {
        found.push({ ...known, dests: counted(known.dests, service.dests) })
        continue
      }
      const now = this.#reader.one(service)
      // Either it has gone meanwhile, or it is of the other family.
      if (!now && isMark(service)) return this.#all(listed)
      if (!now) this.#known.delete(key)
      else {
        this.#noteFamily(now)
        this.#note(key, { service, shape }, now)
        found.push(now)
      }
    }
    return found
  }

  /** Somebody is about to change this service. */
  outdate(service: ServiceId): void {
    this.#known.delete(serviceKey(service))
  }
  /** Listing and answer are of two moments: where they differ, neither says how the other one was. */
  #note(key: string, { service: listed, shape }: Listed, service: ObservedService): void {
    if (printed(service) === printed(listed)) this.#known.set(key, { shape, service })
    else this.#known.delete(key)
  }

  #noteFamily(service: ServiceId): void {
    if (!isMark(service)) return
    const families = this.#families.get(service.fwmark) ?? new Set()
    this.#families.set(service.fwmark, families.add(service.family))
  }

  /** After an error, and when IPVS has gone: nothing is known. */
  forget(): void {
    this.#known.clear()
    this.#families.clear()
  }

  #all(listed: ReadonlyMap<string, Listed>): readonly ObservedService[] {
    this.forget()
    const services = this.#reader.all()
    for (const service of services) {
      this.#noteFamily(service)
      const key = serviceKey(service)
      const one = listed.get(key)
      if (one) this.#note(key, one, service)
    }
    return services
  }

  #due(listed: ReadonlyMap<string, Listed>): ReadonlySet<string> {
    const same: string[] = []
    const due = new Set<string>()
    for (const [key, { shape }] of listed) {
      const known = this.#known.get(key)
      if (known?.shape !== shape || hasHidden(known.service)) due.add(key)
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
const hasHidden = ({ spec, dests }: ObservedService): boolean =>
  spec.flags.length > 0 ||
  (spec.persistence?.prefix ?? null) !== null ||
  dests.some(({ upper, lower, tunnel }) => upper !== undefined || lower !== undefined || tunnel !== undefined)

/** What the listing shows of a service, destinations in any order; it names `bypass` as it names masquerading, and no flags. */
const printed = ({ spec, dests }: ObservedService): string =>
  [
    spec.scheduler,
    ...dests
      .map((dest) => `${destKey(dest)} ${dest.forward === 'bypass' ? 'nat' : dest.forward} ${dest.weight}`)
      .toSorted(),
  ].join('\n')

/** Null where the listing cannot be relied on: unreadable, not understood, or a service stands there twice. */
function readListing(text: string | null, families: FamiliesOfMarks): ReadonlyMap<string, Listed> | null {
  const decoded = text === null ? null : ipvs.decodeListing(text)
  if (!decoded?.ok) return null
  const listed = new Map<string, Listed>()
  for (const { name, scheduler, flags, destinations } of decoded.value) {
    const dests = destinations.map(observedDest)
    const id = idOf(name, dests, families)
    const key = serviceKey(id)
    if (listed.has(key)) return null
    const seen = dests.map((dest) => [destKey(dest), dest.forward, dest.weight])
    listed.set(key, {
      service: { ...id, spec: { scheduler, flags: [] }, dests },
      shape: JSON.stringify([scheduler, flags, seen]),
    })
  }
  return listed
}

/**
 * Of a service by mark the listing does not tell the family: it is the one that netlink told of the mark; of a mark that is new, or in
 * use in both families, that of the destinations. Where that is wrong, the table is read whole.
 */
function idOf(name: ipvs.ListedService['name'], dests: readonly ObservedDest[], families: FamiliesOfMarks): ServiceId {
  if (name.kind === 'mark') {
    const [family, another] = families.get(name.mark) ?? []
    return { fwmark: name.mark, family: family && !another ? family : familyOf(dests[0]?.address ?? '') }
  }
  const { protocol, address, port } = name
  return { protocol, address, port }
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
