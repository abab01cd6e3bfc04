/** Configurations of a simulated cluster, as drafts that can be changed, as files, and as the shape that the lease half lives in. */
import type { Random } from '@lvsm/base'
import { checkConfig, type Config, ownershipView } from '@lvsm/model'
import type { Shape } from '../shape.ts'

export interface DraftServer {
  readonly node: string
  readonly forward: 'dr' | 'nat'
  readonly weight: number
  readonly backup?: boolean
}
export interface DraftService {
  readonly name: string
  readonly group: string
  readonly port: number
  readonly scheduler: string
  readonly flags?: readonly string[]
  readonly servers: readonly DraftServer[]
}
export interface DraftGroup {
  readonly name: string
  readonly directors: readonly string[]
  readonly vip: string
  readonly gateway: string
}
export interface Draft {
  readonly nodes: readonly string[]
  readonly groups: readonly DraftGroup[]
  readonly services: readonly DraftService[]
  /** Directors tell each other of connections. */
  readonly sync?: boolean
}

const PING_NODE = '10.11.0.100'
const KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
const TIMING = 'keepalive: 100ms, lease: 350ms, apply: 35ms, warntime: 300ms, deadtime: 1s, drain: 200ms'
const VOTERS = 3
const NAT_PORT = 8080

export const isDirector = (node: string): boolean => node.startsWith('dir')
const hostOf = (node: string): number => Number(node.slice(-1)) + (isDirector(node) ? 0 : 10)
export const insideOf = (node: string): string => `10.12.0.${hostOf(node)}`
/** In the network of the second group's gateway: each group's realservers behind NAT have a network of their own. */
export const besidesOf = (node: string): string => `10.12.1.${hostOf(node)}`
export const outsideOf = (node: string): string => `10.11.0.${hostOf(node)}`

const nodeLine = (node: string, at: number): string =>
  `  - { name: ${node}, roles: [${isDirector(node) ? 'director' : 'realserver'}], voter: ${at < VOTERS}, links: [{ name: inside, address: ${insideOf(node)} }, { name: outside, address: ${outsideOf(node)} }] }`
const groupLine = ({ name, directors, vip, gateway }: DraftGroup): string =>
  `  - { name: ${name}, directors: [${directors.join(', ')}], vips: [${vip}/24], gateways: [${gateway}/24], ping: [${PING_NODE}] }`
const serverLine = (
  { node, forward, weight, backup = false }: DraftServer,
  { port }: DraftService,
  { gateway }: DraftGroup,
): string =>
  forward === 'dr'
    ? `      - { node: ${node}, address: ${outsideOf(node)}, port: ${port}, forward: dr, weight: ${weight}, backup: ${backup} }`
    : `      - { node: ${node}, address: ${insideOf(node)}, port: ${NAT_PORT}, forward: nat, gateway: ${gateway}, weight: ${weight}, backup: ${backup} }`
const serviceLines = (service: DraftService, group: DraftGroup): string[] => [
  `  - name: ${service.name}`,
  `    group: ${group.name}`,
  `    address: ${group.vip}`,
  `    port: ${service.port}`,
  '    protocol: tcp',
  `    scheduler: ${service.scheduler}`,
  ...(service.flags ? [`    scheduler-flags: [${service.flags.join(', ')}]`] : []),
  '    check: { type: tcp, interval: 500ms, timeout: 300ms, fall: 2, rise: 2 }',
  '    realservers:',
  ...service.servers.map((server) => serverLine(server, service, group)),
]

export function configOf({ nodes, groups, services, sync = false }: Draft, revision: number): Config {
  const lines = [
    'cluster: sim',
    `revision: ${revision}`,
    `timing: { ${TIMING} }`,
    'keys:',
    `  - { id: 1, algorithm: sha256, secret: "${KEY}" }`,
    'sign-with: 1',
    `sync: ${sync}`,
    'nodes:',
    ...nodes.map(nodeLine),
    'groups:',
    ...groups.map(groupLine),
    services.length > 0 ? 'services:' : 'services: []',
    ...services.flatMap((service) => {
      const group = groups.find(({ name }) => name === service.group)
      return group ? serviceLines(service, group) : []
    }),
  ]
  const { config, refusals } = checkConfig(lines.join('\n'))
  if (!config) throw new Error(`a draft is no configuration: ${JSON.stringify(refusals)}`)
  return config
}

/** Groups of the lease half, as the agents will tell them. */
export function shapeFrom(drafts: readonly [Draft, ...Draft[]], random: Random): Shape {
  const [first, ...rest] = drafts.map((draft, at) => {
    const config = configOf(draft, at + 1)
    const { groups } = ownershipView(config, new Map(), () => 2, draft.groups[0]?.directors[0] ?? '')
    const placed = groups.map((group) => ({
      ...group,
      addresses: group.addresses.map((one) => ({ ...one, ifindex: 2 })),
    }))
    const voters = config.nodes.filter(({ voter }) => voter).map(({ name }) => name)
    return { groups: placed, voters, timing: config.timing }
  })
  if (!first) throw new Error('a life has a configuration')
  return {
    name: `${drafts[0].nodes.length} whole nodes`,
    nodes: drafts[0].nodes,
    revisions: [first, ...rest],
    links: 2,
    egress: random.next() < 0.8,
    drafts,
  }
}

const WEB: DraftGroup = { name: 'web', directors: ['dir1', 'dir2'], vip: '10.11.0.20', gateway: '10.12.0.254' }
const MAIL: DraftGroup = { name: 'mail', directors: ['dir2', 'dir1'], vip: '10.11.0.21', gateway: '10.12.1.253' }
const dr = (node: string): DraftServer => ({ node, forward: 'dr', weight: 1 })
const HTTP: DraftService = { name: 'http', group: 'web', port: 80, scheduler: 'wrr', servers: [dr('rs1'), dr('rs2')] }

/** Two directors, three realservers, one of which is behind NAT in some lives; a second group in some. */
export function draftOf(random: Random): Draft {
  const nat: DraftServer[] = random.next() < 0.6 ? [{ node: 'rs3', forward: 'nat', weight: 1 }] : []
  const third = random.next() < 0.3
  const http = { ...HTTP, servers: [...HTTP.servers, ...nat] }
  const smtp: DraftService = { ...HTTP, name: 'smtp', group: 'mail', port: 25, scheduler: 'rr' }
  const two = random.next() < 0.4
  return {
    nodes: ['dir1', 'dir2', 'rs1', 'rs2', 'rs3', ...(third ? ['dir3'] : [])],
    groups: [third ? { ...WEB, directors: [...WEB.directors, 'dir3'] } : WEB, ...(two ? [MAIL] : [])],
    services: [http, ...(two ? [smtp] : [])],
  }
}

const pick = <T>(list: readonly T[], random: Random): T | undefined => list[Math.floor(random.next() * list.length)]
const without = (random: Random, draft: Draft): Draft => {
  const gone = draft.services.length > 1 ? pick(draft.services, random) : undefined
  return { ...draft, services: draft.services.filter((service) => service !== gone) }
}
const added = (_: Random, draft: Draft): Draft => {
  const port = 8000 + draft.services.length
  const name = `extra-${port}`
  const taken = draft.services.some((service) => service.name === name)
  return taken ? draft : { ...draft, services: [...draft.services, { ...HTTP, name, port, scheduler: 'wlc' }] }
}
const inService = (random: Random, draft: Draft, change: (service: DraftService) => DraftService): Draft => {
  const chosen = pick(draft.services, random)
  return { ...draft, services: draft.services.map((one) => (one === chosen ? change(one) : one)) }
}
const BY_SOURCE = { scheduler: 'mh', flags: ['mh-port'] }
const IN_TURN = { scheduler: 'rr', flags: [] }
const weighted = (random: Random, draft: Draft): Draft =>
  inService(random, draft, (service) => ({
    ...service,
    servers: service.servers.map((server) => ({ ...server, weight: 1 + Math.floor(random.next() * 5) })),
  }))
/** Who is left may not be a backup alone. */
function leftOf(servers: readonly DraftServer[], gone: string): readonly DraftServer[] {
  const left = servers.filter(({ node }) => node !== gone)
  return left.every(({ backup }) => backup === true) ? left.map((one) => ({ ...one, backup: false })) : left
}
const shrunk = (random: Random, draft: Draft): Draft =>
  inService(random, draft, (service) => ({ ...service, servers: leftOf(service.servers, 'rs2') }))
const rescheduled = (random: Random, draft: Draft): Draft =>
  inService(random, draft, (service) => {
    const { scheduler, flags } = service.scheduler === 'rr' ? BY_SOURCE : IN_TURN
    return { ...service, scheduler, flags }
  })
const reordered = (_: Random, draft: Draft): Draft => ({
  ...draft,
  groups: draft.groups.map((group) => ({ ...group, directors: group.directors.toReversed() })),
})
/** One of them is there for the case that the others fail, or no longer. */
const reserved = (random: Random, draft: Draft): Draft =>
  inService(random, draft, (service) => {
    const chosen = pick(service.servers, random)
    const isAlone = service.servers.filter(({ backup }) => backup !== true).length < 2
    return {
      ...service,
      servers: service.servers.map((one) =>
        one === chosen ? { ...one, backup: !isAlone && one.backup !== true } : one,
      ),
    }
  })
const CHANGES = [without, added, weighted, shrunk, rescheduled, reordered, reserved] as const

/** A configuration and some changes of it, one after the other. */
export function draftsOf(random: Random, changes: number): [Draft, ...Draft[]] {
  const drafts: [Draft, ...Draft[]] = [draftOf(random)]
  for (let left = changes; left > 0; left--) {
    const last = drafts.at(-1) ?? drafts[0]
    drafts.push(pick(CHANGES, random)?.(random, last) ?? last)
  }
  return drafts
}
