/** What a rule asks of a packet but its ends: is it for this machine, and by which interface did it not come. */
import type { Expression } from './expression.ts'

/** RTN_LOCAL, in the order of the machine's bytes: all that lvsm runs on are little endian. */
const LOCAL = 2
const first = ([byte = 0, ...others]: Uint8Array): number | null => (others.some((one) => one !== 0) ? null : byte)

/** `fib daddr type` */
export const isTypeOfDestination = (one: Expression | undefined): boolean =>
  one?.kind === 'unknown' && one.name === 'fib' && one.called === 'type of destination'
export const isLocalType = (data: Uint8Array): boolean => first(data) === LOCAL

/** struct xt_addrtype_info_v1: masks of types of the source and of the destination, and what is inverted or bound to an interface. */
const ADDRTYPE = { destination: 2, flags: 4, length: 8 } as const
/** `-m addrtype --dst-type LOCAL` */
export function isLocalMatch(one: Expression): boolean {
  if (one.kind !== 'unknown' || one.name !== 'match' || one.called !== 'addrtype') return false
  const info = one.info ?? new Uint8Array()
  if (info.length < ADDRTYPE.length) return false
  const { destination, flags, length } = ADDRTYPE
  const [source, types, rest] = [
    info.subarray(0, destination),
    info.subarray(destination, flags),
    info.subarray(flags, length),
  ]
  return first(source) === 0 && first(types) === 1 << LOCAL && first(rest) === 0
}

/** `iifname != "docker0"`; of names that begin so (`docker*`) nobody says which they are. */
export function notByOf(
  loaded: Expression | undefined,
  { op, data }: Pick<Extract<Expression, { kind: 'cmp' }>, 'op' | 'data'>,
): string | null {
  if (op !== 'neq' || loaded?.kind !== 'meta' || loaded.key !== 'iifname') return null
  const end = data.indexOf(0)
  return end > 0 ? String.fromCharCode(...data.subarray(0, end)) : null
}
