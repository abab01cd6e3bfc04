/**
 * The configuration as a value: what was said, and nothing that follows from it. Lists whose order means nothing are mappings by
 * name, in one order; what was not said is not there, so that a default of a later version reaches whoever never chose.
 * Equal configurations that were said alike are equal texts (`sameData`).
 */
import type { ProfileName, Written } from '@lvsm/model'
import { DURATION_KEYS, durationText, parseCidr, parseDuration } from '@lvsm/model'
import { natural, ordered } from './order.ts'
import { nodeOfServer, serverName } from './server-ref.ts'
import { sameData } from './tree.ts'

export type Named<T> = Readonly<Record<string, T>>

type WrittenNode = Written['nodes'][number]
type WrittenGroup = Written['groups'][number]
type WrittenKey = Written['keys'][number]
type WrittenPool = NonNullable<Written['pools']>[number]
type WrittenService = NonNullable<Written['services']>[number]
type WrittenServer = WrittenPool['realservers'][number]
type WrittenReceiver = NonNullable<Written['receivers']>[number]
type WrittenOverride = NonNullable<WrittenService['overrides']>[number]

/** By reference: whoever may read a document may not read secrets. */
export type DocumentKey = Omit<WrittenKey, 'id' | 'secret'>
export type DocumentLink = Omit<WrittenNode['links'][number], 'name'>
export interface DocumentNode extends Omit<WrittenNode, 'name' | 'links'> {
  readonly links: Named<DocumentLink>
  /** The first is the node's own: said where it is not the order of their names. */
  readonly 'link-order'?: readonly string[] | undefined
}
export interface FloatingEntry {
  readonly prefix: number
  readonly interface?: string | undefined
}
export interface DocumentGroup extends Omit<WrittenGroup, 'name' | 'vips' | 'gateways'> {
  readonly vips: Named<FloatingEntry>
  readonly gateways?: Named<FloatingEntry> | undefined
}
export type DocumentServer = Omit<WrittenServer, 'node'>
export interface DocumentPool {
  readonly realservers: Named<DocumentServer>
}
export interface DocumentService extends Omit<WrittenService, 'name' | 'realservers' | 'overrides'> {
  readonly overrides?: Named<Omit<WrittenOverride, 'node'>> | undefined
  readonly realservers?: Named<DocumentServer> | undefined
}
/** Keys of connection synchronisation, as the file has them. */
type WrittenSync = Pick<Written, 'sync' | 'sync-id' | 'sync-link' | 'sync-group' | 'sync-port'>
export interface Document extends WrittenSync {
  readonly cluster: string
  /** Of the set of the lease's voters; not there: 1. */
  readonly epoch?: number | undefined
  /** Not there: as many as `History` says. */
  readonly 'kept-revisions'?: number | undefined
  readonly 'monitoring-port'?: number | undefined
  readonly 'agent-port'?: number | undefined
  readonly 'monitoring-link'?: string | undefined
  readonly profile?: ProfileName | undefined
  readonly 'tcp-timeout'?: string | undefined
  readonly 'tcp-fin-timeout'?: string | undefined
  readonly 'udp-timeout'?: string | undefined
  readonly timing?: Written['timing']
  readonly keys: Named<DocumentKey>
  readonly 'sign-with': number
  readonly nodes: Named<DocumentNode>
  readonly groups: Named<DocumentGroup>
  readonly pools: Named<DocumentPool>
  readonly services: Named<DocumentService>
  readonly receivers?: Named<Omit<WrittenReceiver, 'name'>> | undefined
}

const named = <T, R extends object>(list: readonly T[], name: (one: T) => string, rest: (one: T) => R): Named<R> =>
  ordered(Object.fromEntries(list.map((one) => [name(one), ordered(rest(one))])))
const namedOrNone = <T, R extends object>(
  list: readonly T[] | undefined,
  name: (one: T) => string,
  rest: (one: T) => R,
) => (list === undefined || list.length === 0 ? undefined : named(list, name, rest))

/** Without what the name says, and what does not belong in a document. */
const without = <T extends object, K extends keyof T>(tree: T, keys: readonly K[]): Omit<T, K> =>
  Object.fromEntries(Object.entries(tree).filter(([key]) => !keys.includes(key as K))) as Omit<T, K>

/** Of a faultless file. */
export function documentOf(written: Written): Document {
  const { timing, keys, nodes, groups, pools = [], services = [], receivers, ...rest } = written
  return ordered({
    ...spelled(without(rest, ['revision'])),
    timing: timing && Object.keys(timing).length > 0 ? ordered(spelled(timing)) : undefined,
    keys: named(
      keys,
      ({ id }) => String(id),
      (key) => without(key, ['id', 'secret']),
    ),
    nodes: named(nodes, nameOf, nodeOf),
    groups: named(groups, nameOf, groupOf),
    pools: named(pools, nameOf, ({ realservers }) => ({ realservers: serversOf(realservers) })),
    services: named(services, nameOf, serviceOf),
    receivers: namedOrNone(receivers, nameOf, (one) => spelled(without(one, ['name']))),
  })
}

const nameOf = ({ name }: { readonly name: string }): string => name

function nodeOf({ links, roles, ...rest }: WrittenNode): DocumentNode {
  const order = links.map(nameOf)
  const byName = named(links, nameOf, (link) => without(link, ['name']))
  return {
    ...without(rest, ['name']),
    roles: [...new Set(roles)].toSorted(natural),
    links: byName,
    'link-order': sameData(order, Object.keys(byName)) ? undefined : order,
  }
}

function groupOf({ vips, gateways, ping, ...rest }: WrittenGroup): DocumentGroup {
  const addresses = namedOrNone(gateways, addressOf, floatingOf)
  return {
    ...spelled(without(rest, ['name'])),
    vips: named(vips, addressOf, floatingOf),
    gateways: addresses,
    ping: ping?.toSorted(natural),
  }
}

type WrittenFloating = WrittenGroup['vips'][number]
const cidrOf = (written: WrittenFloating): string => (typeof written === 'string' ? written : written.address)
const addressOf = (written: WrittenFloating): string => parseCidr(cidrOf(written))?.address ?? cidrOf(written)
const floatingOf = (written: WrittenFloating): FloatingEntry => ({
  prefix: parseCidr(cidrOf(written))?.prefix ?? 0,
  interface: typeof written === 'string' ? undefined : written.interface,
})

const serversOf = (list: readonly WrittenServer[]): Named<DocumentServer> =>
  named(
    list,
    (one) => serverName(one, list),
    (server) => without(server, ['node']),
  )

function serviceOf({ realservers, overrides, check, ...rest }: WrittenService): DocumentService {
  const flags = rest['scheduler-flags']
  return {
    ...spelled(without(rest, ['name'])),
    'scheduler-flags': flags && [...new Set(flags)].toSorted(natural),
    check: check && ordered(spelled(check)),
    overrides: namedOrNone(
      overrides,
      ({ node }) => node,
      (override) => without(override, ['node']),
    ),
    realservers: realservers && serversOf(realservers),
  }
}

const DURATIONS: ReadonlySet<string> = new Set(DURATION_KEYS)
/** Durations in one spelling. */
const spelled = <T extends object>(tree: T): T =>
  Object.fromEntries(
    Object.entries(tree).map(([key, value]) => [
      key,
      DURATIONS.has(key) && typeof value === 'string' ? respelled(value) : value,
    ]),
  ) as T

function respelled(text: string): string {
  const ms = parseDuration(text)
  return ms === null ? text : durationText(ms)
}

/** The file that says the same. */
export function writtenOf(document: Document, revision: number): Written {
  const {
    cluster,
    epoch,
    profile,
    timing,
    keys,
    'sign-with': signWith,
    nodes,
    groups,
    pools,
    services,
    receivers = {},
    ...rest
  } = document
  return {
    cluster,
    revision,
    ...(epoch === undefined ? {} : { epoch }),
    ...(profile === undefined ? {} : { profile }),
    ...(timing === undefined ? {} : { timing }),
    keys: Object.entries(keys).map(([id, key]) => ({ id: Number(id), ...key })),
    'sign-with': signWith,
    nodes: Object.entries(nodes).map(([name, node]) => writtenNode(name, node)),
    groups: Object.entries(groups).map(([name, group]) => writtenGroup(name, group)),
    ...(Object.keys(pools).length === 0
      ? {}
      : {
          pools: Object.entries(pools).map(([name, pool]) => ({
            name,
            ...pool,
            realservers: writtenServers(pool.realservers),
          })),
        }),
    ...(Object.keys(services).length === 0
      ? {}
      : { services: Object.entries(services).map(([name, service]) => writtenService(name, service)) }),
    ...(Object.keys(receivers).length === 0
      ? {}
      : { receivers: Object.entries(receivers).map(([name, one]) => ({ name, ...one })) }),
    ...rest,
  }
}

function writtenNode(name: string, { links, 'link-order': order, ...rest }: DocumentNode): WrittenNode {
  const names = order?.filter((link) => Object.hasOwn(links, link)) ?? []
  const all = [...names, ...Object.keys(links).filter((link) => !names.includes(link))]
  return { name, ...rest, links: all.flatMap((link) => (links[link] ? [{ name: link, ...links[link] }] : [])) }
}

const writtenFloating = (entries: Named<FloatingEntry>): WrittenFloating[] =>
  Object.entries(entries).map(([address, { prefix, interface: name }]) =>
    name === undefined ? `${address}/${prefix}` : { address: `${address}/${prefix}`, interface: name },
  )

function writtenGroup(name: string, { directors, vips, gateways, ...rest }: DocumentGroup): WrittenGroup {
  const more = gateways === undefined ? {} : { gateways: writtenFloating(gateways) }
  return { name, directors, vips: writtenFloating(vips), ...more, ...rest }
}

const writtenServers = (servers: Named<DocumentServer>): WrittenServer[] =>
  Object.entries(servers).map(([name, server]) => ({ node: nodeOfServer(name), ...server }))

function writtenService(name: string, { realservers, overrides, ...rest }: DocumentService): WrittenService {
  return {
    name,
    ...rest,
    ...(overrides === undefined
      ? {}
      : { overrides: Object.entries(overrides).map(([node, override]) => ({ node, ...override })) }),
    ...(realservers === undefined ? {} : { realservers: writtenServers(realservers) }),
  }
}
