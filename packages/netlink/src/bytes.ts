/**
 * Bytes of netlink messages. Host order is little-endian (x86-64, arm64, riscv64: every machine that
 * we build for); network order is spelled `be`. Text is octets: one character per byte, so that any
 * name the kernel holds survives the way back.
 */

/** The outcome of reading bytes that somebody else wrote. Nothing in this package throws on bad input bytes. */
export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string }

/** Thrown inside decoders only, and caught by `decoding`. */
export class Malformed extends Error {
  override name = 'Malformed'
}

/** Runs a decoder and turns what is wrong with the bytes into a value. */
export function decoding<T>(what: string, read: () => T): Decoded<T> {
  try {
    return { ok: true, value: read() }
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, error: `${what}: ${error.message}` }
    throw error
  }
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

export function octets(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i) & 0xff
  return bytes
}

/** Octets up to the first NUL. */
export function textOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    if (byte === 0) break
    text += String.fromCharCode(byte)
  }
  return text
}

/** The first `length` octets, or Malformed when there are fewer. */
export function need(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length < length) throw new Malformed(`${what} has ${bytes.length} bytes, not ${length}`)
  return bytes.subarray(0, length)
}

export const hexOf = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

export function fromHex(hex: string): Uint8Array {
  const clean = hex.replace(/\s+/g, '')
  const bytes = new Uint8Array(clean.length >> 1)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(clean.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

/** `02:00:5e:10:00:01`. */
export const formatMac = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')

export const macBytes = (mac: string): Uint8Array =>
  Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16))
