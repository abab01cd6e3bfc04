/** Heartbeat keys and timing. */
import { refuseTiming, type Timing } from '@lvsm/base'
import { SHORTEST_SECRET } from '../config.ts'
import { parseDuration } from '../duration.ts'
import { PROFILES } from '../profiles.ts'
import type { Draft } from '../schema.ts'
import { entries, isUnread, type Rule } from './rule.ts'

export const keys: Rule = (draft, refuse) => {
  for (const { at, item: key } of entries(draft.keys)) {
    const path = ['keys', at]
    if (key.secret !== undefined && key.file !== undefined)
      refuse('secret-twice', [...path, 'file'], 'this key has both a secret and a file', 'keep one of them')
    if (key.secret === undefined && key.file === undefined && !isUnread(key, 'secret') && !isUnread(key, 'file'))
      refuse(
        'missing',
        [...path, 'secret'],
        'this key has neither a secret nor a file',
        'add secret: "HEX" (openssl rand -hex 32), or file: PATH',
      )
    if (key.algorithm === 'crc32' && key.insecure !== true && !isUnread(key, 'insecure'))
      refuse(
        'insecure',
        [...path, 'algorithm'],
        'crc32 is a checksum and no signature: whoever reaches the heartbeat port can take every address',
        'use sha256; where the wire is yours alone and a processor is too slow for that, add insecure: true',
      )
    if (key.secret !== undefined && key.secret.length / 2 < SHORTEST_SECRET) {
      refuse(
        'short-secret',
        [...path, 'secret'],
        `the secret has ${key.secret.length / 2} bytes`,
        `use at least ${SHORTEST_SECRET} bytes: openssl rand -hex 32`,
      )
    }
  }
  if ((draft.keys ?? []).some((key) => key?.id === undefined)) return
  const ids = entries(draft.keys).flatMap(({ item }) => (item.id === undefined ? [] : [item.id]))
  const signWith = draft['sign-with']
  if (signWith === undefined || ids.includes(signWith) || draft.keys === undefined) return
  refuse(
    'unknown-key-id',
    ['sign-with'],
    `there is no key with id ${signWith}`,
    ids.length > 0 ? `known ids: ${ids.join(', ')}` : 'define keys first',
  )
}

const FIELDS = ['keepalive', 'lease', 'apply', 'warntime', 'deadtime', 'drain'] as const

/**
 * The timing that the file asks for: a profile (`default` when none is named), and figures that replace some of it. What could
 * not be read is NaN: the profile's figure in its place is not what was meant.
 */
export function timingOf(draft: Pick<Draft, 'profile' | 'timing'>): Timing {
  const timing: { -readonly [K in keyof Timing]: Timing[K] } = { ...PROFILES[draft.profile ?? 'default'] }
  const nothing = isUnread(draft, 'profile') || isUnread(draft, 'timing')
  for (const field of FIELDS) {
    const written = draft.timing?.[field]
    if (written !== undefined) timing[`${field}Ms`] = parseDuration(written) ?? Number.NaN
    else if (nothing || isUnread(draft.timing, field)) timing[`${field}Ms`] = Number.NaN
  }
  return timing
}

export const timing: Rule = (draft, refuse) => {
  for (const { code, field, message, hint } of refuseTiming(timingOf(draft)))
    refuse(code, (field ?? 'timing').split('.'), message, hint ?? '')
}
