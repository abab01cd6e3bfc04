/**
 * Who else says that it has one of our addresses: the sender of any ARP frame (RFC 5227, section 2.4), seen before the
 * fence. A flood of them must not keep the lease process busy: after each the kernel drops more of them for a while.
 */
import { type LeaseGroup } from '@lvsm/protocol'
import type { Instruction, PacketSocket } from '@lvsm/kernel'
import { decodeArpFrame, ETHERTYPE, inetBytes } from '@lvsm/netlink'
import { LINUX, type Sockets } from './sockets.ts'

const DEAF_MS = 500
/** Offsets in an Ethernet frame. */
const TYPE_AT = 12
const SENDER_IP_AT = 28
/** A jump of classic BPF leads over at most 255 instructions: after so many addresses stands a place to jump to. */
const COMPARED = 250
/** A program has at most 4096 instructions; of more addresses than any file can have all ARP is looked at here. */
const MOST_COMPARED = 4000
/** What is heard and means nothing, such as this machine's own frames from a switch: so much of it within the same time, no more. */
const MOST_IN_VAIN = 32
const [LOAD_WORD, LOAD_HALF, JUMP_EQUAL, RETURN] = [0x20, 0x28, 0x15, 0x06]
const ALL: Instruction = [RETURN, 0, 0, 0xffff]
const NOTHING: Instruction = [RETURN, 0, 0, 0]

/** Keeps ARP frames whose sender is one of these (Documentation/networking/filter.rst). */
function claimsOf(addresses: readonly string[]): Instruction[] {
  const type: Instruction = [LOAD_HALF, 0, 0, TYPE_AT]
  if (addresses.length > MOST_COMPARED) return [type, [JUMP_EQUAL, 0, 1, ETHERTYPE.arp], ALL, NOTHING]
  const numbers = addresses.map((address) => Buffer.from(inetBytes(address)).readUInt32BE())
  const parts = Array.from({ length: Math.ceil(numbers.length / COMPARED) }, (_, at) =>
    anyOf(numbers.slice(at * COMPARED, (at + 1) * COMPARED)),
  )
  return [type, [JUMP_EQUAL, 1, 0, ETHERTYPE.arp], NOTHING, [LOAD_WORD, 0, 0, SENDER_IP_AT], ...parts.flat(), NOTHING]
}

/** Takes any of them; what is none of them comes out behind. */
const anyOf = (numbers: readonly number[]): Instruction[] => [
  ...numbers.map(
    (number, at): Instruction => [JUMP_EQUAL, numbers.length - 1 - at, at === numbers.length - 1 ? 1 : 0, number],
  ),
  ALL,
]

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
  const listen = (index: number, groups: ReadonlyMap<string, string>): void => {
    const program = claimsOf([...groups.keys()])
    const socket = openPacket(index, { ethertype: ETHERTYPE.arp, filter: program, ignoreOutgoing: true })
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
      const arp = decodeArpFrame(frame)
      const group = arp.ok && arp.value.senderMac !== macOf(index) ? groups.get(arp.value.senderIp) : undefined
      if (!arp.ok || group === undefined) return vain.isEnough() ? stop() : undefined
      stop()
      heard(group, arp.value.senderMac, { address: arp.value.senderIp, index })
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
          listen(index, names)
        } catch {
          // The interface went away: the next view shows another, or this one again.
          watched = ''
        }
      }
    },
    close,
  }
}
