/** Raw Ethernet frames of one interface: AF_PACKET (man 7 packet). */
import { call, checked, KernelError, setOption } from './libc.ts'
import { attachFilter, type Instruction, openSocket, transmit, type Watch, watchSocket } from './socket.ts'

const AF_PACKET = 17
const SOL_PACKET = 263
const PACKET_IGNORE_OUTGOING = 23
const PACKET_OUTGOING = 4

export type { Instruction }

export interface PacketSocket {
  readonly fd: number
  /** 0, or the error number: ENETDOWN, ENXIO; ENOBUFS also when an egress chain of nftables dropped it. Never waits. */
  send(frame: Uint8Array): number
  /** `failed` hears error numbers: ENETDOWN while the interface is down (reading goes on by itself afterwards). */
  onFrame(heard: (frame: Uint8Array, outgoing: boolean) => void, failed?: (errno: number) => void): Watch
  /** From now on in place of the one that it was opened with; what is queued stays. */
  filter(program: readonly Instruction[]): void
  /** The MAC of its interface; null: that is none of Ethernet, or gone. Waits for no lock of the kernel's. */
  ethernet(): string | null
  close(): void
}

export interface PacketOptions {
  /** Frames of this type are received (0x0806 ARP); absent: sends only. */
  readonly ethertype?: number
  /** Applied in the kernel before anything is queued. */
  readonly filter?: readonly Instruction[]
  /** Not what this machine itself sends (kernel 4.20). */
  readonly ignoreOutgoing?: boolean
}

function linkAddress(index: number, ethertype: number): Buffer {
  const address = Buffer.alloc(20)
  address.writeUInt16LE(AF_PACKET, 0)
  address.writeUInt16BE(ethertype, 2)
  address.writeInt32LE(index, 4)
  return address
}

const ADDRESS_BYTES = 20
const ETHERNET = 1
const MAC_BYTES = 6
function ethernetOf(fd: number): string | null {
  const address = Buffer.alloc(ADDRESS_BYTES)
  const length = Buffer.alloc(4)
  length.writeInt32LE(ADDRESS_BYTES)
  if (call.getSocketName(fd, address, length) < 0) return null
  if (address.readUInt16LE(8) !== ETHERNET || address[11] !== MAC_BYTES) return null
  return [...address.subarray(12, 12 + MAC_BYTES)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/** In the network namespace of the calling thread. Throws KernelError (EPERM, ENODEV). */
export function openPacket(index: number, options: PacketOptions = {}): PacketSocket {
  const fd = openSocket(AF_PACKET, 0, false)
  try {
    if (options.filter) attachFilter(fd, options.filter)
    if (options.ignoreOutgoing) setOption(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    checked('bind', call.bind(fd, linkAddress(index, options.ethertype ?? 0), 20), `packet socket, interface ${index}`)
  } catch (error) {
    call.close(fd)
    throw error
  }
  let watch: Watch | undefined
  return {
    fd,
    send(frame) {
      if (frame.length < 14) throw new KernelError('sendto', 22, 'a frame shorter than its header')
      return transmit(fd, frame, linkAddress(index, ((frame[12] ?? 0) << 8) | (frame[13] ?? 0)))
    },
    onFrame(heard, failed = () => undefined) {
      const sender = Buffer.alloc(20)
      watch = watchSocket(fd, sender, (outcome) => {
        if (typeof outcome === 'number') failed(outcome)
        else heard(outcome, sender[10] === PACKET_OUTGOING)
      })
      return watch
    },
    filter: (program) => attachFilter(fd, program),
    ethernet: () => ethernetOf(fd),
    close() {
      if (watch) watch.close()
      else call.close(fd)
    },
  }
}
