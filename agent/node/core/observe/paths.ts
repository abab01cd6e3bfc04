/**
 * Paths that are dead behind a living port: the check of a realserver is well, for it goes another way, and clients get no answer. The
 * owner's kernel shows it: connections of which nothing but the first packet was seen (SYN_RECV, 60 s; net/netfilter/ipvs/ip_vs_proto_tcp.c),
 * and none that went further between two looks. A look costs the more the more connections there are, so it is made only while an owner
 * has any: the kernel counts those of a first packet as active.
 */
import { after, between, type Instant, later } from '@lvsm/base'
import { type Config, serviceKey } from '@lvsm/model'
import type { Observed } from '@lvsm/plan'
import type { OpeningsReport, ServerOpenings } from '@lvsm/protocol'
import { heldGroups } from '../lease.ts'
import type { NodeState } from '../state.ts'

/**
 * One that opens and gets no further may be the client's own affair. Who waits at several realservers of a service, at none of which
 * anything went further for a while, counts for all of them: a filter of this director takes its time to hold up three at each.
 */
const LEAST = 3
/** Looks in a row. */
const WHILE = 2
/** After so many looks in a row that could not be read nothing is known any more. */
export const UNREAD = 2
const EVERY_MS = 3000
/** A look of which the reading took long comes the more seldom. */
const REST = 20
/** Who waits has opened within this time. */
const WAITS_MS = 60_000
/** The kernel counts in seconds. */
const COARSE_MS = 1500
/** So long the kernel remembers a first packet; each that is sent again makes it anew. */
const OPENS_MS = 60_000

interface Look {
  readonly at: Instant
  /** By service and realserver, of those that have some: the most of `opening` at this look and at the one before. */
  readonly halfOpen: ReadonlyMap<string, number>
  /** By service and realserver. */
  readonly servers: ReadonlyMap<string, Waiting>
}
interface Waiting extends ServerOpenings {
  /** Those that sent their first packet, or sent it again, after connections were seen to get on there. */
  readonly waiting: number
}
export interface Paths {
  asking: boolean
  lookAt: Instant
  last: Look | null
  /** By service and realserver. */
  silent: ReadonlyMap<string, Silence>
  /** By service and realserver: connections got on there between these looks. */
  moved: ReadonlyMap<string, Moved>
  /** Dead since the last two looks; of these `others` says where connections of the same service got on meanwhile. */
  dead: readonly Dead[]
  /** Services at no realserver of which connections get on. */
  deadServices: readonly string[]
  /** Of the dead ones those of which a trouble says why, as of the last step (paths-mended.ts). */
  explained: ReadonlySet<string>
  /** Looks in a row that could not be read, or not to the end; why, as of the last one. */
  unread: { readonly looks: number; readonly why: string }
}
/** Some waited from one look to the next, and nothing went further meanwhile: so many times in a row, since then. */
interface Silence {
  readonly looks: number
  readonly since: Instant
}
interface Moved {
  readonly since: Instant
  readonly until: Instant
}
export interface Dead extends ServerOpenings {
  readonly others: readonly string[]
}
const READ = { looks: 0, why: '' }
export const newPaths = (at: Instant): Paths => ({
  ...{ asking: false, lookAt: at, last: null, silent: new Map(), moved: new Map(), dead: [], deadServices: [] },
  explained: new Set(),
  unread: READ,
})

type Services = NonNullable<Observed['services']>
const suspects = new WeakMap<Services, { readonly config: Config; readonly groups: ReadonlySet<string> }>()

/** Groups with some connections. Asked at every step, so each look is gone through once (a look never changes). */
function suspectsIn(config: Config, services: Services): ReadonlySet<string> {
  const known = suspects.get(services)
  if (known?.config === config) return known.groups
  const busy = services.filter(
    ({ dests }) => dests.reduce((sum, { active, inactive }) => sum + active + inactive, 0) >= LEAST,
  )
  const keys = new Set(busy.map(serviceKey))
  const groups = new Set(config.services.filter((one) => keys.has(serviceKey(one))).map(({ group }) => group))
  suspects.set(services, { config, groups })
  return groups
}

/** Is there anything to look for: an owner's table with connections? */
function isDue(state: NodeState): boolean {
  const { config, kernel } = state
  const services = kernel.observed?.services
  if (!config || !services) return false
  const groups = suspectsIn(config, services)
  return groups.size > 0 && [...heldGroups(state)].some((group) => groups.has(group))
}

export function lookAtPathsIfDue(state: NodeState): void {
  const { paths, now, effects } = state
  if (paths.asking) return
  if (!isDue(state)) {
    Object.assign(paths, { ...newPaths(paths.lookAt), asking: paths.asking } satisfies Paths)
    return
  }
  if (now < paths.lookAt) return
  paths.asking = true
  effects.push({ kind: 'openings' })
}
export const nextPathLook = (state: NodeState): Instant | null =>
  state.paths.asking || !isDue(state) ? null : later(state.paths.lookAt, state.now)

/** `report` null: it could not be read. */
export function onOpenings({ paths, now }: NodeState, report: OpeningsReport | null): void {
  paths.asking = false
  paths.lookAt = after(now, Math.max(EVERY_MS, REST * (report?.tookMs ?? 0)))
  if (!report?.whole) return unread(paths, report)
  paths.unread = READ
  const before = paths.last
  const moving = report.servers.filter((one) => before !== null && hasMoved(one, before, now))
  const during: Moved = { since: before?.at ?? now, until: now }
  paths.moved = new Map([...paths.moved, ...moving.map((one) => [nameOf(one), during] as const)])
  const servers = report.servers.map((one): Waiting => ({ ...one, waiting: waitingAt(paths, one, now) }))
  const halfOpen = servers.flatMap((one) => {
    const most = Math.max(one.opening, before?.servers.get(nameOf(one))?.opening ?? 0)
    return most > 0 ? [[nameOf(one), most] as const] : []
  })
  paths.last = { at: now, halfOpen: new Map(halfOpen), servers: new Map(servers.map((one) => [nameOf(one), one])) }
  if (!before) return
  const silent = servers.filter(
    (one) => isSilent(one, before) && !moving.some((other) => nameOf(other) === nameOf(one)),
  )
  paths.silent = new Map(
    silent.map((one) => {
      const { looks, since } = paths.silent.get(nameOf(one)) ?? { looks: 0, since: before.at }
      return [nameOf(one), { looks: looks + 1, since }]
    }),
  )
  judge(paths, servers, deadOf(paths, silent, before), now)
}

/** Connections of which nothing but the first packet was seen, as of the last looks: the kernel counts them as active. By `nameOf`. */
export const halfOpenIn = ({ last }: Paths): ReadonlyMap<string, number> => last?.halfOpen ?? NONE
const NONE: ReadonlyMap<string, number> = new Map()

/** Who gave up before the path was well again stays in the kernel for a minute, and says nothing of now. */
function waitingAt({ moved }: Paths, server: ServerOpenings, now: Instant): number {
  const gotOn = moved.get(nameOf(server))
  if (gotOn === undefined) return server.opening
  const leftS = (OPENS_MS - between(gotOn.until, now) + COARSE_MS) / 1000
  return Object.entries(server.openingFor).reduce(
    (sum, [seconds, count]) => sum + (Number(seconds) > leftS ? count : 0),
    0,
  )
}

/** What was seen before says nothing of now. */
function unread(paths: Paths, report: OpeningsReport | null): void {
  const why = report
    ? 'there are more than can be gone through in five seconds'
    : 'the kernel, or the thread that reads it, gave none'
  const looks = paths.unread.looks + 1
  if (looks >= UNREAD) Object.assign(paths, newPaths(paths.lookAt))
  paths.unread = { looks, why }
}

/**
 * Others get on where they did since it is silent there. Where they do not, and may only be idle, it is waited for one more look: then it is
 * the whole service as far as anybody can see.
 */
function judge(
  paths: Paths,
  servers: readonly ServerOpenings[],
  silent: readonly ServerOpenings[],
  now: Instant,
): void {
  const dead = silent.map((one): Dead => {
    const since = paths.silent.get(nameOf(one))?.since ?? now
    const others = servers.filter((other) => {
      const at = paths.moved.get(nameOf(other))?.since ?? null
      const gotOn = at !== null && at >= since && between(at, now) <= WAITS_MS
      return other.service === one.service && !silent.includes(other) && gotOn
    })
    return { ...one, others: others.map(({ node }) => node) }
  })
  const living = new Set(servers.filter((one) => !silent.includes(one)).map(({ service }) => service))
  const isSure = (one: Dead): boolean =>
    one.others.length > 0 || !living.has(one.service) || (paths.silent.get(nameOf(one))?.looks ?? 0) >= WHILE
  const alone = dead.filter((one) => isSure(one) && one.others.length === 0)
  paths.deadServices = [...new Set(alone.map(({ service }) => service))]
  paths.dead = dead.filter(isSure)
}

export const nameOf = ({ service, key }: Pick<ServerOpenings, 'service' | 'key'>): string => `${service} ${key}`

function deadOf(paths: Paths, silent: readonly Waiting[], before: Look): Waiting[] {
  const all = new Map<string, number>()
  for (const { service, waiting } of silent) all.set(service, (all.get(service) ?? 0) + waiting)
  return silent.filter((one) => {
    const alone = one.waiting >= LEAST && (before.servers.get(nameOf(one))?.waiting ?? 0) >= LEAST
    const isLong = (paths.silent.get(nameOf(one))?.looks ?? 0) >= WHILE
    return alone || (isLong && (all.get(one.service) ?? 0) >= LEAST)
  })
}

/** Some wait, as they did at the look before. */
const isSilent = (server: Waiting, before: Look): boolean =>
  server.waiting > 0 && (before.servers.get(nameOf(server))?.waiting ?? 0) > 0
/** Something other than a first packet was seen since. */
function hasMoved(server: ServerOpenings, before: Look, now: Instant): boolean {
  const { latest: known = {} } = before.servers.get(nameOf(server)) ?? {}
  const passedS = Math.max(between(before.at, now) - COARSE_MS, 0) / 1000
  // What nobody touched has come nearer to its end by the time that passed.
  return Object.entries(server.latest).some(([name, seconds]) => {
    const then = known[name]
    return then === undefined || seconds > then - passedS
  })
}
