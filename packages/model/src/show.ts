/** Values of the file in sentences: short, harmless on a terminal, and never a secret. */
import type { Path } from './document.ts'

const LONGEST = 60
/** Under these keys of the file whatever is written may be a secret that was put in the wrong place. */
const SECRET: ReadonlySet<unknown> = new Set(['keys', 'sign-with'])
/** Longer than any number, name of hexadecimal digits, or group of an address: a key of ours, or somebody's. */
const DIGITS = /[0-9a-fA-F]{16,}/g

export const mayBeSecret = (path: Path): boolean => SECRET.has(path[0])

/** Text without control characters, cut, and without what looks like a key. */
export function harmless(text: string, longest = LONGEST): string {
  const hidden = text.slice(0, 4 * longest).replaceAll(DIGITS, (digits) => `<${digits.length} hexadecimal digits>`)
  const short = hidden.length > longest ? `${hidden.slice(0, longest - 1)}…` : hidden
  return short.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\u{fffd}')
}

export function show(value: unknown, path: Path): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (mayBeSecret(path))
    return typeof value === 'string' ? `the text of ${value.length} characters` : `the ${typeof value}`
  return typeof value === 'string' ? `"${harmless(value)}"` : harmless(String(value))
}
