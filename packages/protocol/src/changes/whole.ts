/** The whole of what coordinators agree on, as text: for one that is too far behind for the log. JSON: its parts by key. */
import * as z from 'zod'
import { readVersioned } from '../json.ts'
import { plainData } from './command.ts'

export const WHOLE_VERSION = 1
/** In UTF-16 units; a history keeps 32 Mi characters of changes at most. */
const LONGEST = 256 << 20

const whole = z.object({ parts: z.record(z.string(), plainData) })

export const encodeWhole = (parts: ReadonlyMap<string, unknown>): string =>
  JSON.stringify({ v: WHOLE_VERSION, least: 1, parts: Object.fromEntries(parts) })

/** Null: it is not understood. Never throws, whatever the text. */
export function decodeWhole(encoded: string): ReadonlyMap<string, unknown> | null {
  const read = readVersioned(whole, encoded, { longest: LONGEST, version: WHOLE_VERSION })
  return read && new Map(Object.entries(read.parts))
}
