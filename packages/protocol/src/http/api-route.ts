/** A row of a coordinator's tables of routes, and what of it both sides read. */
import * as z from 'zod'

/** What users may: a `viewer` reads, an `operator` says what is wanted of nodes, groups and servers, an `admin` changes all. */
export const USER_ROLES = ['viewer', 'operator', 'admin'] as const
export type UserRole = (typeof USER_ROLES)[number]
/** Unix group: its members may look through the sockets of their machine, without root. */
export const VIEWERS = 'lvsm-view'
export const mayAs = (role: UserRole, least: UserRole): boolean => USER_ROLES.indexOf(role) >= USER_ROLES.indexOf(least)

export interface ApiRoute {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query: z.ZodType
  /** Null where there is none. */
  readonly body: z.ZodType | null
  readonly response: z.ZodType
  /** The least role that may; null: anybody, without a user. */
  readonly role: UserRole | null
}
/** What is asked there changes something; a preview does not. */
export const isChange = ({ method, path }: Pick<ApiRoute, 'method' | 'path'>): boolean =>
  method === 'POST' && !path.endsWith('/preview')
export type BodyOf<Body> = Body extends z.ZodType ? z.output<Body> : null
/** What was asked for, once it was read. */
export interface AskedOf<Route extends Pick<ApiRoute, 'query' | 'body'>> {
  readonly query: z.output<Route['query']>
  readonly body: BodyOf<Route['body']>
}
export const noQuery = z.strictObject({})
