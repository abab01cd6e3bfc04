/**
 * The HTTP API on the agent's socket as a table: who serves it and who asks it read the same rows. Each side checks what it
 * receives by the schema of the row; a field that is not known is skipped, so that a newer `lvsm` can ask an older agent.
 */
import type { Refusal } from '@lvsm/base'
import * as z from 'zod'
import { type AlertsReport, alertsReport, type TestAlertReport, testAlertReport } from './alerts.ts'
import { type ChecksReport, checksReport, type RunCheckReport, runCheckReport } from './checks.ts'
import { type Events, eventsReport } from '../events/event.ts'
import { type ConnectionsReport, connectionsReport, type StatsReport, statsReport } from './counts.ts'
import { type FenceReport, fenceReport } from './fence.ts'
import { type RateHistory, rateHistory } from './rates.ts'
import { type RecordedReport, recordedReport } from '../recorded/report.ts'
import { refusedReport, type Status, statusReport } from './status.ts'
import { type StandbyReport, standbyReport, type SwitchoverReport, switchoverReport } from './ordered.ts'

/** Long enough for every mistyped name; what is longer would not fit the messages between nodes. */
export const LONGEST_NAME = 100

const named = (error: string) => z.string({ error }).max(LONGEST_NAME, { error })
export const switchoverRequest = z.object({
  group: named('the name of a group is missing, or too long'),
  to: named('not the name of a node').exactOptional(),
})
export const standbyRequest = z.object({
  name: named('not the name of a node').exactOptional(),
  on: z.boolean({ error: 'neither true nor false' }),
})
export const runCheckRequest = z.object({
  name: named('the name of a service, a realserver or a check (SERVICE/SERVER) is missing, or too long'),
  /** Which director asks; not there: the one that is asked. */
  on: named('not the name of a node').exactOptional(),
  explain: z.boolean({ error: 'neither true nor false' }),
})
/** So long ago, in milliseconds. */
export const recordedQuery = z.object({
  ago: z
    .string({ error: 'how long ago is missing' })
    .regex(/^[0-9]{1,13}$/, { error: 'not a whole number of milliseconds' })
    .transform(Number),
})
export const testAlertRequest = z.object({
  receiver: named('the name of a receiver is missing, or too long'),
  /** Which node tells it; not there: the one that is asked. */
  on: named('not the name of a node').exactOptional(),
})
export type TestAlertRequest = z.infer<typeof testAlertRequest>
export type SwitchoverRequest = z.infer<typeof switchoverRequest>
export type StandbyRequest = z.infer<typeof standbyRequest>
export type RunCheckRequest = z.infer<typeof runCheckRequest>

export interface RouteRequests {
  readonly status: null
  readonly events: null
  readonly clusterStatus: null
  readonly clusterEvents: null
  readonly recorded: null
  readonly fence: null
  readonly checks: null
  readonly runCheck: RunCheckRequest
  readonly alerts: null
  readonly testAlert: TestAlertRequest
  readonly stats: null
  readonly rates: null
  readonly connections: null
  readonly switchover: SwitchoverRequest
  readonly standby: StandbyRequest
}
export interface RouteResponses {
  readonly status: Status
  readonly events: Events
  readonly clusterStatus: Status
  readonly clusterEvents: Events
  readonly recorded: RecordedReport
  readonly fence: FenceReport
  readonly checks: ChecksReport
  readonly runCheck: RunCheckReport
  readonly alerts: AlertsReport
  readonly testAlert: TestAlertReport
  readonly stats: StatsReport
  readonly rates: RateHistory
  readonly connections: ConnectionsReport
  readonly switchover: SwitchoverReport
  readonly standby: StandbyReport
}
export type RouteName = keyof RouteResponses

interface Route<Request, Response> {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Null where the body is not looked at. */
  readonly request: Request extends null ? null : z.ZodType<Request>
  /** When all is well; whatever is not is answered by `refusedReport`. */
  readonly response: z.ZodType<Response>
}
type Routes = { readonly [Name in RouteName]: Route<RouteRequests[Name], RouteResponses[Name]> }

export const ROUTES: Routes = {
  status: { method: 'GET', path: '/v1/status', request: null, response: statusReport },
  events: { method: 'GET', path: '/v1/events', request: null, response: eventsReport },
  /** Of the whole cluster, as the coordinator knows it that this node follows; 503 where there is none, or it does not answer. */
  clusterStatus: { method: 'GET', path: '/v1/cluster/status', request: null, response: statusReport },
  clusterEvents: { method: 'GET', path: '/v1/cluster/events', request: null, response: eventsReport },
  /** What this node recorded of a moment that is past; query: `recordedQuery`. */
  recorded: { method: 'GET', path: '/v1/recorded', request: null, response: recordedReport },
  fence: { method: 'GET', path: '/v1/fence', request: null, response: fenceReport },
  /** The checks that this node makes itself. */
  checks: { method: 'GET', path: '/v1/checks', request: null, response: checksReport },
  runCheck: { method: 'POST', path: '/v1/checks/run', request: runCheckRequest, response: runCheckReport },
  /** As this node has them; a director or voter knows them all. */
  alerts: { method: 'GET', path: '/v1/alerts', request: null, response: alertsReport },
  testAlert: { method: 'POST', path: '/v1/alerts/test', request: testAlertRequest, response: testAlertReport },
  /** Of this node's kernel. */
  stats: { method: 'GET', path: '/v1/stats', request: null, response: statsReport },
  /** Of this node's kernel, in the last hours; query: `ratesQuery`. */
  rates: { method: 'GET', path: '/v1/rates', request: null, response: rateHistory },
  /** Query: `connectionsQuery`. */
  connections: { method: 'GET', path: '/v1/connections', request: null, response: connectionsReport },
  switchover: { method: 'POST', path: '/v1/switchover', request: switchoverRequest, response: switchoverReport },
  standby: { method: 'POST', path: '/v1/standby', request: standbyRequest, response: standbyReport },
}

/** Null for an answer that is none of this route. */
export function readResponse<Name extends RouteName>(name: Name, body: unknown): RouteResponses[Name] | null {
  const read = ROUTES[name].response.safeParse(body)
  return read.success ? read.data : null
}
/** Null for an answer that gives no reason. */
export function readRefusals(body: unknown): readonly Refusal[] | null {
  const read = refusedReport.safeParse(body)
  return read.success ? read.data.refusals : null
}
