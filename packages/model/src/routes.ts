/**
 * The HTTP API on the agent's socket as a table: who serves it and who asks it read the same rows. A request is checked by
 * its schema on the side that receives it; a field that is not known is skipped, so that a newer `lvsm` can ask an older agent.
 */
import * as z from 'zod'
import type { FenceReport } from './fence.ts'
import type { Events, StandbyReport, Status, SwitchoverReport } from './status.ts'

/** Long enough for every mistyped name; what is longer would not fit the messages between nodes. */
export const LONGEST_NAME = 100

const nameOf = (what: string) =>
  z.string({ error: `not the name of ${what}` }).max(LONGEST_NAME, `not the name of ${what}`)
export const switchoverRequest = z.object(
  {
    group: z.string({ error: 'the name of a group is missing' }).max(LONGEST_NAME, 'not the name of a group'),
    to: nameOf('a node').optional(),
  },
  { error: 'the name of a group is missing' },
)
export const standbyRequest = z.object(
  { name: nameOf('a node').optional(), on: z.boolean({ error: 'neither true nor false' }) },
  { error: 'neither true nor false' },
)

export type SwitchoverRequest = z.infer<typeof switchoverRequest>
export type StandbyRequest = z.infer<typeof standbyRequest>

export const ROUTES = {
  status: { method: 'GET', path: '/v1/status' },
  events: { method: 'GET', path: '/v1/events' },
  fence: { method: 'GET', path: '/v1/fence' },
  switchover: { method: 'POST', path: '/v1/switchover', request: switchoverRequest },
  standby: { method: 'POST', path: '/v1/standby', request: standbyRequest },
} as const
export type RouteName = keyof typeof ROUTES

/** What each route answers when all is well; what is not well is `Refused`. */
export interface Responses {
  readonly status: Status
  readonly events: Events
  readonly fence: FenceReport
  readonly switchover: SwitchoverReport
  readonly standby: StandbyReport
}
