/**
 * What is said to everybody of a floating address, in the words of its family: gratuitous ARP (RFC 5227), or unsolicited neighbour
 * advertisements (RFC 4861); and how it is asked who else has it, without a claim.
 */
import { type Family, familyOf } from '@lvsm/base'
import { arpProbe, gratuitousArp, neighbourProbe, unsolicitedAdvertisement } from '@lvsm/netlink'

type Frame = (mac: string, address: string) => Uint8Array

const WORDS: Readonly<Record<Family, { readonly announcement: Frame; readonly probe: Frame }>> = {
  ipv4: { announcement: (mac, address) => gratuitousArp(mac, address), probe: arpProbe },
  ipv6: { announcement: unsolicitedAdvertisement, probe: neighbourProbe },
}

/** The frame that says: `address` is at `mac`. */
export const announcement: Frame = (mac, address) => WORDS[familyOf(address)].announcement(mac, address)
/** The frame that asks who has it. */
export const probe: Frame = (mac, address) => WORDS[familyOf(address)].probe(mac, address)
