/** Secrets of the heartbeat that stand in files of each node, as a coordinator keeps them for machines that join. JSON. */
import * as z from 'zod'
import { readVersioned } from './json.ts'

const KEYS_VERSION = 1
/** In UTF-16 units. */
export const LONGEST_KEY_FILES = 1 << 20

export const keyFile = z.object({
  id: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** As the configuration names it. */
  file: z.string().min(1).max(4096),
  /** Hexadecimal. */
  digits: z.string().regex(/^(?:[0-9a-f]{2}){1,512}$/),
})
export type KeyFile = Readonly<z.infer<typeof keyFile>>
const file = z.object({ keys: z.array(keyFile).max(256).readonly() })

export const encodeKeyFiles = (keys: readonly KeyFile[]): string =>
  `${JSON.stringify({ v: KEYS_VERSION, least: 1, keys }, null, 2)}\n`

/** Null: it is not understood. Never throws, whatever the text. */
export const decodeKeyFiles = (encoded: string): readonly KeyFile[] | null =>
  readVersioned(file, encoded, { longest: LONGEST_KEY_FILES, version: KEYS_VERSION })?.keys ?? null
