/**
 * The configuration file, key by key. Shapes and ranges only; what one key means for another is for `rules/`.
 * Every string keeps its text here (durations, addresses), so that the rules can quote what the operator wrote.
 */
import { ALGORITHMS, HIGHEST_EPOCH } from '@lvsm/protocol'
import * as z from 'zod'
import { refuseAddress, refuseCidr } from './address.ts'
import { MOST, MOST_PING_NODES, MOST_REVISIONS } from './config.ts'
import { DURATION_HINT, parseDuration } from './duration.ts'
import {
  CHECKS,
  ENGINES,
  FORWARDING,
  HELPERS,
  PLACEMENTS,
  PROTOCOLS,
  ROUTES,
  SCHEDULERS,
  TUNNELS,
} from './tables/index.ts'
import { addressText, judged, text } from './fields.ts'
import { refuseInterface, refuseName } from './names.ts'
import { parseNetmask } from './netmask.ts'
import { parsePorts } from './ports.ts'
import { namesOf } from './tables/table.ts'
import { checkFields } from './check-fields.ts'
import { pacingFields } from './pacing.ts'
import { receiverOf } from './receivers.ts'

export const DEFAULT_PORT = 6940
export const ROLES = ['director', 'realserver', 'witness'] as const
export const PROFILE_NAMES = ['default', 'fast', 'wan'] as const

const name = judged('bad-name', refuseName)
const address = addressText((value) => refuseAddress(value)).meta({ format: 'address' })
const cidr = addressText((value) => refuseCidr(value)).meta({ format: 'network' })
const duration = text((value) => parseDuration(value) !== null, 'bad-duration', 'is no duration', DURATION_HINT).meta({
  format: 'duration',
})
const interfaceName = judged('bad-interface', refuseInterface)
const secret = text(
  (value) => /^(?:[0-9a-fA-F]{2}){1,128}$/.test(value),
  'bad-secret',
  'is not an even number of hexadecimal digits',
  'make one with: openssl rand -hex 32',
)
/** Hexadecimal digits in whatever groups, and what `openssl rand -base64` prints. */
const isLikeSecret = (value: string): boolean =>
  /^[0-9a-fA-F]{16,}$/.test(value.replaceAll(/[\s:-]/g, '')) ||
  /^(?![/.])[A-Za-z0-9+/]{20,}={1,2}$/.test(value) ||
  /^(?![/.])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9+/]{40,}$/.test(value)

/** Where the secret itself was put: it would be printed as the name of a file that is not there. */
const secretFile = text(
  (value) => !isLikeSecret(value) && !value.includes('\0'),
  'bad-file',
  'names no file: it looks like the secret itself',
  'write file: PATH, or secret: "DIGITS"',
)
const port = z.int().min(1).max(65535).meta({ format: 'port' })

const userName = text(
  (value) => /^[a-z_][a-z0-9_-]{0,31}$/.test(value),
  'bad-user',
  'is no name of a user',
  'write one of /etc/passwd, e.g. nobody',
)

export const linkSchema = z.strictObject({ name, address, port: port.optional() })
export const nodeSchema = z.strictObject({
  name,
  roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length),
  voter: z.boolean().optional(),
  /** Whether it is to be one of the coordinators; not there: directors are. */
  coordinator: z.boolean().optional(),
  links: z.array(linkSchema).min(1).max(MOST.links),
})
const floatingOf = (text: typeof cidr) =>
  z.union([text, z.strictObject({ address: text, interface: interfaceName.optional() })])
export const floatingSchema = floatingOf(cidr)
export const groupSchema = z.strictObject({
  name,
  directors: z.array(name).min(1),
  vips: z.array(floatingSchema).min(1),
  gateways: z.array(floatingOf(cidr)).optional(),
  ping: z.array(address).max(MOST_PING_NODES.group).optional(),
  /** Programs of /etc/lvsm/hooks.d that run, in order, when a director took the group, and when it has it no more. */
  'take-hooks': z.array(name).max(MOST.hooks).optional(),
  'release-hooks': z.array(name).max(MOST.hooks).optional(),
  /** Not there: as the agent runs. */
  'hook-user': userName.optional(),
  'hook-timeout': duration.optional(),
})
/** Clients of one network count as one: a mask as IPv4 has them, or a prefix length. */
const netmask = z.union([
  text(
    (value) => parseNetmask(value) !== null,
    'bad-netmask',
    'is no mask of a network',
    'write 255.255.255.0, or the prefix length: 24',
  ),
  z.int().min(1).max(128),
])
/** Ports, ranges of them, or all. */
const ports = z.union([
  text(
    (value) => parsePorts(value) !== null,
    'bad-port',
    'is no port, and no range of them',
    'write 80, 8000-8100, or all',
  ),
  port,
])
const threshold = z.int().min(1).max(MOST.threshold)
export const checkSchema = checkFields(CHECKS, {
  /** Not there: where the realserver serves. */
  port: port.optional(),
  interval: duration.optional(),
  timeout: duration.optional(),
  fall: z.int().min(1).max(20).optional(),
  rise: z.int().min(1).max(20).optional(),
  'keep-last': z.boolean().optional(),
  /** The realserver's own agent tells, too, whether somebody listens there, and accepts. */
  'own-view': z.boolean().optional(),
  /** Through IPVS to the VIP, as clients come. */
  via: z.enum(['vip']).optional(),
  ...pacingFields(duration),
  /** In place of a check of its own: each realserver has the verdict that it has in that service. */
  track: name.optional(),
})
export const realserverSchema = z.strictObject({
  node: name,
  address,
  port: port.optional(),
  forward: z.enum(namesOf(FORWARDING)),
  gateway: address.optional(),
  /** How answers get to the gateway: by the node's default route, or by rules for them alone. */
  route: z.enum(namesOf(ROUTES)).optional(),
  tunnel: z.enum(namesOf(TUNNELS)).optional(),
  'tunnel-port': port.optional(),
  /** Where the realserver has the VIP for itself. */
  placement: z.enum(namesOf(PLACEMENTS)).optional(),
  weight: z.int().min(0).max(65535).optional(),
  /** Connections at which it gets no new ones, and under which it gets some again. */
  'upper-threshold': threshold.optional(),
  'lower-threshold': threshold.optional(),
  /** It serves only while the others are below their quorum: a sorry server. */
  backup: z.boolean().optional(),
  /** False: no agent runs there, and it is no node of the cluster. */
  agent: z.boolean().optional(),
})
export const poolSchema = z.strictObject({
  name,
  realservers: z.array(realserverSchema).min(1).max(MOST.realserversOfService),
})
/** What one service has otherwise than its pool says; another forwarding method leaves the pool's port, gateway, tunnel and placement behind. */
export const overrideSchema = realserverSchema.partial().extend({ node: name })
export const serviceSchema = z.strictObject({
  name,
  group: name,
  address,
  port: port.optional(),
  /** In place of `port`: one service for several. */
  ports: z.array(ports).min(1).max(MOST.ports).optional(),
  protocol: z.enum(namesOf(PROTOCOLS)),
  scheduler: z.enum(namesOf(SCHEDULERS)),
  'scheduler-flags': z.array(name).max(MOST.flags).optional(),
  /** Each datagram is scheduled by itself. */
  'one-packet': z.boolean().optional(),
  /** So long after its last connection a client comes to the same realserver. */
  persistence: duration.optional(),
  'persistence-netmask': netmask.optional(),
  'persistence-engine': z.enum(namesOf(ENGINES)).optional(),
  /** IPVS reads what is said, and lets further connections in. */
  helper: z.enum(namesOf(HELPERS)).optional(),
  /** Weight of healthy realservers under which backups serve, and how far from it nothing changes. */
  quorum: z.int().min(1).max(MOST.weight).optional(),
  hysteresis: z.int().min(0).max(MOST.weight).optional(),
  check: checkSchema.optional(),
  realservers: z.array(realserverSchema).min(1).max(MOST.realserversOfService).optional(),
  pool: name.optional(),
  overrides: z.array(overrideSchema).max(MOST.realserversOfService).optional(),
})
/** Who is told of troubles. */
export const receiverSchema = receiverOf({ name, port, duration })
export const keySchema = z.strictObject({
  id: z.int().min(1).max(255),
  algorithm: z.enum(ALGORITHMS).optional(),
  secret: secret.optional(),
  file: secretFile.min(1).max(4096).optional(),
  /** Whoever wants an algorithm that keeps nobody out says so. */
  insecure: z.boolean().optional(),
})
export const timingSchema = z.strictObject({
  keepalive: duration.optional(),
  lease: duration.optional(),
  apply: duration.optional(),
  warntime: duration.optional(),
  deadtime: duration.optional(),
  drain: duration.optional(),
})
export const configSchema = z.strictObject({
  cluster: name,
  revision: z.int().min(0).max(0xffffffff),
  epoch: z.int().min(1).max(HIGHEST_EPOCH).optional(),
  /** So many revisions the coordinators keep at most. */
  'kept-revisions': z.int().min(1).max(MOST_REVISIONS).optional(),
  /** Each node listens there for Prometheus and for whoever asks whether it is well. */
  'monitoring-port': port.optional(),
  /** Each node answers there as an agent of HAProxy's. */
  'agent-port': port.optional(),
  /** Both at its address on this link; not there: on its first. */
  'monitoring-link': name.optional(),
  profile: z.enum(PROFILE_NAMES).optional(),
  /** When IPVS forgets a connection: established, after its end, of UDP. Not there: as the kernel has it. */
  'tcp-timeout': duration.optional(),
  'tcp-fin-timeout': duration.optional(),
  'udp-timeout': duration.optional(),
  timing: timingSchema.optional(),
  /** Whether standbys are told of connections; not there: where a group has several directors. */
  sync: z.boolean().optional(),
  /** 0 would take the connections of every cluster. */
  'sync-id': z.int().min(1).max(255).optional(),
  'sync-link': name.optional(),
  'sync-group': address.optional(),
  'sync-port': port.optional(),
  keys: z.array(keySchema).min(1).max(MOST.keys),
  'sign-with': z.int(),
  nodes: z.array(nodeSchema).min(1).max(MOST.nodes),
  groups: z.array(groupSchema).max(MOST.addresses),
  pools: z.array(poolSchema).max(MOST.services).optional(),
  services: z.array(serviceSchema).max(MOST.services).optional(),
  receivers: z.array(receiverSchema).max(MOST.receivers).optional(),
})

/** The file as written, once every shape is right. */
export type Written = z.infer<typeof configSchema>

type Loose<T> = T extends readonly (infer U)[]
  ? (Loose<U> | undefined)[]
  : T extends object
    ? { [K in keyof T]?: Loose<T[K]> | undefined }
    : T

/** The file as written, without the values whose shape is wrong: what the rules look at, so that all faults come in one run. */
export type Draft = Loose<Written>
