/** Pure: classic BPF programs (Documentation/networking/filter.rst), so that the kernel queues only claims. */
import { endOf } from './address.ts'

export type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number]

const LOAD_WORD = 0x20
const LOAD_HALF = 0x28
const LOAD_BYTE = 0x30
const JUMP_EQUAL = 0x15
const RETURN = 0x06
/** Ancillary: index of the interface that the frame came in through. */
const INTERFACE = 0xfffff008
const snap = 128

const LOADS = { word: LOAD_WORD, half: LOAD_HALF, byte: LOAD_BYTE } as const

type Line =
  | { readonly label: string }
  | { readonly load: 'word' | 'half' | 'byte'; readonly at: number }
  | { readonly equal: number; readonly go: string }
  | { readonly give: number }

/** Resolves labels; all jumps lead forward, at most 255 instructions. */
export function assemble(lines: readonly Line[]): Instruction[] {
  const labels = new Map<string, number>()
  const code = lines.filter((line) => {
    if (!('label' in line)) return true
    labels.set(line.label, lines.slice(0, lines.indexOf(line)).filter((one) => !('label' in one)).length)
    return false
  })
  return code.map((line, index): Instruction => {
    if ('load' in line) return [LOADS[line.load], 0, 0, line.at]
    if ('give' in line) return [RETURN, 0, 0, line.give]
    if (!('equal' in line)) throw new RangeError('a label is no instruction')
    const target = labels.get(line.go)
    if (target === undefined || target <= index || target - index - 1 > 255)
      throw new RangeError(`no way to ${line.go}`)
    return [JUMP_EQUAL, target - index - 1, 0, line.equal]
  })
}

/**
 * Claims of `addresses` by ARP, neighbour discovery and sources of packets from directors' ports, by ARP and neighbour discovery
 * from the other ports; by interface index. Of addresses of IPv6 the last 32 bits are compared.
 */
export function claimFilter(
  directors: readonly number[],
  others: readonly number[],
  addresses: readonly string[],
): Instruction[] {
  const v4 = addresses.filter((address) => !address.includes(':')).map(endOf)
  const v6 = addresses.filter((address) => address.includes(':')).map(endOf)
  const each = (ends: readonly number[]): Line[] => ends.map((equal): Line => ({ equal, go: 'keep' }))
  const any = (ends: readonly number[]): Line[] => [...each(ends), { give: 0 }]
  const six = (go: string): Line[] => (v6.length > 0 ? [{ equal: 0x86dd, go }] : [])
  return assemble([
    { load: 'word', at: INTERFACE },
    ...directors.map((equal): Line => ({ equal, go: 'director' })),
    ...others.map((equal): Line => ({ equal, go: 'other' })),
    { give: 0 },
    { label: 'director' },
    { load: 'half', at: 12 },
    { equal: 0x0800, go: 'ip' },
    { equal: 0x0806, go: 'arp' },
    ...six('ip6'),
    { give: 0 },
    { label: 'other' },
    { load: 'half', at: 12 },
    { equal: 0x0806, go: 'arp' },
    ...six('neighbour'),
    { give: 0 },
    { label: 'ip' },
    { load: 'word', at: 26 },
    ...any(v4),
    { label: 'arp' },
    { load: 'word', at: 28 },
    ...any(v4),
    ...(v6.length > 0 ? claimsOfV6(each, v6) : []),
    { label: 'keep' },
    { give: snap },
  ])
}

/** By its source, whatever the packet is; and neighbour discovery by the source that asks, or the target that is advertised. */
const claimsOfV6 = (each: (ends: readonly number[]) => Line[], ends: readonly number[]): Line[] => [
  { label: 'ip6' },
  { load: 'word', at: 34 },
  ...each(ends),
  { label: 'neighbour' },
  { load: 'byte', at: 20 },
  { equal: 58, go: 'icmp' },
  { give: 0 },
  { label: 'icmp' },
  { load: 'byte', at: 54 },
  { equal: 135, go: 'asks' },
  { equal: 136, go: 'tells' },
  { give: 0 },
  { label: 'asks' },
  { load: 'word', at: 34 },
  ...each(ends),
  { give: 0 },
  { label: 'tells' },
  { load: 'word', at: 74 },
  ...each(ends),
  { give: 0 },
]
