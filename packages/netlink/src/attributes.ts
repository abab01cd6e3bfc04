/** Netlink attributes: length, type, payload, padded to four bytes (linux/netlink.h, struct nlattr). */
import { invariant } from '@lvsm/base'
import { concat, Malformed, octets, textOf, viewOf } from './bytes.ts'

const HEADER = 4
const NESTED = 0x8000
const TYPE_MASK = 0x3fff

export const align4 = (length: number): number => (length + 3) & ~3

export function attribute(type: number, payload: Uint8Array): Uint8Array {
  invariant(payload.length <= 0xffff - HEADER, `attribute ${type} of ${payload.length} bytes fits 16 bits of length`)
  const bytes = new Uint8Array(align4(HEADER + payload.length))
  const view = viewOf(bytes)
  view.setUint16(0, HEADER + payload.length, true)
  view.setUint16(2, type, true)
  bytes.set(payload, HEADER)
  return bytes
}

export const nested = (type: number, ...children: readonly Uint8Array[]): Uint8Array =>
  attribute(type | NESTED, concat(children))
export const u8 = (type: number, value: number): Uint8Array => attribute(type, Uint8Array.of(value))
export const text = (type: number, value: string): Uint8Array => attribute(type, octets(`${value}\0`))

function scalar(type: number, size: number, write: (view: DataView) => void): Uint8Array {
  const payload = new Uint8Array(size)
  write(viewOf(payload))
  return attribute(type, payload)
}
export const u16 = (type: number, value: number): Uint8Array =>
  scalar(type, 2, (view) => view.setUint16(0, value, true))
export const u32 = (type: number, value: number): Uint8Array =>
  scalar(type, 4, (view) => view.setUint32(0, value, true))
export const be16 = (type: number, value: number): Uint8Array =>
  scalar(type, 2, (view) => view.setUint16(0, value, false))
export const be32 = (type: number, value: number): Uint8Array =>
  scalar(type, 4, (view) => view.setUint32(0, value, false))
export const be64 = (type: number, value: number): Uint8Array =>
  scalar(type, 8, (view) => view.setBigUint64(0, BigInt(Math.trunc(value)), false))

/** Attributes of one level, by type; of a type that comes twice the last one counts, as in the kernel. */
export class Attributes {
  readonly #byType = new Map<number, Uint8Array>()
  /** In order of appearance: for lists, where every element has the same type. */
  readonly entries: { readonly type: number; readonly payload: Uint8Array }[] = []

  constructor(bytes: Uint8Array) {
    const view = viewOf(bytes)
    let at = 0
    while (at + HEADER <= bytes.length) {
      const length = view.getUint16(at, true)
      if (length < HEADER || at + length > bytes.length)
        throw new Malformed(`attribute at ${at} has length ${length} in ${bytes.length} bytes`)
      const type = view.getUint16(at + 2, true) & TYPE_MASK
      const payload = bytes.subarray(at + HEADER, at + length)
      this.#byType.set(type, payload)
      this.entries.push({ type, payload })
      at += align4(length)
    }
  }

  bytes(type: number): Uint8Array | undefined {
    return this.#byType.get(type)
  }

  #scalar<T>(type: number, size: number, read: (view: DataView) => T): T | undefined {
    const payload = this.#byType.get(type)
    if (payload === undefined) return undefined
    if (payload.length < size) throw new Malformed(`attribute ${type} has ${payload.length} bytes, not ${size}`)
    return read(viewOf(payload))
  }

  u8(type: number): number | undefined {
    return this.#scalar(type, 1, (view) => view.getUint8(0))
  }
  u16(type: number): number | undefined {
    return this.#scalar(type, 2, (view) => view.getUint16(0, true))
  }
  u32(type: number): number | undefined {
    return this.#scalar(type, 4, (view) => view.getUint32(0, true))
  }
  i32(type: number): number | undefined {
    return this.#scalar(type, 4, (view) => view.getInt32(0, true))
  }
  be16(type: number): number | undefined {
    return this.#scalar(type, 2, (view) => view.getUint16(0, false))
  }
  be32(type: number): number | undefined {
    return this.#scalar(type, 4, (view) => view.getUint32(0, false))
  }
  /** As a number: exact up to 2^53, which counters and milliseconds reach in centuries. */
  u64(type: number): number | undefined {
    return this.#scalar(type, 8, (view) => Number(view.getBigUint64(0, true)))
  }
  be64(type: number): number | undefined {
    return this.#scalar(type, 8, (view) => Number(view.getBigUint64(0, false)))
  }
  text(type: number): string | undefined {
    const payload = this.#byType.get(type)
    return payload === undefined ? undefined : textOf(payload)
  }
  nested(type: number): Attributes | undefined {
    const payload = this.#byType.get(type)
    return payload === undefined ? undefined : new Attributes(payload)
  }
}
