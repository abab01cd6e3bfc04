/**
 * A request to the coordinators' API that an agent passes on for somebody on its node, where no coordinator is: one message each way,
 * JSON with a kind and a version, on a connection of its own.
 */
import * as z from 'zod'
import { USER_ROLES } from './http/api-route.ts'
import { LONGEST_NAME } from './http/routes.ts'
import { readKind, type Unread } from './json.ts'

export const PASSING_VERSION = 1
/** In UTF-16 units: a body, or an answer, twice as long as any, which may come with every character escaped. */
export const LONGEST_PASSED = 32 << 20

export const PASSING_SCHEMAS = {
  asked: z.object({
    kind: z.literal('asked'),
    method: z.enum(['GET', 'POST']),
    /** With the words behind it. */
    path: z.string().min(1).max(4096),
    /** JSON; empty: none. */
    body: z.string(),
    ifMatch: z.string().max(200).exactOptional(),
    /** Who asks there, as the node says. */
    user: z.object({ name: z.string().min(1).max(LONGEST_NAME), role: z.enum(USER_ROLES).catch('viewer') }),
  }),
  answered: z.object({
    kind: z.literal('answered'),
    /** HTTP. */
    status: z.int().min(200).max(599),
    /** Of the document that it is about. */
    etag: z
      .string()
      .regex(/^"[0-9]{1,15}"$/)
      .exactOptional(),
    /** JSON. */
    body: z.string(),
  }),
} as const
type Word<Kind extends keyof typeof PASSING_SCHEMAS> = Readonly<z.infer<(typeof PASSING_SCHEMAS)[Kind]>>
export type Passed = Word<'asked'>
export type PassedBack = Word<'answered'>

export type ReadPassing =
  | { readonly ok: true; readonly message: Passed | PassedBack }
  | { readonly ok: false; readonly reason: Unread }

export const encodePassing = (message: Passed | PassedBack): string =>
  JSON.stringify({ v: PASSING_VERSION, least: 1, ...message })

/** Never throws, whatever the text. */
export function decodePassing(encoded: string): ReadPassing {
  const bounds = { longest: LONGEST_PASSED, version: PASSING_VERSION }
  const read = readKind<Passed | PassedBack>(PASSING_SCHEMAS, encoded, bounds, () => false)
  return read.ok ? { ok: true, message: read.value } : read
}
