/** Keys of a check, as the model has let them through; one that is of another kind is as good as not there. */
import type { ProbeJob } from '@lvsm/protocol'

type Keys = ProbeJob['keys']

export function textOf(keys: Keys, key: string): string | undefined {
  const value = keys[key]
  return typeof value === 'string' ? value : undefined
}
export function numberOf(keys: Keys, key: string): number | undefined {
  const value = keys[key]
  return typeof value === 'number' ? value : undefined
}
export const isSet = (keys: Keys, key: string): boolean => keys[key] === true
export const isOff = (keys: Keys, key: string): boolean => keys[key] === false

/** Numbers as their digits. */
export function listOf(keys: Keys, key: string): string[] {
  const value = keys[key]
  if (!Array.isArray(value)) return []
  const parts: readonly unknown[] = value
  return parts.flatMap((part) => (typeof part === 'string' || typeof part === 'number' ? [String(part)] : []))
}

/** Headers that the operator wrote, name and value: those of the configuration, and those of a file of secrets. */
export const headersOf = (keys: Keys): readonly (readonly [name: string, value: string])[] =>
  ['headers', SECRET_HEADERS].flatMap((key) => listOf(keys, key).map(pairOf))
const SECRET_HEADERS = 'secret-headers'
const pairOf = (line: string): readonly [string, string] => {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1).trim()]
}
/** For eyes: what stands in a file of secrets is shown to nobody. */
export function shownHeader(keys: Keys, name: string, value: string): string {
  const hidden = listOf(keys, SECRET_HEADERS).map((line) => pairOf(line)[0].toLowerCase())
  return hidden.includes(name.toLowerCase()) ? '(from headers-file)' : value
}
