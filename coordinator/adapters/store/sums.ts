/**
 * Checksums: of each row, and of all rows of a table together, so that a row that is gone, or came back, shows as well. Against
 * accidents, not against people.
 */
import { createHash } from 'node:crypto'
import type { StoredEntry, StoredMeta, StoredPart } from '@lvsm/protocol'

const DIGITS = 32
/** Of an empty table. */
export const NOTHING = '0'.repeat(DIGITS)

const sumOf = (...fields: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, DIGITS)

export const sumOfEntry = ({ index, term, kind, membership, payload }: Omit<StoredEntry, 'sum'>): string =>
  sumOf('log', index, term, kind, membership, payload)
export const sumOfPart = ({ key, body }: Omit<StoredPart, 'sum'>): string => sumOf('state', key, body)
/** Of all its columns but the sum itself. */
export const sumOfMeta = (meta: Omit<StoredMeta, 'sum'>): string => {
  const fields = Object.entries(meta).filter(([name]) => name !== 'sum')
  return sumOf('meta', ...fields.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** The sum of a table after rows of these sums came or went: either is the same (exclusive or), and order says nothing. */
export const withRows = (total: string, sums: readonly string[]): string =>
  sums
    .reduce((left, sum) => left ^ BigInt(`0x${sum}`), BigInt(`0x${total}`))
    .toString(16)
    .padStart(DIGITS, '0')
