/**
 * Entries of the coordinators' log, in JSON. Unlike everywhere else nothing that is not understood may be skipped: two
 * coordinators would make different things of one log. Whoever does not know a kind, a verb or a version stops there, and says so.
 */
import * as z from 'zod'
import { CONFIG_COMMANDS, configCommand, intentCommand } from './command.ts'
import { ADDRESS_ENTRIES } from './coordinator-address.ts'
import { ENROL_ENTRIES } from './enrol.ts'
import { KEY_ENTRIES } from './heartbeat-keys.ts'
import { USER_ENTRIES } from './users.ts'
import { LONGEST_NAME } from '../http/routes.ts'
import { readKind, type Unread } from '../json.ts'

export const ENTRY_VERSION = 1

/** Of a revision, in UTF-16 units. */
export const LONGEST_COMMENT = 1000

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
/** Who, and when by the clock of the coordinator that took it: all of them have the same of it. */
const signature = { author: z.string().max(LONGEST_NAME), at: count }

export const ENTRIES = {
  change: z.strictObject({
    kind: z.literal('change'),
    ...signature,
    comment: z.string().max(LONGEST_COMMENT),
    command: configCommand,
    /** The revision that it was made on; null: whatever is the newest. */
    base: count.nullable(),
  }),
  intent: z.strictObject({ kind: z.literal('intent'), ...signature, command: intentCommand }),
  /** The time of what was wanted for a while has come. */
  expire: z.strictObject({ kind: z.literal('expire'), at: count }),
  ...ENROL_ENTRIES,
  ...KEY_ENTRIES,
  /** The lease's voters of the next epoch: one more, or one less. */
  voters: z.strictObject({
    kind: z.literal('voters'),
    ...signature,
    epoch: count,
    add: z.string().min(1).max(LONGEST_NAME).nullable(),
    remove: z.string().min(1).max(LONGEST_NAME).nullable(),
    /** As of a change; missing: nobody asked for it. */
    base: count.nullable().exactOptional(),
    comment: z.string().max(LONGEST_COMMENT).exactOptional(),
  }),
  /** From here on everybody speaks this version of the model. */
  finalize: z.strictObject({ kind: z.literal('finalize'), ...signature, version: count.min(1) }),
  ...USER_ENTRIES,
  ...ADDRESS_ENTRIES,
} as const
export type Entry = z.infer<(typeof ENTRIES)[keyof typeof ENTRIES]>

export type ReadEntry = { readonly ok: true; readonly entry: Entry } | { readonly ok: false; readonly reason: Unread }

export const encodeEntry = (entry: Entry): string => JSON.stringify({ v: ENTRY_VERSION, least: 1, ...entry })

/** In UTF-16 units: of twice the length that a configuration file may have. */
export const LONGEST_ENTRY = 4 << 20

/** Never throws, whatever the text. */
export function decodeEntry(encoded: string): ReadEntry {
  const bounds = { longest: LONGEST_ENTRY, version: ENTRY_VERSION }
  const read = readKind<Entry>(ENTRIES, encoded, bounds, hasUnknownVerb)
  return read.ok ? { ok: true, entry: read.value } : read
}

function hasUnknownVerb({ kind, command }: Readonly<Record<string, unknown>>): boolean {
  if (kind !== 'change' || typeof command !== 'object' || command === null || !('verb' in command)) return false
  return typeof command.verb === 'string' && !Object.hasOwn(CONFIG_COMMANDS, command.verb)
}
