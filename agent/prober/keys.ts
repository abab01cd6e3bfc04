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
