/** What asks for anything but a first packet from elsewhere: to accept that lets no client in. */
import { CT_STATE, type Expression } from './expression.ts'

const LATER = CT_STATE.established | CT_STATE.related
/** IPS_SEEN_REPLY, IPS_ASSURED, IPS_SRC_NAT and IPS_DST_NAT: IPVS translates without them. */
const LATER_STATUS = 2 | 4 | 16 | 32
const isLaterStatus = (status: number): boolean => status !== 0 && (status & ~LATER_STATUS) === 0
const LO = 'lo\0'
const numberOf = (bytes: Uint8Array): number => bytes.reduceRight((sum, byte) => sum * 256 + byte, 0)
const isLater = (states: number): boolean => states !== 0 && (states & ~LATER) === 0

/** `ct state established,related`, `iif lo`, and the same of iptables; what sets have is asked of each element (`isLate`). */
export const isLateRule = (expressions: readonly Expression[]): boolean =>
  expressions.some((one, at) => {
    if (one.kind === 'unknown') return one.name === 'match' && one.called === 'conntrack' && isTracked(one.info)
    if (one.kind !== 'cmp') return false
    const [before, loaded] = [expressions[at - 1], expressions[at - 2]]
    if (one.op === 'eq') return isLate(before, one.data)
    const isAny = before?.kind === 'bitwise' && one.op === 'neq' && numberOf(one.data) === 0
    return isAny && numberOf(before.xor) === 0 && isLate(loaded, before.mask)
  })

/** By what is compared with what was loaded. */
export function isLate(loaded: Expression | undefined, data: Uint8Array): boolean {
  if (loaded?.kind === 'ct') {
    if (loaded.key === 'status') return isLaterStatus(numberOf(data))
    return loaded.key === 'state' && isLater(numberOf(data))
  }
  if (loaded?.kind !== 'meta') return false
  // In every namespace the first interface is lo.
  if (loaded.key === 'iif' || loaded.key === 'oif') return numberOf(data) === 1
  return (
    (loaded.key === 'iifname' || loaded.key === 'oifname') && String.fromCharCode(...data.subarray(0, LO.length)) === LO
  )
}

/** struct xt_conntrack_mtinfo2 and 3: which things are asked for, which of them inverted, and the states. */
const CONNTRACK = { asked: 146, inverted: 148, states: 150, length: 154 } as const
const STATE = 1
function isTracked(info: Uint8Array = new Uint8Array()): boolean {
  if (info.length < CONNTRACK.length) return false
  const at = (field: number): number => numberOf(info.subarray(field, field + 2))
  const isAsked = (at(CONNTRACK.asked) & STATE) !== 0 && (at(CONNTRACK.inverted) & STATE) === 0
  return isAsked && isLater(at(CONNTRACK.states))
}
