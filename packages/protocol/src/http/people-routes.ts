/** What the coordinators' port for people answers beside the configuration: to machines that join, and to load balancers. */
import * as z from 'zod'
import { type ApiRoute, noQuery } from './api-route.ts'
import { JOIN_ROUTES } from './join-routes.ts'

/** Status 200: it takes part, and somebody leads. 503: it can answer nothing that is current. */
const healthReport = z.object({ status: z.enum(['ok', 'unavailable']).catch('unavailable') })

export const PEOPLE_ROUTES = {
  ...JOIN_ROUTES,
  health: { method: 'GET', path: '/health', query: noQuery, body: null, response: healthReport, role: null },
} as const satisfies Readonly<Record<string, ApiRoute>>
export type PeopleRouteName = keyof typeof PEOPLE_ROUTES
