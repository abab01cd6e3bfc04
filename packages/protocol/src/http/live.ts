/** What `GET /v1/live` of the port for people says over its WebSocket, at the beginning and at each change. JSON. */
import * as z from 'zod'
import { coordinatorsReport, factsReport } from './config-reports.ts'

export const LIVE_PATH = '/v1/live'

/** A later kind of message is for later readers. */
export const liveMessage = z.object({
  kind: z.literal('state'),
  /** The newest that this coordinator has; null: none yet. */
  revision: z.int().min(0).nullable(),
  coordinators: coordinatorsReport,
  /** What operators want for a while. Null: there is no configuration yet. */
  wanted: factsReport.nullable(),
})
export type LiveMessage = Readonly<z.infer<typeof liveMessage>>

/** Why a connection ended, as WebSocket says it (RFC 6455, 7.4.2). */
export const LIVE_CLOSE = { loggedOut: 4401, slow: 4408 } as const
