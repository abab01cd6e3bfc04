/**
 * The HTTP API of a coordinator as a table, as that of an agent: who serves it and who asks it read the same rows. Unlike
 * there, a request with a field that is not known is refused: half of what was asked for would be done.
 *
 * Statuses: 200 done · 202 a write whose end is not known (it may have been done) · 400 malformed · 404 no such path or revision
 * · 401 no user · 403 not for this user · 405 · 409 made on a stale revision · 413 too long · 422 refused by the
 * rules of the configuration  · 428 a change that does not say on which revision it was made · 429 too many failed tries, or too often · 503 not now. With all but 200 and
 * 202 nothing was changed.
 */
import * as z from 'zod'
import { LONGEST_NAME, recordedQuery } from './routes.ts'
import { configCommand, intentCommand } from '../changes/command.ts'
import { eventsReport } from '../events/event.ts'
import { type ApiRoute, type BodyOf, noQuery } from './api-route.ts'
import * as reports from './config-reports.ts'
import { clusterRates } from './rates.ts'
import { statusReport } from './status.ts'
import { recordedReport } from '../recorded/report.ts'
import { doneReport, TOKEN_ROUTES } from './token-routes.ts'
import { USER_ROUTES } from './user-routes.ts'

const PAGE = { most: 200, usual: 50 } as const

const whole = (text: string): number => Number(text)
/** In a path all is text. */
const digits = z
  .string({ error: 'a number is missing' })
  .regex(/^[0-9]{1,15}$/, { error: 'not a whole number' })
  .transform(whole)
const flag = z
  .enum(['true', 'false'], { error: 'neither true nor false' })
  .transform((word) => word === 'true')
  .default(false)
/** What this coordinator has, the newest or not; also while no majority of them can be reached. */
const stale = flag
/** `yaml=true`: also as text, which takes a coordinator many times as long as the data. */
const documentQuery = z.strictObject({ revision: digits.exactOptional(), yaml: flag, stale })
const historyQuery = z.strictObject({
  /** Only those of a lower number. */
  before: digits.exactOptional(),
  limit: digits
    .refine((limit) => limit >= 1 && limit <= PAGE.most, { error: `not from 1 to ${PAGE.most}` })
    .default(PAGE.usual),
  stale,
})
const revisionQuery = z.strictObject({ number: digits, stale })
/** Without `to`: the newest; without `from`: the one before `to`. */
const diffQuery = z.strictObject({ from: digits.exactOptional(), to: digits.exactOptional(), stale })
const factsQuery = z.strictObject({ stale })
/** `after`: a cursor of an answer before; of events, those that came since. */
const eventsQuery = z.strictObject({ after: z.string().max(100).exactOptional() })

const change = z.union([
  z.strictObject({ command: configCommand }),
  /** The whole document, as text: faults are told with line and column. */
  z.strictObject({ yaml: z.string() }),
])
const base = z.int({ error: 'neither the number of a revision nor null' }).min(0).nullable()
const comment = z.string({ error: 'no text' }).max(1000, { error: 'longer than 1000 characters' }).default('')
/** `base`: the revision that it was made on; null: whatever is the newest. If-Match says the same in a header. */
const changeBody = z.strictObject({ change, base: base.exactOptional(), comment })
const intentBody = z.strictObject({ command: intentCommand })

export const CONFIG_ROUTES = {
  document: {
    method: 'GET',
    path: '/v1/config',
    query: documentQuery,
    body: null,
    response: reports.documentReport,
    role: 'viewer',
  },
  history: {
    method: 'GET',
    path: '/v1/config/history',
    query: historyQuery,
    body: null,
    response: reports.historyReport,
    role: 'viewer',
  },
  revision: {
    method: 'GET',
    path: '/v1/config/revision',
    query: revisionQuery,
    body: null,
    response: reports.revisionReport,
    role: 'viewer',
  },
  diff: {
    method: 'GET',
    path: '/v1/config/diff',
    query: diffQuery,
    body: null,
    response: reports.diffReport,
    role: 'viewer',
  },
  change: {
    method: 'POST',
    path: '/v1/config/change',
    query: noQuery,
    body: changeBody,
    response: reports.changeReport,
    role: 'admin',
  },
  preview: {
    method: 'POST',
    path: '/v1/config/preview',
    query: noQuery,
    body: changeBody,
    response: reports.previewReport,
    role: 'viewer',
  },
  facts: {
    method: 'GET',
    path: '/v1/facts',
    query: factsQuery,
    body: null,
    response: reports.factsReport,
    role: 'viewer',
  },
  intent: {
    method: 'POST',
    path: '/v1/facts/change',
    query: noQuery,
    body: intentBody,
    response: reports.intentReport,
    role: 'operator',
  },
  intentPreview: {
    method: 'POST',
    path: '/v1/facts/preview',
    query: noQuery,
    body: intentBody,
    response: reports.intentPreviewReport,
    role: 'viewer',
  },
  /** Those that are in, and what they use. Also while no majority of coordinators can be reached. */
  nodes: {
    method: 'GET',
    path: '/v1/nodes',
    query: noQuery,
    body: null,
    response: reports.nodesReport,
    role: 'viewer',
  },
  /** The whole cluster, from the agents' reports; also while no majority of coordinators can be reached. */
  status: { method: 'GET', path: '/v1/status', query: noQuery, body: null, response: statusReport, role: 'viewer' },
  events: {
    method: 'GET',
    path: '/v1/events',
    query: eventsQuery,
    body: null,
    response: eventsReport,
    role: 'viewer',
  },
  /** What all nodes forward and serve, from the agents' reports; also while no majority of coordinators can be reached. */
  rates: {
    method: 'GET',
    path: '/v1/cluster/rates',
    query: noQuery,
    body: null,
    response: clusterRates,
    role: 'viewer',
  },
  /** The whole cluster, as this coordinator knew it then. */
  recorded: {
    method: 'GET',
    path: '/v1/cluster/recorded',
    query: z.strictObject(recordedQuery.shape),
    body: null,
    response: recordedReport,
    role: 'viewer',
  },
  coordinators: {
    method: 'GET',
    path: '/v1/coordinators',
    query: noQuery,
    body: null,
    response: reports.coordinatorsReport,
    role: 'viewer',
  },
  /** One that is lost for good: it is no member of Raft any more, and never comes back as the same. By its node's name, or its id. */
  coordinatorRemove: {
    method: 'POST',
    path: '/v1/coordinators/remove',
    query: noQuery,
    body: z.strictObject({ which: z.string({ error: 'the name of a node is missing' }).min(1).max(LONGEST_NAME) }),
    response: doneReport,
    role: 'admin',
  },
  versions: {
    method: 'GET',
    path: '/v1/versions',
    query: noQuery,
    body: null,
    response: reports.versionsReport,
    role: 'viewer',
  },
  /** `version` null: the lowest that those coordinators know that answer. */
  finalize: {
    method: 'POST',
    path: '/v1/cluster/finalize',
    query: noQuery,
    body: z.strictObject({ version: z.int({ error: 'no version' }).min(1).nullable() }),
    response: reports.finalizeReport,
    role: 'admin',
  },
  ...TOKEN_ROUTES,
  ...USER_ROUTES,
} as const satisfies Readonly<Record<string, ApiRoute>>

type Table = typeof CONFIG_ROUTES
export type ConfigRouteName = keyof Table
export type ConfigQuery<Name extends ConfigRouteName> = z.output<Table[Name]['query']>
export type ConfigBody<Name extends ConfigRouteName> = BodyOf<Table[Name]['body']>
/** As who asks writes it. */
type RawBodyOf<Body> = Body extends z.ZodType ? z.input<Body> : null
export type ConfigRequestBody<Name extends ConfigRouteName> = RawBodyOf<Table[Name]['body']>
export type ConfigResponse<Name extends ConfigRouteName> = z.output<Table[Name]['response']>

export type ChangeBody = ConfigBody<'change'>

/** Null for an answer that is none of this route. */
export function readConfigResponse<Name extends ConfigRouteName>(
  name: Name,
  body: unknown,
): ConfigResponse<Name> | null {
  // Of the very row: the compiler does not see that its schema and its type are of the same one.
  const schema: z.ZodType = CONFIG_ROUTES[name].response
  const read = schema.safeParse(body)
  return read.success ? (read.data as ConfigResponse<Name>) : null
}
/** Null for an answer that gives no reason. */
export function readConfigRefused(body: unknown): reports.ConfigRefused | null {
  const read = reports.configRefusedReport.safeParse(body)
  return read.success ? read.data : null
}
