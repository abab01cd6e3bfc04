/** What the coordinators' port for people answers beside the configuration: to machines that join, to load balancers, to browsers. */
import * as z from 'zod'
import { type ApiRoute, noQuery, USER_ROLES } from './api-route.ts'
import { JOIN_ROUTES } from './join-routes.ts'

/** Status 200: it takes part, and somebody leads. 503: it can answer nothing that is current. */
const healthReport = z.object({ status: z.enum(['ok', 'unavailable']).catch('unavailable') })

/** Whatever is no name or no password is a wrong one: who guesses learns nothing of either. */
const loginBody = z.strictObject({
  user: z.string({ error: 'the name of a user is missing' }).max(200, { error: 'no name of a user' }),
  password: z.string({ error: 'the password is missing' }).max(1024, { error: 'no password' }),
})
const sessionReport = z.object({
  user: z.string(),
  /** One of a later version reads as the one that may the least. */
  role: z.enum(USER_ROLES).catch('viewer'),
  /** So long it lasts at most. Null: it is no session, but a token. */
  leftMs: z.number().min(0).nullable(),
})
const get = { method: 'GET', query: noQuery, body: null } as const
const post = { method: 'POST', query: noQuery } as const

export const PEOPLE_ROUTES = {
  ...JOIN_ROUTES,
  health: { ...get, path: '/health', response: healthReport, role: null },
  /** This API, as OpenAPI 3.1 says it. */
  openapi: { ...get, path: '/v1/openapi.json', response: z.looseObject({ openapi: z.string() }), role: null },
  /** Sets the cookie of the session; from a page of this very coordinator only. */
  login: { ...post, path: '/v1/login', body: loginBody, response: sessionReport, role: null },
  session: { ...get, path: '/v1/session', response: sessionReport, role: 'viewer' },
  logout: { ...post, path: '/v1/logout', body: null, response: z.object({}), role: 'viewer' },
} as const satisfies Readonly<Record<string, ApiRoute>>
export type PeopleRouteName = keyof typeof PEOPLE_ROUTES
