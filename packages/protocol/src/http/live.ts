/** What `GET /v1/live` of the port for people says over its WebSocket: how it is at the beginning and at each change. JSON. */
import * as z from 'zod'
import { coordinatorsReport, factsReport, nodesReport, revisionHeading } from './config-reports.ts'
import { eventsReport } from '../events/event.ts'
import { statusReport } from './status.ts'

export const LIVE_PATH = '/v1/live'
/** Something is said so often at least, also where nothing is new: a page that hears nothing for longer has lost its coordinator. */
export const LIVE_ALIVE_MS = 3000

/** A later kind of message is for later readers; what came later to this one is optional. */
const stateMessage = z.object({
  kind: z.literal('state'),
  /** The newest that this coordinator has; null: none yet. */
  revision: z.int().min(0).nullable(),
  coordinators: coordinatorsReport,
  /** What operators want for a while. Null: there is no configuration yet. */
  wanted: factsReport.nullable(),
  /** The whole cluster. Null: there is no configuration yet. */
  status: statusReport.nullable().exactOptional(),
  /** By which it is said since when something is wrong that no trouble says; the oldest first. */
  events: eventsReport.shape.events.exactOptional(),
  /** What the agents use. */
  nodes: nodesReport.shape.nodes.exactOptional(),
  /** Who made that revision, when and why. */
  written: revisionHeading.nullable().exactOptional(),
})
/** The same as before. */
const aliveMessage = z.object({ kind: z.literal('alive') })
export const liveMessage = z.discriminatedUnion('kind', [stateMessage, aliveMessage])
export type LiveMessage = Readonly<z.infer<typeof liveMessage>>
export type LiveState = Readonly<z.infer<typeof stateMessage>>

/** Why a connection ended, as WebSocket says it (RFC 6455, 7.4.2). */
export const LIVE_CLOSE = { loggedOut: 4401, slow: 4408 } as const
