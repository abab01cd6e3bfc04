/** Offloads of an interface (generic netlink; linux/ethtool_netlink.h, ETHTOOL_MSG_FEATURES_GET, since Linux 5.7). */
import { Attributes, nested, text } from './attributes.ts'
import { type Decoded, decoding } from './bytes.ts'
import { encodeGeneric, readGeneric } from './ipvs/generic.ts'
import { FLAG, type Message } from './message.ts'

/** Name for `getFamily`. */
export const ETHTOOL_FAMILY = 'ethtool'
const FEATURES_GET = 11
const FEATURES = { header: 1, active: 4 } as const
const HEADER_NAME = 2
const BITSET_BITS = 3
const BIT_NAME = 2

/** EOPNOTSUPP where the interface has none. */
export const getOffloads = (family: number, name: string): Uint8Array =>
  encodeGeneric(family, FEATURES_GET, FLAG.ack, [nested(FEATURES.header, text(HEADER_NAME, name))])

/** Names of those that are on, as the kernel calls them: `rx-gro`, `rx-lro`. A list of names without masks has only bits that are set. */
export const decodeOffloads = (message: Message): Decoded<string[]> =>
  decoding('offloads', () => {
    const active = readGeneric(message).attributes.nested(FEATURES.active)
    const bits = active?.nested(BITSET_BITS)
    return (bits?.entries ?? []).flatMap(({ payload }) => nameIn(payload) ?? [])
  })

const nameIn = (bit: Uint8Array): string | undefined => new Attributes(bit).text(BIT_NAME)
