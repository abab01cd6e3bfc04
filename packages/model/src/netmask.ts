/** Masks of networks, as ldirectord and ipvsadm write them: `255.255.255.0`, or a prefix length. */
import { parseInet } from '@lvsm/base'

/** 1 to 128; null when it is no mask: its bits that count come first. */
export function parseNetmask(written: string | number): number | null {
  if (typeof written === 'number' || /^[1-9]\d{0,2}$/.test(written)) {
    const prefix = Number(written)
    return prefix >= 1 && prefix <= 128 ? prefix : null
  }
  const bytes = parseInet(written)
  if (bytes?.length !== 4) return null
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const prefix = bits.indexOf('0') < 0 ? bits.length : bits.indexOf('0')
  return prefix > 0 && !bits.slice(prefix).includes('1') ? prefix : null
}
