/**
 * Pools, and the realservers that each service has: those that it lists, or those of its pool with what it overrides. Every rule
 * about the realservers of a service asks here, so that none forgets pools.
 */
import type { Path } from '../document.ts'
import { suggest } from '../nearest.ts'
import type { Draft } from '../schema.ts'
import { withOverride } from '../overrides.ts'
import { entries, isUnread, type Refuse, refuseTwice, type Rule } from './rule.ts'

export type Service = NonNullable<NonNullable<Draft['services']>[number]>
export type Realserver = NonNullable<NonNullable<Service['realservers']>[number]>
type Pool = NonNullable<NonNullable<Draft['pools']>[number]>

export interface Served {
  readonly item: Realserver
  /** Null: the service lists it itself. */
  readonly pool: string | null
  /** Where a value of it stands: in the service's list, in an override, or in the pool. */
  place(key?: keyof Realserver): Path
  /** The same for what is wrong with this service and the realserver together: of a pool, where the service says something of it. */
  here(key?: keyof Realserver): Path
}

const poolAt = (draft: Draft, name: string | undefined): { readonly at: number; readonly item: Pool } | undefined =>
  name === undefined ? undefined : entries(draft.pools).find(({ item }) => item.name === name)

/** The realservers of the service at this index. */
export function served(draft: Draft, at: number): Served[] {
  const service = draft.services?.[at]
  if (service?.pool === undefined || Object.hasOwn(service, 'realservers'))
    return entries(service?.realservers).map(({ at: nth, item }) => listed(['services', at, 'realservers', nth], item))
  const pool = poolAt(draft, service.pool)
  const overrides = new Map(entries(service.overrides).map((one) => [one.item.node, one]))
  return entries(pool?.item.realservers).map(({ at: nth, item }) => {
    const override = item.node === undefined ? undefined : overrides.get(item.node)
    const inPool: Path = ['pools', pool?.at ?? 0, 'realservers', nth]
    const inService: Path = ['services', at, 'overrides', override?.at ?? 0]
    const said = (key?: string): boolean =>
      key !== undefined && override !== undefined && Object.hasOwn(override.item, key)
    const below = (path: Path, key?: string): Path => (key === undefined ? path : [...path, key])
    return {
      item: withOverride(item, override?.item),
      pool: service.pool ?? null,
      place: (key) => below(said(key) ? inService : inPool, key),
      here: (key) => (said(key) ? below(inService, key) : ['services', at, 'pool']),
    }
  })
}

function listed(path: Path, item: Realserver): Served {
  const place = (key?: string): Path => (key === undefined ? path : [...path, key])
  return { item, pool: null, place, here: place }
}

/** How many they are, those that could not be read too. */
export function serverCount(draft: Draft, at: number): number {
  const service = draft.services?.[at]
  return (service?.realservers ?? poolAt(draft, service?.pool)?.item.realservers ?? []).length
}

/** Whatever the file names as a realserver, those of pools that nobody uses too. */
export function everyServer(draft: Draft): (Pick<Served, 'item' | 'place'> & { readonly where: string })[] {
  const inPools = entries(draft.pools).flatMap(({ at, item: pool }) =>
    entries(pool.realservers).map(({ at: nth, item }) => ({
      ...listed(['pools', at, 'realservers', nth], item),
      where: `pool "${pool.name}"`,
    })),
  )
  const inServices = entries(draft.services).flatMap(({ at, item: service }) =>
    served(draft, at).map((one) => ({ ...one, where: `service "${service.name}"` })),
  )
  return [...inPools, ...inServices]
}

export const pools: Rule = (draft, refuse) => {
  for (const { at, item: pool } of entries(draft.pools)) {
    const seen = new Map<string, string>()
    for (const { at: nth, item } of entries(pool.realservers))
      refuseTwice(
        seen,
        item.address === undefined
          ? undefined
          : `${item.address}${item.port === undefined ? '' : ` port ${item.port}`}`,
        'a realserver of this pool',
        ['pools', at, 'realservers', nth, 'address'],
        refuse,
        'duplicate-realserver',
        'name each realserver once; give it more weight instead',
      )
  }
  for (const { at, item: service } of entries(draft.services)) {
    refuseSource(service, ['services', at], refuse)
    refuseOverrides(draft, service, ['services', at, 'overrides'], refuse)
  }
}

/** Realservers come from one place. */
function refuseSource(service: Service, path: Path, refuse: Refuse): void {
  const [lists, pooled] = [Object.hasOwn(service, 'realservers'), Object.hasOwn(service, 'pool')]
  if (lists && pooled)
    refuse(
      'pool-and-realservers',
      [...path, 'pool'],
      `service "${service.name}" has both a pool and realservers of its own`,
      'keep one of them; a realserver that others shall have too belongs in the pool',
    )
  if (!lists && !pooled)
    refuse(
      'missing',
      [...path, 'realservers'],
      'neither "realservers" nor "pool" is there: the service has nobody to serve it',
      'add realservers: [{ node: rs1, address: 10.11.0.11, forward: dr }], or pool: NAME',
    )
}

function refuseOverrides(draft: Draft, service: Service, path: Path, refuse: Refuse): void {
  if (service.overrides !== undefined && !Object.hasOwn(service, 'pool'))
    refuse(
      'overrides-without-pool',
      path,
      'there is no pool here whose realservers these could be',
      'write what is meant at the realservers themselves, or name a pool',
    )
  const pool = poolAt(draft, service.pool)?.item
  const members = entries(pool?.realservers).flatMap(({ item }) => (item.node === undefined ? [] : [item.node]))
  const readable = pool?.realservers !== undefined && members.length === pool.realservers.length
  const seen = new Map<string, string>()
  for (const { at, item } of entries(service.overrides)) {
    const place = [...path, at]
    const where = [...place, 'node']
    refuseTwice(seen, item.node, 'overridden here', where, refuse, 'duplicate-name', 'put all of it into one entry')
    if (Object.keys(item).length === 1 && item.node !== undefined)
      refuse(
        'empty-override',
        place,
        `nothing of "${item.node}" is overridden`,
        'say what, e.g. forward: nat, or take it out',
      )
    if (!readable || item.node === undefined || isUnread(item, 'node') || members.includes(item.node)) continue
    const message = `pool "${service.pool}" has no realserver "${item.node}"`
    refuse('unknown-server', where, message, () => suggest(item.node ?? '', members, 'realservers'))
  }
}
