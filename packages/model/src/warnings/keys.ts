/** Heartbeat keys that others can know or guess: whoever has one can take over every address. */
import { entries } from '../rules/rule.ts'
import { SAMPLE_SECRET } from '../sample.ts'
import type { WarningRule } from './warning.ts'

/** For old sites. Algorithm → which it is, and what is against it. */
const WEAK: Readonly<Record<string, string>> = {
  md5: 'md5, which is no longer trusted',
  sha1: 'sha1, which is on its way out',
  crc32: 'crc32, which is no signature: anybody can make it',
}
const USE = 'use sha256: add a key with it, name that in sign-with, and take this one out, each step on every node'
const MAKE = 'make one with: openssl rand -hex 32'

export const keys: WarningRule = (draft, warn) => {
  const seen = new Map<string, number>()
  for (const { at, item: key } of entries(draft.keys)) {
    const why = WEAK[key.algorithm ?? '']
    if (why !== undefined)
      warn('warning', 'weak-mac', ['keys', at, 'algorithm'], `key ${key.id} signs with ${why}`, USE)
    const secret = key.secret?.toLowerCase()
    if (secret === undefined) continue
    const weak = whyWeak(secret)
    if (weak !== null)
      warn(
        'warning',
        'known-key',
        ['keys', at, 'secret'],
        `the secret of key ${key.id} ${weak}: anybody may know it`,
        MAKE,
      )
    const before = seen.get(secret)
    if (before === undefined) seen.set(secret, at)
    else
      warn(
        'info',
        'same-secret',
        ['keys', at, 'secret'],
        `key ${key.id} has the secret of keys[${before}]`,
        'a new key needs a secret of its own',
      )
  }
}

/** A verb phrase; null when nothing is known against it. */
export function whyWeak(secret: string): string | null {
  if (secret === SAMPLE_SECRET) return 'is the one of the published example'
  const bytes = secret.match(/../g) ?? []
  if (bytes.every((byte) => byte === '00')) return 'is nothing but zeros'
  const [first = '', second = '', ...rest] = bytes.map((byte) => Number.parseInt(byte, 16))
  const step = Number(second) - Number(first)
  const counted = [Number(second), ...rest].every(
    (byte, at, all) => at === 0 || (256 + byte - (all[at - 1] ?? 0)) % 256 === (256 + step) % 256,
  )
  if (counted) return step === 0 ? 'is one byte again and again' : 'counts up or down'
  return new Set(bytes).size <= 3 ? 'is made of two or three bytes' : null
}
