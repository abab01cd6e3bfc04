/** Floating addresses by rtnetlink, and their gratuitous ARP (RFC 5227) through a packet socket of each interface. */
import type { Instant } from '@lvsm/base'
import { NETLINK, openNetlink, openPacket, type PacketSocket } from '@lvsm/kernel'
import type { LeaseAddress, LeaseGroup } from '@lvsm/lease'
import { gratuitousArp, type Message, rtnetlink } from '@lvsm/netlink'
import { type Addresses, FINE, type Outcome } from '../../ports.ts'
import { outcomeOf } from './outcome.ts'

const EADDRNOTAVAIL = 99
const ENODEV = 19

export interface FloatingAddresses extends Addresses {
  /** Opens what the announcements of these groups will need, and has their messages built once: a takeover is no time for either. */
  prepare(groups: readonly LeaseGroup[]): void
  /** Takes off every floating address of whatever process of ours, where and with which prefix it may stand. */
  sweep(): Outcome
  /** Whether this message of the kernel is about an address that was added and not removed since. */
  concerns(notice: Message): boolean
  /** Groups of which an address was added and not removed since, and is not on its interface; all, when nobody can say. */
  missing(groups: readonly LeaseGroup[]): readonly LeaseGroup[]
  /** As it was last read. */
  macOf(index: number): string | undefined
  /** An interface's present name; undefined when it is gone. */
  nameOf(index: number): string | undefined
  close(): void
}

type Place = Pick<LeaseAddress, 'ifindex' | 'address' | 'prefix'>

const keyOf = ({ ifindex, address, prefix }: Place): string => `${ifindex} ${address}/${prefix}`
/** The same of a dump or a notice; empty when it cannot be read. */
function keyIn(message: Message): string {
  const known = rtnetlink.decodeAddress(message)
  return known.ok ? keyOf(placeOf(known.value)) : ''
}
const placeOf = ({ index, local, prefix }: rtnetlink.InterfaceAddress): Place => ({
  ifindex: index,
  address: local,
  prefix,
})
/** An alias of a realserver bears the label too, but it stays until it is taken off. */
const isFloating = ({ label, validSeconds }: rtnetlink.InterfaceAddress): boolean =>
  label.endsWith(rtnetlink.ownLabel('')) && validSeconds !== rtnetlink.FOREVER

/** In the network namespace of the process. */
export function openAddresses(clock: () => Instant): FloatingAddresses {
  const route = openNetlink(NETLINK.route, { timeoutMs: 200 })
  const senders = new Map<number, PacketSocket>()
  /** Of each interface, as it was last read: a bond's changes with its active port. */
  const macs = new Map<number, string>()
  /** What was added and not removed since: a view may show another interface or prefix for it by now. */
  const standing = new Map<string, Place>()

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
  /** Each interface is asked once, however many addresses go on it. */
  const additions = (addresses: readonly LeaseAddress[], validSeconds: number): Uint8Array[] => {
    const names = new Map<number, string>()
    for (const { ifindex } of addresses) if (!names.has(ifindex)) names.set(ifindex, linkOf(ifindex)?.name ?? '')
    return addresses.map(({ ifindex, address, prefix }) =>
      rtnetlink.replaceAddress({
        index: ifindex,
        local: address,
        prefix,
        label: rtnetlink.ownLabel(names.get(ifindex) ?? ''),
        flags: rtnetlink.ADDRESS_FLAG.noPrefixRoute,
        validSeconds,
      }),
    )
  }
  const takeOff = (places: readonly Place[]): Outcome => {
    const messages = places.map(({ ifindex, address, prefix }) =>
      rtnetlink.deleteAddress({ index: ifindex, local: address, prefix }),
    )
    return outcomeOf(route.request(messages), [EADDRNOTAVAIL, ENODEV])
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
        additions([address], 1)
      }
    },
    macOf,
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
    sweep() {
      try {
        const found = route.dump(rtnetlink.dumpAddresses()).map(rtnetlink.decodeAddress)
        return takeOff(found.flatMap((one) => (one.ok && isFloating(one.value) ? [placeOf(one.value)] : [])))
      } catch (error) {
        return { result: 'refused', error: (error as Error).message }
      }
    },
    add(group, validSeconds) {
      const addresses = group.addresses.filter(({ ifindex }) => ifindex > 0)
      for (const address of addresses) standing.set(keyOf(address), address)
      return outcomeOf(route.request(additions(addresses, validSeconds)))
    },
    remove(group) {
      const names = new Set(group.addresses.map(({ address }) => address))
      const places = new Map(
        group.addresses.filter(({ ifindex }) => ifindex > 0).map((one) => [keyOf(one), one as Place]),
      )
      for (const [key, place] of standing) if (names.has(place.address)) places.set(key, place)
      // Before it happens: the kernel's notice of it is nobody else's doing.
      for (const key of places.keys()) standing.delete(key)
      const outcome = takeOff([...places.values()])
      if (outcome.result !== 'done') for (const [key, place] of places) standing.set(key, place)
      return outcome
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
      return failed ? { result: 'refused', error: `${failed} gratuitous frames did not leave` } : FINE
    },
    close() {
      route.close()
      for (const sender of senders.values()) sender.close()
    },
  }
}
