/**
 * The configuration file, key by key. Shapes and ranges only; what one key means for another is for `rules/`.
 * Every string keeps its text here (durations, addresses), so that the rules can quote what the operator wrote.
 */
import { ALGORITHMS } from '@lvsm/protocol'
import * as z from 'zod'
import { type AddressFault, refuseAddress, refuseCidr } from './address.ts'
import { MOST_PING_NODES } from './config.ts'
import { parseDuration } from './duration.ts'
import { CHECKS, FORWARDING, PROTOCOLS, SCHEDULERS } from './tables/index.ts'
import { namesOf } from './tables/table.ts'
import { checkFields } from './check-fields.ts'

export const DEFAULT_PORT = 6940
export const ROLES = ['director', 'realserver', 'witness'] as const
export const PROFILE_NAMES = ['default', 'fast', 'wan'] as const

const text = (matches: (value: string) => boolean, code: string, message: string, hint: string) =>
  z.string().refine(matches, { error: message, params: { code, hint } })

const name = text(
  (value) => /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,30}[A-Za-z0-9])?$/.test(value),
  'bad-name',
  'is no name',
  'use 1 to 32 letters, digits, dots, dashes and underscores; begin and end with a letter or digit',
)
const addressText = (refuse: (value: string) => AddressFault | null) =>
  z.string().superRefine((value, context) => {
    const fault = refuse(value)
    if (!fault) return
    const { code, message, hint } = fault
    context.addIssue({ code: 'custom', message, params: { code, hint } })
  })
const address = addressText((value) => refuseAddress(value))
const cidr = addressText((value) => refuseCidr(value))
const duration = text(
  (value) => parseDuration(value) !== null,
  'bad-duration',
  'is no duration',
  'write a number with its unit: 100ms, 1s, 1.5s, 2m',
)
const interfaceName = text(
  (value) => /^[^\s/:]{1,15}$/.test(value),
  'bad-interface',
  'is no interface name',
  'use 1 to 15 characters without spaces, slashes and colons, e.g. eth1',
)
const secret = text(
  (value) => /^(?:[0-9a-fA-F]{2})+$/.test(value),
  'bad-secret',
  'is not an even number of hexadecimal digits',
  'make one with: openssl rand -hex 32',
)
const port = z.int().min(1).max(65535)

export const linkSchema = z.strictObject({ name, address, port: port.optional() })
export const nodeSchema = z.strictObject({
  name,
  roles: z.array(z.enum(ROLES)).min(1),
  voter: z.boolean().optional(),
  links: z.array(linkSchema).min(1),
})
export const floatingSchema = z.union([cidr, z.strictObject({ address: cidr, interface: interfaceName.optional() })])
export const groupSchema = z.strictObject({
  name,
  directors: z.array(name).min(1),
  vips: z.array(floatingSchema).min(1),
  gateways: z.array(floatingSchema).optional(),
  ping: z.array(address).max(MOST_PING_NODES.group).optional(),
})
export const checkSchema = checkFields(CHECKS, {
  interval: duration.optional(),
  timeout: duration.optional(),
  fall: z.int().min(1).max(20).optional(),
  rise: z.int().min(1).max(20).optional(),
  'keep-last': z.boolean().optional(),
})
export const realserverSchema = z.strictObject({
  node: name,
  address,
  port: port.optional(),
  forward: z.enum(namesOf(FORWARDING)),
  gateway: address.optional(),
  weight: z.int().min(0).max(65535).optional(),
})
export const serviceSchema = z.strictObject({
  name,
  group: name,
  address,
  port,
  protocol: z.enum(namesOf(PROTOCOLS)),
  scheduler: z.enum(namesOf(SCHEDULERS)),
  'scheduler-flags': z.array(name).optional(),
  check: checkSchema.optional(),
  realservers: z.array(realserverSchema).min(1),
})
export const keySchema = z.strictObject({
  id: z.int().min(1).max(255),
  algorithm: z.enum(ALGORITHMS).optional(),
  secret: secret.optional(),
  file: z.string().min(1).optional(),
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
  profile: z.enum(PROFILE_NAMES).optional(),
  timing: timingSchema.optional(),
  keys: z.array(keySchema).min(1),
  'sign-with': z.int(),
  nodes: z.array(nodeSchema).min(1),
  groups: z.array(groupSchema),
  services: z.array(serviceSchema).optional(),
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
