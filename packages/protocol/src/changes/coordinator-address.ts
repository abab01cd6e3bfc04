/** Where a coordinator is: what its record says of it, what changes that, and what it says of itself as it connects. */
import * as z from 'zod'
import { readVersioned } from '../json.ts'

export const nodeEndpoint = z.strictObject({ host: z.string().min(1).max(255), port: z.int().min(1).max(65_535) })
/** Of one kind, of a coordinator. */
export const MOST_ADDRESSES = 16

export const whereabouts = {
  /** Where other nodes reach it, each tried in turn. */
  addresses: z.array(nodeEndpoint).min(1).max(MOST_ADDRESSES).readonly(),
  /** SHA-256 of its public key (SubjectPublicKeyInfo, DER), hexadecimal digits. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** Where it listens for people, and for machines that join. */
  api: z.array(nodeEndpoint).min(1).max(MOST_ADDRESSES).readonly().exactOptional(),
}

export const ADDRESS_ENTRIES = {
  /** A coordinator is elsewhere from here on: what its record said of that is replaced. It says so itself. */
  'coordinator-address': z.strictObject({
    kind: z.literal('coordinator-address'),
    at: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
    id: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
    ...whereabouts,
  }),
} as const
export type AddressEntry = z.infer<(typeof ADDRESS_ENTRIES)['coordinator-address']>

const SPOKEN_VERSION = 1
/** In UTF-16 units: a request of HTTP has room for it. */
export const LONGEST_SPOKEN = 8192
const place = z.object(nodeEndpoint.shape)
const spoken = z.object({ addresses: z.array(place).min(1).max(MOST_ADDRESSES).readonly() })
export type Addresses = z.infer<typeof spoken>['addresses']

/** In a header; null: it is too long for one, and stays unsaid. */
export function encodeSpokenAddresses(addresses: Addresses): string | null {
  const text = JSON.stringify({ v: SPOKEN_VERSION, least: 1, addresses })
  return text.length <= LONGEST_SPOKEN && /^[\x20-\x7e]*$/.test(text) ? text : null
}

/** Null: it is not understood. Never throws, whatever the text. */
export const decodeSpokenAddresses = (encoded: string): Addresses | null =>
  readVersioned(spoken, encoded, { longest: LONGEST_SPOKEN, version: SPOKEN_VERSION })?.addresses ?? null
