/** Entries of the neighbour table (`ip neigh`): RTM_GETNEIGH (linux/neighbour.h, man 7 rtnetlink). */
import { Attributes } from '../attributes.ts'
import { type Decoded, decoding, formatMac, Malformed, need, viewOf } from '../bytes.ts'
import { AF, formatInet } from '../inet.ts'
import { encodeMessage, FLAG, type Message } from '../message.ts'
import { RTM } from './types.ts'

const NDA = { destination: 1, linkAddress: 2 } as const
const HEADER = 12
const MAC = 6

/** ndm_state. */
export const NEIGHBOUR_STATE = { incomplete: 0x01, failed: 0x20, noArp: 0x40, permanent: 0x80 } as const

export interface Neighbour {
  /** Of the interface. */
  readonly index: number
  readonly address: string
  /** Null: of another kind than Ethernet's, or not known. */
  readonly mac: string | null
  /** NEIGHBOUR_STATE and others. */
  readonly state: number
}

/** All of one family. */
export function dumpNeighbours(family: number = AF.inet): Uint8Array {
  const header = new Uint8Array(HEADER)
  header[0] = family
  return encodeMessage(RTM.getNeighbour, FLAG.request | FLAG.dump, [header])
}

export const decodeNeighbour = (message: Message): Decoded<Neighbour> =>
  decoding('neighbour', () => {
    const header = need(message.payload, HEADER, 'ndmsg')
    const attributes = new Attributes(message.payload.subarray(HEADER))
    const destination = attributes.bytes(NDA.destination)
    if (!destination) throw new Malformed('no address')
    const link = attributes.bytes(NDA.linkAddress)
    const view = viewOf(header)
    return {
      index: view.getInt32(4, true),
      address: formatInet(destination),
      mac: link?.length === MAC ? formatMac(link) : null,
      state: view.getUint16(8, true),
    }
  })
