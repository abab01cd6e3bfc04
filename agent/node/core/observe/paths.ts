/**
 * Paths that are dead behind a living port: the check of a realserver is well, for it goes another way, and clients get no answer. The
 * owner's kernel shows it: connections of which nothing but the first packet was seen (SYN_RECV, 60 s; net/netfilter/ipvs/ip_vs_proto_tcp.c),
 * and none that went further between two looks. A look costs the more the more connections there are, so it is made only while some
 * are not established.
 */
import { after, between, type Instant, later, type Trouble } from '@lvsm/base'
import { type Config, parseDestKey, serviceKey } from '@lvsm/model'
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
const EVERY_MS = 3000
/** A look of which the reading took long comes the more seldom. */
const REST = 20
/** The kernel counts in seconds. */
const COARSE_MS = 1500

interface Look {
  readonly at: Instant
  /** By service and realserver. */
  readonly servers: ReadonlyMap<string, ServerOpenings>
}
export interface Paths {
  asking: boolean
  lookAt: Instant
  last: Look | null
  /** By service and realserver: so many times in a row some waited from one look to the next, and nothing went further meanwhile. */
  silent: ReadonlyMap<string, number>
  /** Dead since the last two looks. */
  dead: readonly ServerOpenings[]
  /** Services of which no realserver has a living path. */
  deadServices: readonly string[]
}
export const newPaths = (at: Instant): Paths => ({
  ...{ asking: false, lookAt: at, last: null, silent: new Map(), dead: [], deadServices: [] },
})

type Services = NonNullable<Observed['services']>
const suspects = new WeakMap<Services, { readonly config: Config; readonly groups: ReadonlySet<string> }>()

/** Groups with connections that are not established. Asked at every step, so each look is gone through once (a look never changes). */
function suspectsIn(config: Config, services: Services): ReadonlySet<string> {
  const known = suspects.get(services)
  if (known?.config === config) return known.groups
  const waiting = services.filter(({ dests }) => dests.reduce((sum, { inactive }) => sum + inactive, 0) >= LEAST)
  const keys = new Set(waiting.map(serviceKey))
  const groups = new Set(config.services.filter((one) => keys.has(serviceKey(one))).map(({ group }) => group))
  suspects.set(services, { config, groups })
  return groups
}

/** Is there anything to look for: an owner's table with connections that are not established? */
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
  if (!report?.whole) return
  const look = { at: now, servers: new Map(report.servers.map((one) => [nameOf(one), one])) }
  const before = paths.last
  paths.last = look
  if (!before) return
  const silent = report.servers.filter((one) => isSilent(one, before, now))
  paths.silent = new Map(silent.map((one) => [nameOf(one), (paths.silent.get(nameOf(one)) ?? 0) + 1]))
  const dead = deadOf(paths, silent, before)
  const living = new Set(report.servers.filter((one) => !dead.includes(one)).map(({ service }) => service))
  const services = new Map<string, number>()
  for (const { service } of dead) services.set(service, (services.get(service) ?? 0) + 1)
  paths.dead = dead
  paths.deadServices = [...services].flatMap(([name, count]) => (count > 1 && !living.has(name) ? [name] : []))
}

const nameOf = ({ service, key }: ServerOpenings): string => `${service} ${key}`

function deadOf(paths: Paths, silent: readonly ServerOpenings[], before: Look): ServerOpenings[] {
  const waiting = new Map<string, number>()
  for (const { service, opening } of silent) waiting.set(service, (waiting.get(service) ?? 0) + opening)
  return silent.filter((one) => {
    const alone = one.opening >= LEAST && (before.servers.get(nameOf(one))?.opening ?? 0) >= LEAST
    const isLong = (paths.silent.get(nameOf(one)) ?? 0) >= WHILE
    return alone || (isLong && (waiting.get(one.service) ?? 0) >= LEAST)
  })
}

/** Some wait, as they did at the look before, and nothing went further in between. */
function isSilent(server: ServerOpenings, before: Look, now: Instant): boolean {
  const known = before.servers.get(nameOf(server))
  if (!known || known.opening === 0 || server.opening === 0) return false
  const passedS = Math.max(between(before.at, now) - COARSE_MS, 0) / 1000
  // What nobody touched has come nearer to its end by the time that passed.
  return Object.entries(server.latest).every(([name, seconds]) => {
    const then = known.latest[name]
    return then !== undefined && seconds <= then - passedS
  })
}

const SHOW = 'nft list ruleset; nstat -az TcpExtIPReversePathFilter'

export const pathTroubles = ({ paths, config }: NodeState): Trouble[] => [
  ...paths.deadServices.map((name): Trouble => {
    const own = paths.dead.filter(({ service }) => service === name)
    return {
      ...{ code: 'no-opening', severity: 'critical', object: `service ${name}` },
      message: `no new connection of service ${name} gets further than its first packet, at any of its realservers`,
      evidence: own.map(openingText).join('; '),
      hint: `look for what they have in common: what this director forwards (${SHOW}), the way back to the clients; or a flood of first packets (SYN): lvsm connections --service ${name} --state SYN_RECV`,
    }
  }),
  ...paths.dead
    .filter(({ service }) => !paths.deadServices.includes(service))
    .map((one): Trouble => {
      const { service, node, key, clients } = one
      const address = config?.services.find(({ name }) => name === service)?.address ?? 'the VIP'
      return {
        ...{ code: 'path-dead', severity: 'critical', object: `service ${service}` },
        message: `no new connection of service ${service} at ${node} (${placeText(key)}) gets further than its first packet, though others do`,
        evidence: openingText(one),
        hint: `follow the way of the packets: here ${SHOW}; on ${node} the same, and: ip route get ${clients[0] ?? 'CLIENT'} from ${address}, ip address show to ${address}; until then: lvsm drain ${node}`,
      }
    }),
]
/** Of a service on several ports it is all of them. */
function placeText(key: string): string {
  const place = parseDestKey(key)
  return place?.port === 0 ? place.address : key
}
const openingText = ({ node, opening, clients }: ServerOpenings): string =>
  `${node}: ${opening} connections opened and not answered, of ${clients.join(', ')}`
