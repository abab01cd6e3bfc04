/** Floating addresses by rtnetlink, and their gratuitous ARP (RFC 5227) through a packet socket of each interface. */
import type { Instant } from '@lvsm/base'
import { NETLINK, openNetlink, openPacket, type PacketSocket } from '@lvsm/kernel'
import type { LeaseAddress, LeaseGroup } from '@lvsm/lease'
import { gratuitousArp, type Message, rtnetlink } from '@lvsm/netlink'
import type { Addresses, Outcome } from '../../ports.ts'

/**
 * The kernel takes a floating address off by itself when nobody refreshed it for so long: the slow second guard
 * behind the fence (fence.md, row 7).
 */
const VALID_SECONDS = 10
const EADDRNOTAVAIL = 99
const ENODEV = 19
const FINE: Outcome = { ok: true, error: '' }

export interface FloatingAddresses extends Addresses {
  /** Opens what the announcements of these groups will need, and has their messages built once: a takeover is no time for either. */
  prepare(groups: readonly LeaseGroup[]): void
  /** Whether this message of the kernel is about an address that was added and not removed since. */
  concerns(notice: Message): boolean
  /** Groups of which an address was added and not removed since, and is not on its interface; all, when nobody can say. */
  missing(groups: readonly LeaseGroup[]): readonly LeaseGroup[]
  /** An interface's present name; undefined when it is gone. */
  nameOf(index: number): string | undefined
  close(): void
}

const keyOf = ({ ifindex, address }: LeaseAddress): string => `${ifindex} ${address}`
/** The same of a dump or a notice; empty when it cannot be read. */
function keyIn(message: Message): string {
  const known = rtnetlink.decodeAddress(message)
  return known.ok ? `${known.value.index} ${known.value.local}` : ''
}

/** In the network namespace of the process. */
export function openAddresses(clock: () => Instant): FloatingAddresses {
  const route = openNetlink(NETLINK.route, { timeoutMs: 200 })
  const senders = new Map<number, PacketSocket>()
  /** Of each interface, as it was last read: a bond's changes with its active port. */
  const macs = new Map<number, string>()
  /** What was added and not removed since: `INDEX ADDRESS`. */
  const standing = new Set<string>()

  const linkOf = (index: number): rtnetlink.Link | undefined => {
    const [reply] = route.request([rtnetlink.getLink(index)])
    const [message] = reply?.data ?? []
    const link = message && rtnetlink.decodeLink(message)
    if (!link?.ok) return undefined
    if (link.value.mac) macs.set(index, link.value.mac)
    return link.value
  }
  const macOf = (index: number): string | undefined => macs.get(index) ?? linkOf(index)?.mac
  /** Undefined when the interface is gone. */
  const senderOf = (index: number): PacketSocket | undefined => {
    const known = senders.get(index)
    if (known) return known
    try {
      const sender = openPacket(index)
      senders.set(index, sender)
      return sender
    } catch {
      return undefined
    }
  }
  const forget = (index: number): void => {
    senders.get(index)?.close()
    senders.delete(index)
    macs.delete(index)
  }
  const wish = (address: LeaseAddress): rtnetlink.AddressWish => ({
    index: address.ifindex,
    local: address.address,
    prefix: address.prefix,
    label: rtnetlink.ownLabel(linkOf(address.ifindex)?.name ?? ''),
    flags: rtnetlink.ADDRESS_FLAG.noPrefixRoute,
    validSeconds: VALID_SECONDS,
  })
  const each = (
    group: LeaseGroup,
    change: (address: LeaseAddress) => Uint8Array,
    forgiven: readonly number[],
  ): Outcome => {
    const replies = route.request(group.addresses.filter((address) => address.ifindex > 0).map(change))
    const failed = replies.find((reply) => reply.errno !== 0 && !forgiven.includes(reply.errno))
    return failed ? { ok: false, error: failed.message } : FINE
  }

  return {
    prepare(groups) {
      const addresses = groups.flatMap((group) => group.addresses).filter(({ ifindex }) => ifindex > 0)
      // One of each interface: a thousand addresses need no more.
      for (const address of new Map(addresses.map((one) => [one.ifindex, one])).values()) {
        const mac = macOf(address.ifindex)
        if (!mac) continue
        senderOf(address.ifindex)
        gratuitousArp(mac, address.address)
        rtnetlink.replaceAddress(wish(address))
      }
    },
    nameOf: (index) => linkOf(index)?.name,
    concerns: (notice) => standing.has(keyIn(notice)),
    missing(groups) {
      const stands = (address: LeaseAddress): boolean => standing.has(keyOf(address))
      const suspects = groups.filter((group) => group.addresses.some(stands))
      if (suspects.length === 0) return []
      try {
        const present = new Set(route.dump(rtnetlink.dumpAddresses()).map(keyIn))
        const gone = (address: LeaseAddress): boolean => stands(address) && !present.has(keyOf(address))
        return suspects.filter((group) => group.addresses.some(gone))
      } catch {
        return suspects
      }
    },
    add(group) {
      for (const address of group.addresses) if (address.ifindex > 0) standing.add(keyOf(address))
      return each(group, (address) => rtnetlink.replaceAddress(wish(address)), [])
    },
    remove(group) {
      for (const address of group.addresses) standing.delete(keyOf(address))
      return each(
        group,
        ({ ifindex, address, prefix }) => rtnetlink.deleteAddress({ index: ifindex, local: address, prefix }),
        [EADDRNOTAVAIL, ENODEV],
      )
    },
    announce(group, notAfter) {
      let failed = 0
      // The way back first: a NAT realserver must know the gateway before the first answer (fence.md, order of take).
      const order = [...group.addresses].sort((a, b) => Number(a.kind === 'vip') - Number(b.kind === 'vip'))
      for (const { address, ifindex } of order) {
        const mac = ifindex > 0 ? macOf(ifindex) : undefined
        const sender = mac === undefined ? undefined : senderOf(ifindex)
        if (mac === undefined || !sender || clock() >= notAfter) {
          failed++
          continue
        }
        if (sender.send(gratuitousArp(mac, address)) !== 0) {
          failed++
          forget(ifindex)
        }
      }
      return failed ? { ok: false, error: `${failed} gratuitous frames did not leave` } : FINE
    },
    close() {
      route.close()
      for (const sender of senders.values()) sender.close()
    },
  }
}
