/** Heartbeat keys that others can know or guess: whoever has one can take over every address. */
import { entries } from '../rules/rule.ts'
import { SAMPLE_SECRET } from '../sample.ts'
import type { WarningRule } from './warning.ts'

const MAKE = 'make one with: openssl rand -hex 32'

export const keys: WarningRule = (draft, warn) => {
  const seen = new Map<string, number>()
  for (const { at, item: key } of entries(draft.keys)) {
    const path = ['keys', at, 'algorithm']
    if (key.algorithm === 'md5')
      warn('warning', 'weak-mac', path, `key ${key.id} signs with md5, which is no longer trusted`, 'use sha256')
    if (key.algorithm === 'sha1')
      warn('info', 'weak-mac', path, `key ${key.id} signs with sha1, which is on its way out`, 'use sha256')
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
