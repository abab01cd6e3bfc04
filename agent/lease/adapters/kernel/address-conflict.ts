/**
 * Who else says that it has one of our addresses: the sender of any ARP frame (RFC 5227, section 2.4), or of neighbour
 * discovery, seen before the fence. A flood of them must not keep the lease process busy: after each the kernel drops more
 * of them for a while.
 */
import { type LeaseGroup } from '@lvsm/protocol'
import { type Family, familyOf } from '@lvsm/base'
import type { PacketSocket } from '@lvsm/kernel'
import { claimIn, claimsOf, ETHERTYPES, NOTHING } from './claims.ts'
import { LINUX, type Sockets } from './sockets.ts'

const DEAF_MS = 500
/** What is heard and means nothing, such as this machine's own frames from a switch: so much of it within the same time, no more. */
const MOST_IN_VAIN = 32

/** Counts frames that mean nothing. */
class InVain {
  #since = 0
  #frames = 0

  /** Of one more: nobody needs to hear the next ones for a while. */
  isEnough(): boolean {
    const now = performance.now()
    if (now - this.#since >= DEAF_MS) [this.#since, this.#frames] = [now, 0]
    this.#frames += 1
    return this.#frames >= MOST_IN_VAIN
  }
}

/** Where it was heard. */
export interface Place {
  readonly address: string
  readonly index: number
}

export interface Rivals {
  /** From now on, for these groups. */
  watch(groups: readonly LeaseGroup[]): void
  close(): void
}

/** In the network namespace of the process. `macOf`: this machine's own, which a switch may send back. */
export function openRivals(
  macOf: (index: number) => string | undefined,
  heard: (group: string, mac: string, place: Place) => void,
  { openPacket }: Pick<Sockets, 'openPacket'> = LINUX,
): Rivals {
  const sockets: PacketSocket[] = []
  const timers = new Set<NodeJS.Timeout>()
  let watched = ''
  const close = (): void => {
    for (const timer of timers) clearTimeout(timer)
    timers.clear()
    for (const socket of sockets.splice(0)) socket.close()
  }
  const listen = (index: number, family: Family, groups: ReadonlyMap<string, string>): void => {
    const program = claimsOf(family, [...groups.keys()])
    const socket = openPacket(index, { ethertype: ETHERTYPES[family], filter: program, ignoreOutgoing: true })
    sockets.push(socket)
    let deaf = false
    const stop = (): void => {
      deaf = true
      socket.filter([NOTHING])
      const timer = setTimeout(() => {
        timers.delete(timer)
        deaf = false
        socket.filter(program)
      }, DEAF_MS)
      timers.add(timer)
    }
    const vain = new InVain()
    socket.onFrame((frame) => {
      if (deaf) return
      const claim = claimIn(family, frame)
      const group = claim && claim.mac !== macOf(index) ? groups.get(claim.address) : undefined
      if (!claim || group === undefined) return vain.isEnough() ? stop() : undefined
      stop()
      heard(group, claim.mac, { address: claim.address, index })
    })
  }
  return {
    watch(groups) {
      const places = new Map<number, Map<string, string>>()
      for (const { name, addresses } of groups)
        for (const { ifindex, address } of addresses)
          if (ifindex > 0) places.set(ifindex, (places.get(ifindex) ?? new Map()).set(address, name))
      const text = JSON.stringify([...places].map(([index, names]) => [index, ...names]))
      if (text === watched) return
      close()
      watched = text
      for (const [index, names] of places) {
        try {
          for (const family of new Set([...names.keys()].map(familyOf))) listen(index, family, names)
        } catch {
          // The interface went away: the next view shows another, or this one again.
          watched = ''
        }
      }
    },
    close,
  }
}
