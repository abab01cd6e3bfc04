/** Floating addresses by rtnetlink, and what announces them, through a packet socket of each interface. */
import { type LeaseAddress, type LeaseGroup } from '@lvsm/protocol'
import { type Family, familyOf, type Instant, isOwnAddress, MARKS, ownLabel } from '@lvsm/base'
import { NETLINK, type Netlink, type PacketSocket } from '@lvsm/kernel'
import { AF_OF, ERRNO, type Message, rtnetlink } from '@lvsm/netlink'
import { type Addresses, FINE, type Outcome } from '../../ports.ts'
import { announcement, probe } from './announcement.ts'
import { Interfaces } from './interfaces.ts'
import { outcomeOf } from './outcome.ts'
import { LINUX, type Sockets } from './sockets.ts'

/** No call of this socket may hold the loop up for longer. */
const LONGEST_CALL_MS = 200
/** Frames at once: each goes to everybody in the network. */
const MOST_PROBES = 16
/** What is to be taken off, and is not there, or not any more. */
const GONE: readonly (number | undefined)[] = [ERRNO.EADDRNOTAVAIL, ERRNO.ENODEV]

/**
 * Of IPv6: it counts at once, because the lease says that nobody else has it (RFC 4862, section 5.4 waits for a second); and it
 * is deprecated from the start, so that no packet of the node's own chooses it as its source (section 5.5.4).
 */
const UNSPOKEN = {
  flags: rtnetlink.ADDRESS_FLAG.noPrefixRoute | rtnetlink.ADDRESS_FLAG.noDad,
  preferredSeconds: 0,
  protocol: MARKS.addressProtocol,
} as const

type Place = Pick<LeaseAddress, 'ifindex' | 'address' | 'prefix'>

const keyOf = ({ ifindex, address, prefix }: Place): string => `${ifindex} ${address}/${prefix}`
const placeOf = ({ index, local, prefix }: rtnetlink.InterfaceAddress): Place => ({
  ifindex: index,
  address: local,
  prefix,
})
/** The same of a dump or a notice; empty when it cannot be read. */
function keyIn(message: Message): string {
  const known = rtnetlink.decodeAddress(message)
  return known.ok ? keyOf(placeOf(known.value)) : ''
}
/** An alias of a realserver bears our mark too, but it stays until it is taken off. */
const isFloating = (address: rtnetlink.InterfaceAddress): boolean =>
  isOwnAddress(address) && address.validSeconds !== rtnetlink.FOREVER
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6']
/** Interfaces that this node does not have bear the index 0. */
const here = ({ addresses }: LeaseGroup): LeaseAddress[] => addresses.filter(({ ifindex }) => ifindex > 0)

export class FloatingAddresses implements Addresses {
  readonly #clock: () => Instant
  readonly #sockets: Sockets
  readonly #route: Netlink
  readonly #interfaces: Interfaces
  readonly #senders = new Map<number, PacketSocket>()
  /** What was added and not removed since: a view may show another interface or prefix for it by now. */
  readonly #standing = new Map<string, Place>()
  /** Whose turn it is to be probed. */
  #probed = 0

  /** In the network namespace of the process. */
  constructor(clock: () => Instant, sockets: Sockets = LINUX) {
    this.#clock = clock
    this.#sockets = sockets
    this.#route = sockets.openNetlink(NETLINK.route, { timeoutMs: LONGEST_CALL_MS })
    this.#interfaces = new Interfaces(this.#route)
  }

  /** Opens what the announcements of these groups will need, and has their messages built once: a takeover is no time for either. */
  prepare(groups: readonly LeaseGroup[]): void {
    // One of each interface: a thousand addresses need no more.
    for (const address of new Map(groups.flatMap(here).map((one) => [one.ifindex, one])).values()) {
      const mac = this.macOf(address.ifindex)
      if (mac === undefined) continue
      this.#senderOf(address.ifindex)
      announcement(mac, address.address)
      this.#additions([address], 1)
    }
  }

  /** As it was last read. */
  macOf(index: number): string | undefined {
    return this.#interfaces.macOf(index)
  }
  /** An interface's present name; undefined when it is gone. */
  nameOf(index: number): string | undefined {
    return this.#interfaces.look(index)?.name
  }

  /** Whether this message of the kernel is about an address that was added and not removed since. */
  concerns(notice: Message): boolean {
    return this.#standing.has(keyIn(notice))
  }

  /** Groups of which an address was added and not removed since, and is not on its interface; all, when nobody can say. */
  missing = (groups: readonly LeaseGroup[]): readonly LeaseGroup[] => this.gone(groups).map(([group]) => group)
  /** With these addresses; with none when nobody can say. */
  gone(groups: readonly LeaseGroup[]): readonly (readonly [LeaseGroup, readonly LeaseAddress[]])[] {
    const stands = (address: LeaseAddress): boolean => this.#standing.has(keyOf(address))
    const suspects = groups.filter((group) => group.addresses.some(stands))
    if (suspects.length === 0) return []
    const standing = new Set(suspects.flatMap(({ addresses }) => addresses.map(({ address }) => familyOf(address))))
    try {
      const present = new Set([...standing].flatMap((family) => this.#dump(family)).map((one) => keyOf(placeOf(one))))
      const gone = (address: LeaseAddress): boolean => stands(address) && !present.has(keyOf(address))
      return suspects.flatMap((group) => {
        const lost = group.addresses.filter(gone)
        return lost.length > 0 ? [[group, lost] as const] : []
      })
    } catch {
      return suspects.map((group) => [group, []] as const)
    }
  }

  /** Takes off every floating address of whatever process of ours, where and with which prefix it may stand. */
  sweep(): Outcome {
    try {
      return this.#takeOff(
        FAMILIES.flatMap((family) => this.#dump(family))
          .filter(isFloating)
          .map(placeOf),
      )
    } catch (error) {
      return { result: 'refused', error: (error as Error).message }
    }
  }

  add(group: LeaseGroup, validSeconds: number): Outcome {
    const addresses = here(group)
    for (const address of addresses) this.#standing.set(keyOf(address), address)
    return outcomeOf(this.#route.request(this.#additions(addresses, validSeconds)))
  }

  remove(group: LeaseGroup): Outcome {
    const names = new Set(group.addresses.map(({ address }) => address))
    const places = new Map(here(group).map((one) => [keyOf(one), one as Place]))
    for (const [key, place] of this.#standing) if (names.has(place.address)) places.set(key, place)
    // Before it happens: the kernel's notice of it is nobody else's doing.
    for (const key of places.keys()) this.#standing.delete(key)
    const outcome = this.#takeOff([...places.values()])
    if (outcome.result !== 'done') for (const [key, place] of places) this.#standing.set(key, place)
    return outcome
  }

  announce(group: LeaseGroup, notAfter: Instant): Outcome {
    // The way back first: a NAT realserver must know the gateway before the first answer (FENCE.md, section 3).
    const order = [...group.addresses].sort((a, b) => Number(a.kind === 'vip') - Number(b.kind === 'vip'))
    const failed = order.filter((address) => !this.#announceOne(address, notAfter)).length
    return failed ? { result: 'refused', error: `${failed} gratuitous frames did not leave` } : FINE
  }

  /** Asks who else has what stands here, in words that claim nothing; some of it each time, in turn. */
  probe(groups: readonly LeaseGroup[]): void {
    const own = groups.flatMap(here).filter((address) => this.#standing.has(keyOf(address)))
    const first = own.length === 0 ? 0 : this.#probed % own.length
    this.#probed = first + MOST_PROBES
    for (const { ifindex, address } of [...own.slice(first), ...own.slice(0, first)].slice(0, MOST_PROBES)) {
      const mac = this.macOf(ifindex)
      if (mac !== undefined) this.#senderOf(ifindex)?.send(probe(mac, address))
    }
  }

  close(): void {
    this.#route.close()
    for (const sender of this.#senders.values()) sender.close()
  }

  #announceOne({ address, ifindex }: LeaseAddress, notAfter: Instant): boolean {
    const mac = ifindex > 0 ? this.macOf(ifindex) : undefined
    const sender = mac === undefined ? undefined : this.#senderOf(ifindex)
    if (mac === undefined || !sender || this.#clock() >= notAfter) return false
    if (sender.send(announcement(mac, address)) === 0) return true
    this.#forget(ifindex)
    return false
  }

  /** Undefined when the interface is gone. */
  #senderOf(index: number): PacketSocket | undefined {
    const known = this.#senders.get(index)
    if (known) return known
    try {
      const sender = this.#sockets.openPacket(index)
      this.#senders.set(index, sender)
      return sender
    } catch {
      return undefined
    }
  }
  #forget(index: number): void {
    this.#senders.get(index)?.close()
    this.#senders.delete(index)
    this.#interfaces.forget(index)
  }

  /** Each interface is asked once, however many addresses go on it. */
  #additions(addresses: readonly LeaseAddress[], validSeconds: number): Uint8Array[] {
    const indexes = new Set(addresses.map(({ ifindex }) => ifindex))
    const names = new Map([...indexes].map((index) => [index, this.nameOf(index) ?? '']))
    return addresses.map(({ ifindex, address, prefix }) =>
      rtnetlink.replaceAddress({
        index: ifindex,
        local: address,
        prefix,
        validSeconds,
        ...(familyOf(address) === 'ipv6'
          ? UNSPOKEN
          : { label: ownLabel(names.get(ifindex) ?? ''), flags: rtnetlink.ADDRESS_FLAG.noPrefixRoute }),
      }),
    )
  }

  /** A kernel without IPv6 answers a question for it with all that it has. */
  #dump(family: Family): rtnetlink.InterfaceAddress[] {
    return this.#route.dump(rtnetlink.dumpAddresses(AF_OF[family])).flatMap((message) => {
      const known = rtnetlink.decodeAddress(message)
      return known.ok && familyOf(known.value.local) === family ? [known.value] : []
    })
  }

  #takeOff(places: readonly Place[]): Outcome {
    const messages = places.map(({ ifindex, address, prefix }) =>
      rtnetlink.deleteAddress({ index: ifindex, local: address, prefix }),
    )
    return outcomeOf(this.#route.request(messages), GONE)
  }
}
