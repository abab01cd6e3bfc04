/** Several ports of a VIP as one service: `80`, `8000-8100`, or `all`; and the firewall mark by which IPVS knows it. */
import { digest64, MARKS } from '@lvsm/base'

/** Of 1 to 65535; both ends belong to it. */
export interface PortRange {
  readonly from: number
  readonly to: number
}
const ALL: PortRange = { from: 1, to: 65_535 }

/** Null when it is neither a port, nor a range of them that goes up. */
export function parsePorts(written: string | number): PortRange | null {
  if (written === 'all') return ALL
  const [, first, last = first] = /^([1-9]\d{0,4})(?:-([1-9]\d{0,4}))?$/.exec(String(written)) ?? []
  const range = { from: Number(first), to: Number(last) }
  return first !== undefined && range.from <= range.to && range.to <= ALL.to ? range : null
}

export const isAll = ({ from, to }: PortRange): boolean => from === ALL.from && to === ALL.to
export const overlap = (one: PortRange, other: PortRange): boolean => one.from <= other.to && other.from <= one.to

/** `80, 8000-8100`, or `all`. */
export const portsText = (ports: readonly PortRange[]): string =>
  ports
    .map((range) => (isAll(range) ? 'all' : range.from === range.to ? range.from : `${range.from}-${range.to}`))
    .join(', ')

/**
 * From the name of the service alone, so that it is the same on every node, and no other service's change makes it another one. Two
 * names in 16 million have the same: they are refused.
 */
export const markOf = (name: string): number => ofName(name, MARKS.serviceMarks)
/** Of its checks, where they go through IPVS. */
export const checkMarkOf = (name: string): number => ofName(name, MARKS.checkMarks)
const ofName = (name: string, { base, mask }: { readonly base: number; readonly mask: number }): number =>
  (base | (Number.parseInt(digest64(name).slice(-6), 16) & mask)) >>> 0
/** Entries under such a mark are for checks alone: nobody's clients, and no service of anybody. */
export const isCheckMark = (mark: number): boolean => (mark & ~MARKS.checkMarks.mask) >>> 0 === MARKS.checkMarks.base
