/**
 * Does another machine have one of this node's own addresses, too? Each few seconds it is asked, in words that claim nothing (RFC 5227, section
 * 2.1.1; RFC 4861), and whoever says again and again that it is his is told as a trouble (`rival-claims`). Linux does neither by itself. It is asked of
 * the few addresses of this node's links, with questions to the kernel that wait for no lock and go over no table, however many addresses and interfaces there are.
 */
import { randomInt } from 'node:crypto'
import type { Trouble } from '@lvsm/base'
import { NETLINK, type Netlink, type PacketSocket } from '@lvsm/kernel'
import { rtnetlink } from '@lvsm/netlink'
import { openRivals, type Place, type Rivals } from './address-conflict.ts'
import { probe } from './announcement.ts'
import { RivalClaims, Trial } from './rival-claims.ts'
import type { Sockets } from './sockets.ts'

const PROBE_MS = 5000
/** Where an address stands is asked anew so often, at most. */
const PLACES_MS = 60_000
/** All interfaces of this machine are read for a machine that is suspected, so often at most. */
const LINKS_MS = 60_000
/** From one question about the addresses beside to the next: answers are heard once in half a second. */
const BESIDE_MS = 1000
const LONGEST_CALL_MS = 200

export interface OwnAddresses {
  /** From now on, these. */
  watch(addresses: readonly string[]): void
  close(): void
}
/** Null: it is over. */
export type Told = (address: string, trouble: Trouble | null) => void
type Suspect = Trial['suspect']

export const openOwnAddresses = (
  told: Told,
  sockets: Sockets,
  random = (below: number) => randomInt(below),
): OwnAddresses => new Asked(told, sockets, random)

class Asked implements OwnAddresses {
  readonly #told: Told
  readonly #sockets: Sockets
  readonly #random: (below: number) => number
  readonly #route: Netlink
  readonly #rivals: Rivals
  readonly #timer = setInterval(() => this.#look(), PROBE_MS)
  readonly #claims = new RivalClaims()
  /** By address: who was told. */
  readonly #troubles = new Map<string, string>()
  /** By interface, kept open: the kernel lets whoever closes one wait for all its processors (packet_release, synchronize_net). */
  readonly #senders = new Map<number, { readonly socket: PacketSocket; readonly isEthernet: boolean }>()
  #wanted: readonly string[] = []
  #places: readonly Place[] = []
  #placesAt = -Infinity
  #links: readonly rtnetlink.Link[] = []
  #linksAt = -Infinity
  #trial: Trial | null = null
  #next: NodeJS.Timeout | undefined

  constructor(told: Told, sockets: Sockets, random: (below: number) => number) {
    this.#told = told
    this.#sockets = sockets
    this.#random = random
    this.#route = sockets.openNetlink(NETLINK.route, { timeoutMs: LONGEST_CALL_MS })
    this.#rivals = openRivals(
      () => undefined,
      (_, mac, place) => this.#heard(mac, place),
      sockets,
    )
  }

  watch(addresses: readonly string[]): void {
    if (addresses.join() !== this.#wanted.join()) this.#placesAt = -Infinity
    this.#wanted = addresses
    this.#claims.keepOnly(addresses)
    this.#tell()
  }
  close(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#next)
    this.#rivals.close()
    this.#route.close()
    for (const { socket } of this.#senders.values()) socket.close()
  }

  #heard(mac: string, { address, index }: Place): void {
    this.#trial?.heard(address, mac)
    if (!this.#wanted.includes(address)) return
    const suspect = this.#claims.heard(address, mac, index, performance.now())
    if (suspect && !this.#trial) this.#try(suspect)
  }
  #try(suspect: Suspect): void {
    const own = this.#isOurs(suspect.mac)
    // Where nobody knows, the next claim is soon enough.
    if (own) this.#claims.judge(suspect, 'cleared', performance.now())
    if (own !== false) return
    const trial = new Trial(suspect, this.#wanted, this.#random)
    this.#trial = trial
    this.#listen()
    const ask = ([address, ...others]: readonly string[]): void => {
      if (address !== undefined) this.#ask({ address, index: suspect.index })
      this.#next = setTimeout(() => (address === undefined ? this.#end(trial) : ask(others)), BESIDE_MS)
    }
    this.#next = setTimeout(() => ask(trial.beside), BESIDE_MS)
  }
  #end({ suspect, verdict }: Trial): void {
    this.#trial = null
    this.#claims.judge(suspect, verdict, performance.now())
    this.#listen()
    this.#tell()
  }
  /** A switch sends frames of this machine back, and another of its interfaces in that network answers. Null: nobody knows. */
  #isOurs(mac: string): boolean | null {
    if (this.#links.some((link) => link.mac === mac)) return true
    const now = performance.now()
    if (now - this.#linksAt < LINKS_MS) return null
    this.#linksAt = now
    try {
      this.#links = this.#route.dump(rtnetlink.dumpLinks(), 1).flatMap((message) => {
        const found = rtnetlink.decodeLink(message)
        return found.ok ? [found.value] : []
      })
      return this.#links.some((link) => link.mac === mac)
    } catch {
      return null
    }
  }

  #tell(): void {
    const rivals = this.#claims.rivals(performance.now())
    for (const [address, all] of rivals) {
      const macs = all.map(({ mac }) => mac).toSorted()
      if (this.#troubles.get(address) === macs.join()) continue
      this.#troubles.set(address, macs.join())
      const index = all[0]?.index ?? 0
      const dev = this.#links.find((link) => link.index === index)?.name ?? `interface ${index}`
      this.#told(address, duplicate(address, macs, dev))
    }
    for (const address of this.#troubles.keys())
      if (!rivals.has(address) && this.#troubles.delete(address)) this.#told(address, null)
  }
  #look(): void {
    this.#tell()
    const now = performance.now()
    if (now - this.#placesAt >= PLACES_MS) {
      this.#placesAt = now
      this.#places = this.#wanted.flatMap((address) => this.#placeOf(address) ?? [])
      for (const index of this.#senders.keys())
        if (!this.#places.some((place) => place.index === index)) this.#forget(index)
      this.#listen()
    }
    for (const place of this.#places) this.#ask(place)
  }
  /** By the route that brings its packets to this machine: the one question about an address that needs no lock of the kernel's. */
  #placeOf(address: string): Place | null {
    const [reply] = this.#route.request([rtnetlink.getMatching(address)])
    const route = reply?.data[0] && rtnetlink.decodeRoute(reply.data[0])
    if (!route?.ok || route.value.type !== rtnetlink.ROUTE_TYPE.local || route.value.oif === undefined) return null
    return { address, index: route.value.oif }
  }
  #listen(): void {
    const { suspect, beside = [] } = this.#trial ?? {}
    const more = beside.map((address): Place => ({ address, index: suspect?.index ?? 0 }))
    this.#rivals.watch([...this.#places, ...more].map(groupOf))
  }
  #ask({ address, index }: Place): void {
    try {
      const { socket, isEthernet } = this.#senderOf(index)
      const mac = socket.ethernet()
      if (!isEthernet || (mac !== null && socket.send(probe(mac, address)) === 0)) return
    } catch {
      // Below.
    }
    // The interface is gone, or down: where the address is now is looked for.
    this.#forget(index)
    this.#placesAt = -Infinity
  }
  #senderOf(index: number): { readonly socket: PacketSocket; readonly isEthernet: boolean } {
    const known = this.#senders.get(index)
    if (known) return known
    const socket = this.#sockets.openPacket(index)
    const made = { socket, isEthernet: socket.ethernet() !== null }
    this.#senders.set(index, made)
    return made
  }
  #forget(index: number): void {
    this.#senders.get(index)?.socket.close()
    this.#senders.delete(index)
  }
}

const groupOf = ({ address, index }: Place): Parameters<Rivals['watch']>[0][number] => ({
  ...{ name: address, digest: '', directors: [] },
  addresses: [{ address, ifindex: index, prefix: 0, kind: 'vip' }],
})

const duplicate = (address: string, macs: readonly string[], dev: string): Trouble => ({
  ...{ code: 'duplicate-address', severity: 'critical', object: `address ${address}` },
  message: `${macs.join(' and ')} ${macs.length === 1 ? 'answers' : 'answer'} for ${address} too, which is this node's own address on ${dev}`,
  evidence: `frames on ${dev} (ARP, or neighbour discovery) name ${address} as theirs, again and again, and not the addresses beside it; that is no MAC of this machine`,
  hint: `find that MAC in the table of the switch (from another machine: ip neigh show ${address}), and take the address off there: ip addr del ${address}/PREFIX dev IF; of a MAC that this node had before: clear what the switch answers for others (ARP suppression)`,
})
