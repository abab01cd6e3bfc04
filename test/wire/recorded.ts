/**
 * Recorded bytes of version 1: a file for each kind of each border, with the value that they mean beside them; and one more for what came
 * later to a kind, as an optional field.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'wire')

export interface Recorded {
  /** Of the file. */
  readonly name: string
  readonly border: string
  readonly kind: string
  readonly value: unknown
  readonly bytes: Uint8Array
}

/** Bytes inside a value stand as `{ "hex": … }`. */
export const revive = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'hex' in value && Object.keys(value).length === 1
    ? Uint8Array.from(Buffer.from(String(value.hex), 'hex'))
    : value

function readOne(name: string): Recorded {
  const recorded: unknown = JSON.parse(readFileSync(join(FOLDER, name), 'utf8'), revive)
  if (typeof recorded !== 'object' || recorded === null) throw new Error(`${name} is no record`)
  const fields: Readonly<Record<string, unknown>> = { ...recorded }
  const { border, kind, value, bytes, text } = fields
  if (typeof border !== 'string' || typeof kind !== 'string') throw new Error(`${name} names no border and kind`)
  const lines = Array.isArray(bytes) ? bytes.join('') : ''
  const content = typeof text === 'string' ? new TextEncoder().encode(text) : Buffer.from(lines, 'hex')
  return { name: name.replace('.json', ''), border, kind, value, bytes: Uint8Array.from(content) }
}

export const RECORDED: readonly Recorded[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .toSorted()
  .map(readOne)
