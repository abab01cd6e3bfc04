/** JSON that comes from elsewhere: a text is read within bounds, by its version, and by a schema. Nothing here throws, whatever the text. */
import { digest64 } from '@lvsm/base'
import type * as z from 'zod'

/** Text that was said to be an object of JSON; what is none has no fields. Never throws, whatever the text. */
export function parseObject(encoded: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(encoded)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}

/** Deeper than any configuration or message: schemas walk into it with a stack that has an end. */
const DEEPEST = 64

/** The same of a text that has so many UTF-16 units at most, and no brackets deeper than a schema can walk. */
export const parseBounded = (encoded: string, longest: number): Readonly<Record<string, unknown>> =>
  encoded.length > longest || isTooDeep(encoded) ? {} : parseObject(encoded)

/** In UTF-16 units, and the newest version that is understood. */
export interface Bounds {
  readonly longest: number
  readonly version: number
}

/** One shape; null: the text has another, or is for newer readers (`least`). */
export function readVersioned<T>(schema: z.ZodType<T>, encoded: string, { longest, version }: Bounds): T | null {
  const { v: _, least, ...value } = parseBounded(encoded, longest)
  if (typeof least === 'number' && least > version) return null
  const read = schema.safeParse(value)
  return read.success ? read.data : null
}

/** An object as a file of this node's own: with a checksum, so that what a disk damaged is not believed. */
export const encodeSummed = (version: number, value: object): string =>
  `${JSON.stringify({ v: version, least: 1, sum: digest64(JSON.stringify(value)), ...value })}\n`

/** As `readVersioned`; null also where the checksum is another. */
export function readSummed<T>(schema: z.ZodType<T>, encoded: string, bounds: Bounds): T | null {
  const { v: _v, least: _least, sum, ...value } = parseBounded(encoded, bounds.longest)
  return sum === digest64(JSON.stringify(value)) ? readVersioned(schema, encoded, bounds) : null
}

export type Unread = 'malformed' | 'unknown-kind' | 'newer'
export type ReadKind<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: Unread }

/** One of several shapes, by its `kind`. `isStrange`: something inside it is of a kind that is not known. */
export function readKind<T>(
  schemas: Readonly<Record<string, z.ZodType<T>>>,
  encoded: string,
  { longest, version }: Bounds,
  isStrange: (value: Readonly<Record<string, unknown>>) => boolean,
): ReadKind<T> {
  const { v: _, least, ...value } = parseBounded(encoded, longest)
  const { kind } = value
  if (typeof kind !== 'string') return { ok: false, reason: 'malformed' }
  if (typeof least === 'number' && least > version) return { ok: false, reason: 'newer' }
  const schema = Object.hasOwn(schemas, kind) ? schemas[kind] : undefined
  if (!schema || isStrange(value)) return { ok: false, reason: 'unknown-kind' }
  const read = schema.safeParse(value)
  if (read.success) return { ok: true, value: read.data }
  const more = read.error.issues.every(({ code }) => code === 'unrecognized_keys')
  return { ok: false, reason: more ? 'newer' : 'malformed' }
}

/** Do brackets outside of strings go deeper than that? */
export function isTooDeep(text: string): boolean {
  let [depth, quoted] = [0, false]
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '\\' && quoted) at++
    else if (character === '"') quoted = !quoted
    else if (quoted) continue
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    if (depth > DEEPEST) return true
  }
  return false
}
