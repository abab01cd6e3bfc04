/** Pure: classic BPF programs (Documentation/networking/filter.rst), so that the kernel queues only claims. */
export type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number]

const LOAD_WORD = 0x20
const LOAD_HALF = 0x28
const JUMP_EQUAL = 0x15
const RETURN = 0x06
/** Ancillary: index of the interface that the frame came in through. */
const INTERFACE = 0xfffff008
const snap = 128

type Line =
  | { readonly label: string }
  | { readonly load: 'word' | 'half'; readonly at: number }
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
    if ('load' in line) return [line.load === 'word' ? LOAD_WORD : LOAD_HALF, 0, 0, line.at]
    if ('give' in line) return [RETURN, 0, 0, line.give]
    if (!('equal' in line)) throw new RangeError('a label is no instruction')
    const target = labels.get(line.go)
    if (target === undefined || target <= index || target - index - 1 > 255)
      throw new RangeError(`no way to ${line.go}`)
    return [JUMP_EQUAL, target - index - 1, 0, line.equal]
  })
}

/** ARP and IPv4 claims of `addresses` from directors' ports, ARP claims from the other ports; by interface index. */
export function claimFilter(
  directors: readonly number[],
  others: readonly number[],
  addresses: readonly number[],
): Instruction[] {
  const any = (go: string): Line[] => [...addresses.map((equal): Line => ({ equal, go })), { give: 0 }]
  return assemble([
    { load: 'word', at: INTERFACE },
    ...directors.map((equal): Line => ({ equal, go: 'director' })),
    ...others.map((equal): Line => ({ equal, go: 'other' })),
    { give: 0 },
    { label: 'director' },
    { load: 'half', at: 12 },
    { equal: 0x0800, go: 'ip' },
    { equal: 0x0806, go: 'arp' },
    { give: 0 },
    { label: 'other' },
    { load: 'half', at: 12 },
    { equal: 0x0806, go: 'arp' },
    { give: 0 },
    { label: 'ip' },
    { load: 'word', at: 26 },
    ...any('keep'),
    { label: 'arp' },
    { load: 'word', at: 28 },
    ...any('keep'),
    { label: 'keep' },
    { give: snap },
  ])
}
