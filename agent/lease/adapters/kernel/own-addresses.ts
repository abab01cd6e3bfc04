/**
 * Does another machine have one of this node's own addresses, too? Each few seconds it is asked, in words that claim nothing (RFC 5227, section
 * 2.1.1; RFC 4861), and whoever says that it is his is told as a trouble until he has been silent for long. Linux does neither by itself.
 */
import { familyOf, type Trouble } from '@lvsm/base'
import { NETLINK } from '@lvsm/kernel'
import { AF_OF, type Decoded, type Message, rtnetlink } from '@lvsm/netlink'
import { openRivals, type Place } from './address-conflict.ts'
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

export function openOwnAddresses(told: Told, sockets: Sockets): OwnAddresses {
  const route = sockets.openNetlink(NETLINK.route, { timeoutMs: LONGEST_CALL_MS })
  const all = <T>(request: Uint8Array, decode: (message: Message) => Decoded<T>): T[] =>
    route.dump(request).flatMap((message) => {
      const found = decode(message)
      return found.ok ? [found.value] : []
    })
  let wanted: readonly string[] = []
  let links: readonly rtnetlink.Link[] = []
  const ends = new Map<string, NodeJS.Timeout>()

  const heard = (mac: string, { address, index }: Place): void => {
    // A switch sends frames of this machine back, and so does another of its interfaces in that network.
    if (links.some((link) => link.mac === mac) || !wanted.includes(address)) return
    const dev = links.find((link) => link.index === index)?.name ?? `interface ${index}`
    if (!ends.has(address)) told(address, duplicate(address, mac, dev))
    clearTimeout(ends.get(address))
    ends.set(
      address,
      setTimeout(() => over(address), GONE_MS),
    )
  }
  const over = (address: string): void => {
    clearTimeout(ends.get(address))
    if (ends.delete(address)) told(address, null)
  }
  const rivals = openRivals(
    () => undefined,
    (_, mac, place) => heard(mac, place),
    sockets,
  )

  const placesOf = (): Place[] =>
    [...new Set(wanted.map(familyOf))].flatMap((family) =>
      all(rtnetlink.dumpAddresses(AF_OF[family]), rtnetlink.decodeAddress).flatMap(({ local, index }) =>
        wanted.includes(local) ? [{ address: local, index }] : [],
      ),
    )
  const ask = ({ address, index }: Place): void => {
    const mac = links.find((link) => link.index === index)?.mac
    if (!mac) return
    const socket = sockets.openPacket(index)
    socket.send(probe(mac, address))
    socket.close()
  }
  const look = (): void => {
    try {
      const places = wanted.length === 0 ? [] : placesOf()
      if (places.length > 0) links = all(rtnetlink.dumpLinks(), rtnetlink.decodeLink)
      const heeded = places.filter(({ index }) => links.some((link) => link.index === index && link.mac !== ''))
      rivals.watch(heeded.map(groupOf))
      for (const place of heeded) ask(place)
    } catch {
      // An interface that goes, or a kernel that has no time: it is asked again.
    }
  }
  const timer = setInterval(look, PROBE_MS)
  return {
    watch(addresses) {
      wanted = addresses
      for (const address of ends.keys()) if (!addresses.includes(address)) over(address)
    },
    close() {
      clearInterval(timer)
      for (const end of ends.values()) clearTimeout(end)
      rivals.close()
      route.close()
    },
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
