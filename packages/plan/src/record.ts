/**
 * Which IPVS services and destinations are ours. The kernel keeps no mark for them, so the agent does, on disk;
 * what the configuration names is ours anyway. Without the record nothing is deleted: it is foreign then.
 */
import { type ConfigService, destKey, parseDestKey, parseServiceKey, serviceKey, type TunnelPort } from '@lvsm/model'
import type { ObservedService } from './observed.ts'

/** A setting that we wrote: its former value, and ours (`former`). A version that knows nothing of it skips the line. */
export const FORMER = { key: 'sysctl ', was: 'was ', wrote: 'wrote ' } as const
/** A timeout of IPVS that we set: likewise (`timeouts`). */
export const TIMEOUT_KEY = 'timeout '

/** A UDP port for GUE that we opened. */
export const GUE_KEY = 'gue '
/** `gue 6080`, and `gue 6080 ipv6`. */
export const gueKey = ({ family, port }: TunnelPort): string =>
  `${GUE_KEY}${port}${family === 'ipv4' ? '' : ` ${family}`}`
/** An alias of IPv6, by its address and our label there: its mark is easily lost (`unmarked`). */
export const ALIAS_KEY = 'alias '
/** Since which start of the machine they stand (`unmarked`). */
export const BOOT_KEY = 'boot '
/** The daemons of connection synchronisation are ours. */
export const SYNC_KEY = 'sync daemons'
/** Realservers that left the configuration, until they have left the table: a text each (`kept-leaving` of packages/protocol). */
export const LEAVING_KEY = 'leaving'
const isOther = (key: string): boolean =>
  [FORMER.key, TIMEOUT_KEY, GUE_KEY, ALIAS_KEY, BOOT_KEY].some((prefix) => key.startsWith(prefix)) ||
  [SYNC_KEY, LEAVING_KEY].includes(key)

/** Service key → keys of its destinations; settings and timeouts, as `FORMER` spells them; ports, after `GUE_KEY`; aliases, after `ALIAS_KEY`, of the start after `BOOT_KEY`; `SYNC_KEY`, and `LEAVING_KEY`. */
export type OwnedRecord = ReadonlyMap<string, ReadonlySet<string>>

export const NOTHING_OWNED: OwnedRecord = new Map()

interface Former {
  /** What follows the prefix. */
  readonly name: string
  readonly was: string
  readonly wrote: string
}
/** Of the keys with this prefix; one without both values is none. */
export const formersOf = (record: OwnedRecord, prefix: string): Former[] =>
  [...record].flatMap(([key, values]) => {
    if (!key.startsWith(prefix)) return []
    const of = (word: string): string | undefined =>
      [...values].find((value) => value.startsWith(word))?.slice(word.length)
    const [was, wrote] = [of(FORMER.was), of(FORMER.wrote)]
    return was === undefined || wrote === undefined ? [] : [{ name: key.slice(prefix.length), was, wrote }]
  })

/** The record with everything that the configuration names: to be saved before anything is added. */
export function claim(record: OwnedRecord, services: readonly ConfigService[]): OwnedRecord {
  const claimed = new Map([...record].map(([key, dests]) => [key, new Set(dests)]))
  for (const service of services) {
    const dests = claimed.get(serviceKey(service)) ?? new Set<string>()
    for (const entry of service.realservers) dests.add(destKey(entry))
    claimed.set(serviceKey(service), dests)
  }
  return claimed
}

/** The record without what neither the configuration nor the kernel has any more. */
export function forget(
  record: OwnedRecord,
  services: readonly ConfigService[],
  observed: readonly ObservedService[],
): OwnedRecord {
  const alive = claim(new Map(), services) as Map<string, Set<string>>
  for (const service of observed) {
    const dests = alive.get(serviceKey(service)) ?? new Set<string>()
    for (const dest of service.dests) dests.add(destKey(dest))
    alive.set(serviceKey(service), dests)
  }
  const kept = [...record]
    .filter(([key]) => alive.has(key) || isOther(key))
    .map(([key, dests]): [string, Set<string>] => [
      key,
      new Set([...dests].filter((dest) => isOther(key) || alive.get(key)?.has(dest))),
    ])
  return new Map(kept)
}

/** Is anything of IPVS ours, or was? */
export const ownsServices = (record: OwnedRecord): boolean =>
  [...record.keys()].some((key) => !isOther(key) || key === SYNC_KEY || key.startsWith(TIMEOUT_KEY))

export const sameRecord = (one: OwnedRecord, other: OwnedRecord): boolean => writeRecord(one) === writeRecord(other)

/** One line for each service: its key, then its destinations. */
export const writeRecord = (record: OwnedRecord): string =>
  [...record]
    .map(([key, dests]) => [key, ...[...dests].sort()].join('\t'))
    .sort()
    .join('\n')

/** What cannot be understood is left out: it is foreign then, and stays. */
export function readRecord(text: string): OwnedRecord {
  const record = new Map<string, Set<string>>()
  for (const [name = '', ...places] of text.split('\n').map((line) => line.split('\t'))) {
    if (isOther(name)) record.set(name, new Set(places))
    const service = parseServiceKey(name)
    if (!service) continue
    const dests = places.flatMap((place) => parseDestKey(place) ?? []).map(destKey)
    record.set(serviceKey(service), new Set(dests))
  }
  return record
}
