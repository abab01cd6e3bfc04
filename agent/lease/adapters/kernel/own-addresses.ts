/**
 * Does another machine have one of this node's own addresses, too? Each few seconds it is asked, in words that claim nothing (RFC 5227, section
 * 2.1.1; RFC 4861), and whoever says that it is his is told as a trouble until he has been silent for long. Linux does neither by itself.
 */
import { familyOf, type Trouble } from '@lvsm/base'
import { NETLINK, type Netlink } from '@lvsm/kernel'
import { AF_OF, type Decoded, type Message, rtnetlink } from '@lvsm/netlink'
import { openRivals, type Place, type Rivals } from './address-conflict.ts'
import { probe } from './announcement.ts'
import type { Sockets } from './sockets.ts'

const PROBE_MS = 5000
/** It is asked for every few seconds: silent for so long, it is gone. */
const GONE_MS = 30_000
/** No call of this socket may hold the loop up for longer. */
const LONGEST_CALL_MS = 200

export interface OwnAddresses {
  /** From now on, these. */
  watch(addresses: readonly string[]): void
  close(): void
}
/** Null: it is over. */
export type Told = (address: string, trouble: Trouble | null) => void

export const openOwnAddresses = (told: Told, sockets: Sockets): OwnAddresses => new Asked(told, sockets)

class Asked implements OwnAddresses {
  readonly #told: Told
  readonly #sockets: Sockets
  readonly #route: Netlink
  readonly #rivals: Rivals
  readonly #timer = setInterval(() => this.#look(), PROBE_MS)
  /** By address: when it is over. */
  readonly #ends = new Map<string, NodeJS.Timeout>()
  #wanted: readonly string[] = []
  #links: readonly rtnetlink.Link[] = []

  constructor(told: Told, sockets: Sockets) {
    this.#told = told
    this.#sockets = sockets
    this.#route = sockets.openNetlink(NETLINK.route, { timeoutMs: LONGEST_CALL_MS })
    this.#rivals = openRivals(
      () => undefined,
      (_, mac, place) => this.#heard(mac, place),
      sockets,
    )
  }

  watch(addresses: readonly string[]): void {
    this.#wanted = addresses
    for (const address of this.#ends.keys()) if (!addresses.includes(address)) this.#over(address)
  }
  close(): void {
    clearInterval(this.#timer)
    for (const end of this.#ends.values()) clearTimeout(end)
    this.#rivals.close()
    this.#route.close()
  }

  #heard(mac: string, { address, index }: Place): void {
    // A switch sends frames of this machine back, and so does another of its interfaces in that network.
    if (this.#links.some((link) => link.mac === mac) || !this.#wanted.includes(address)) return
    const dev = this.#links.find((link) => link.index === index)?.name ?? `interface ${index}`
    if (!this.#ends.has(address)) this.#told(address, duplicate(address, mac, dev))
    clearTimeout(this.#ends.get(address))
    const end = setTimeout(() => this.#over(address), GONE_MS)
    this.#ends.set(address, end)
  }
  #over(address: string): void {
    clearTimeout(this.#ends.get(address))
    if (this.#ends.delete(address)) this.#told(address, null)
  }

  #look(): void {
    try {
      const places = this.#places()
      if (places.length > 0) this.#links = this.#all(rtnetlink.dumpLinks(), rtnetlink.decodeLink)
      const heeded = places.filter(({ index }) => this.#macOf(index) !== '')
      this.#rivals.watch(heeded.map(groupOf))
      for (const place of heeded) this.#ask(place)
    } catch {
      // An interface that goes, or a kernel that has no time: it is asked again.
    }
  }
  #places(): Place[] {
    return [...new Set(this.#wanted.map(familyOf))].flatMap((family) =>
      this.#all(rtnetlink.dumpAddresses(AF_OF[family]), rtnetlink.decodeAddress).flatMap(({ local, index }) =>
        this.#wanted.includes(local) ? [{ address: local, index }] : [],
      ),
    )
  }
  #ask({ address, index }: Place): void {
    const socket = this.#sockets.openPacket(index)
    socket.send(probe(this.#macOf(index), address))
    socket.close()
  }
  /** Empty: it has none. */
  #macOf(index: number): string {
    return this.#links.find((link) => link.index === index)?.mac ?? ''
  }
  #all<T>(request: Uint8Array, decode: (message: Message) => Decoded<T>): T[] {
    return this.#route.dump(request).flatMap((message) => {
      const found = decode(message)
      return found.ok ? [found.value] : []
    })
  }
}

const groupOf = ({ address, index }: Place): Parameters<ReturnType<typeof openRivals>['watch']>[0][number] => ({
  ...{ name: address, digest: '', directors: [] },
  addresses: [{ address, ifindex: index, prefix: 0, kind: 'vip' }],
})

const duplicate = (address: string, mac: string, dev: string): Trouble => ({
  ...{ code: 'duplicate-address', severity: 'critical', object: `address ${address}` },
  message: `${mac} answers for ${address} too, which is this node's own address on ${dev}`,
  evidence: `a frame of ${mac} on ${dev} (ARP, or neighbour discovery) named ${address} as its own; that is no MAC of this machine`,
  hint: `find that MAC in the table of the switch (from another machine: ip neigh show ${address}), and take the address off there: ip addr del ${address}/PREFIX dev IF`,
})
