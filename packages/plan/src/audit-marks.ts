/** The house laws about marks of packets: a part of the audit, which shares no code with `diff`. */
import { isMark, parseServiceKey } from '@lvsm/model'
import type { NatRules } from './nat-rules.ts'
import type { OwnedRecord } from './record.ts'

/** Copies, on purpose. */
const MARK_BYTE = 0x4c
const CHECK_MARK_BYTE = 0x4d

export const judgeMarks = (needs: NatRules | null, held: ReadonlySet<string>): string[] => [
  ...(needs?.marks ?? [])
    .filter(({ mark }) => mark !== null && mark >>> 24 !== MARK_BYTE)
    .map(({ mark, address }) => `packets to ${address} would get the mark ${mark}, which is not ours`),
  ...(needs?.through ?? []).flatMap(({ mark, address, source }) => [
    ...(mark >>> 24 === CHECK_MARK_BYTE ? [] : [`checks of ${address} would get the mark ${mark}, which is not ours`]),
    ...(held.has(source) ? [`${address} would be checked from ${source}, which clients ask`] : []),
  ]),
]

/**
 * Who is checked through IPVS is known: one destination of ours takes connections. `weights`: `service|destination` → weight, after the
 * plan. What somebody else put there is a trouble, and holds nothing up.
 */
export function judgeTurns(weights: ReadonlyMap<string, number>, owned: OwnedRecord): string[] {
  return [...owned].flatMap(([key, dests]) => {
    const service = key.startsWith('fwmark ') ? parseServiceKey(key) : null
    if (!service || !isMark(service) || service.fwmark >>> 24 !== CHECK_MARK_BYTE) return []
    const count = [...dests].filter((dest) => (weights.get(`${key}|${dest}`) ?? 0) > 0).length
    return count > 1 ? [`${key} would check ${count} realservers at once`] : []
  })
}
