/**
 * Which frames say that an address is somebody's, by family: as programs of classic BPF (Documentation/networking/filter.rst),
 * so that the kernel hands out nothing else, and read.
 */
import { type Family, familyOf } from '@lvsm/base'
import type { Instruction } from '@lvsm/kernel'
import { decodeArpFrame, decodeNeighbourFrame, ETHERTYPE, inetBytes, NEIGHBOUR } from '@lvsm/netlink'

const [LOAD_WORD, LOAD_HALF, LOAD_BYTE, JUMP_EQUAL, RETURN] = [0x20, 0x28, 0x30, 0x15, 0x06]
const ALL: Instruction = [RETURN, 0, 0, 0xffff]
export const NOTHING: Instruction = [RETURN, 0, 0, 0]
/** A jump leads over at most 255 instructions: after so many addresses stands a place to jump to. */
const COMPARED = 250
/** A program has at most 4096 instructions; of more addresses than any file can have all frames are looked at here. */
const MOST_COMPARED = 4000

/** Offsets in an Ethernet frame. */
const TYPE_AT = 12
const SENDER_IP_AT = 28
/** Of IPv6 the last word of an address is compared: what is alike in that alone is found out when it is read. */
const NEXT_HEADER_AT = 20
const SOURCE_END_AT = 34
const ICMP_TYPE_AT = 54
const TARGET_END_AT = 74
const ICMPV6 = 58

interface Claims {
  readonly ethertype: number
  /** What loads the word to compare, and ends where the frame claims nothing. */
  readonly load: readonly Instruction[]
  /** Null: it claims nothing, or cannot be read. */
  readonly read: (frame: Uint8Array) => Claim | null
}
export interface Claim {
  readonly mac: string
  readonly address: string
}

const only = (load: number, at: number, value: number): Instruction[] => [
  [load, 0, 0, at],
  [JUMP_EQUAL, 1, 0, value],
  NOTHING,
]

const CLAIMS: Readonly<Record<Family, Claims>> = {
  ipv4: {
    ethertype: ETHERTYPE.arp,
    load: [...only(LOAD_HALF, TYPE_AT, ETHERTYPE.arp), [LOAD_WORD, 0, 0, SENDER_IP_AT]],
    read(frame) {
      const arp = decodeArpFrame(frame)
      return arp.ok ? { mac: arp.value.senderMac, address: arp.value.senderIp } : null
    },
  },
  ipv6: {
    ethertype: ETHERTYPE.ipv6,
    load: [
      ...only(LOAD_HALF, TYPE_AT, ETHERTYPE.ipv6),
      ...only(LOAD_BYTE, NEXT_HEADER_AT, ICMPV6),
      [LOAD_BYTE, 0, 0, ICMP_TYPE_AT],
      [JUMP_EQUAL, 2, 0, NEIGHBOUR.advertisement],
      [JUMP_EQUAL, 3, 0, NEIGHBOUR.solicitation],
      NOTHING,
      [LOAD_WORD, 0, 0, TARGET_END_AT],
      // Over the next one, whatever was loaded.
      [JUMP_EQUAL, 1, 1, 0],
      [LOAD_WORD, 0, 0, SOURCE_END_AT],
    ],
    read(frame) {
      const heard = decodeNeighbourFrame(frame)
      if (!heard.ok) return null
      const { kind, mac, source, target } = heard.value
      return { mac, address: kind === 'advertisement' ? target : source }
    },
  },
}

export const ETHERTYPES: Readonly<Record<Family, number>> = {
  ipv4: CLAIMS.ipv4.ethertype,
  ipv6: CLAIMS.ipv6.ethertype,
}

export const claimIn = (family: Family, frame: Uint8Array): Claim | null => CLAIMS[family].read(frame)

/** Keeps frames that claim one of these addresses, of those of the family. */
export function claimsOf(family: Family, all: readonly string[]): Instruction[] {
  const { load } = CLAIMS[family]
  const addresses = all.filter((address) => familyOf(address) === family)
  if (addresses.length > MOST_COMPARED) return [...load, ALL]
  const numbers = [...new Set(addresses.map((address) => Buffer.from(inetBytes(address).subarray(-4)).readUInt32BE()))]
  const parts = Array.from({ length: Math.ceil(numbers.length / COMPARED) }, (_, at) =>
    anyOf(numbers.slice(at * COMPARED, (at + 1) * COMPARED)),
  )
  return [...load, ...parts.flat(), NOTHING]
}

/** Takes any of them; what is none of them comes out behind. */
const anyOf = (numbers: readonly number[]): Instruction[] => [
  ...numbers.map(
    (number, at): Instruction => [JUMP_EQUAL, numbers.length - 1 - at, at === numbers.length - 1 ? 1 : 0, number],
  ),
  ALL,
]
