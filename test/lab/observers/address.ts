/** Pure: addresses of both families as bytes and as keys; a reading of its own, since witnesses share no code with what they watch. */

export const isV6 = (address: string): boolean => address.includes(':')

/** 4 or 16 bytes. IPv6 in its short form, without an IPv4 address at its end. */
export function addressBytes(address: string): number[] {
  if (!isV6(address)) return address.split('.').map(Number)
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const [head = '', tail] = address.split('::')
  const [first, last] = [groups(head), groups(tail ?? '')]
  const whole = [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last]
  return whole.flatMap((group) => [group >> 8, group & 255])
}

/** Equal for equal addresses, whatever their spelling. */
export const keyOf = (bytes: Iterable<number>): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** The last 32 bits, which are all that a filter compares. */
export const endOf = (address: string): number =>
  addressBytes(address)
    .slice(-4)
    .reduce((number, byte) => number * 256 + byte, 0)
