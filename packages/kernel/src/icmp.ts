/** Raw ICMP sockets: of IPv4 (man 7 raw) whole packets out, and whole packets in; of IPv6 (RFC 3542) messages without their header. */
import { formatInet, invariant, parseInet } from '@lvsm/base'
import { call, checked, setOption } from './libc.ts'
import { attachFilter, type Instruction, openSocket, transmit, type SocketWatch, watchSocket } from './socket.ts'

const AF_INET = 2
const AF_INET6 = 10
const IPPROTO_IP = 0
const IPPROTO_ICMP = 1
const IPPROTO_ICMPV6 = 58
const IP_HDRINCL = 3

export interface IcmpSocket {
  /** 0, or the error number: ENETUNREACH, EHOSTUNREACH, ENETDOWN; EPERM where a packet filter of this host drops it. Never waits. */
  send(packet: Uint8Array, to: string): number
  /** Hears at once what has arrived. */
  read(): void
  close(): void
}

/** sockaddr_in. */
function socketAddress(address: string): Buffer {
  const bytes = parseInet(address)
  invariant(bytes?.length === 4, 'an IPv4 address')
  const place = Buffer.alloc(16)
  place.writeUInt16LE(AF_INET, 0)
  place.set(bytes, 4)
  return place
}
/** sockaddr_in6. */
const LENGTH6 = 28
const [FROM6, UP_TO6] = [8, 24]
function socketAddress6(address: string): Buffer {
  const bytes = parseInet(address)
  invariant(bytes?.length === 16, 'an IPv6 address')
  const place = Buffer.alloc(LENGTH6)
  place.writeUInt16LE(AF_INET6, 0)
  place.set(bytes, FROM6)
  return place
}

/**
 * In the network namespace of the calling thread. Every ICMP packet of the host that `filter` passes is heard. Throws
 * KernelError (EPERM without CAP_NET_RAW).
 */
export function openIcmp(filter: readonly Instruction[], heard: (packet: Uint8Array) => void): IcmpSocket {
  const fd = openSocket(AF_INET, IPPROTO_ICMP, false)
  return opened(fd, socketAddress, () => {
    attachFilter(fd, filter)
    checked('setsockopt', setOption(fd, IPPROTO_IP, IP_HDRINCL, 1), 'IP_HDRINCL')
    // An error of the socket is one of what was sent before: who waits for the answer will miss it.
    return watchSocket(fd, null, (outcome) => {
      if (typeof outcome !== 'number') heard(outcome)
    })
  })
}

/** The same for messages of ICMPv6, each with the address that it came from; EAFNOSUPPORT where the kernel has no IPv6. */
export function openIcmp6(
  filter: readonly Instruction[],
  heard: (message: Uint8Array, source: string) => void,
): IcmpSocket {
  const fd = openSocket(AF_INET6, IPPROTO_ICMPV6, false)
  return opened(fd, socketAddress6, () => {
    attachFilter(fd, filter)
    const sender = Buffer.alloc(LENGTH6)
    return watchSocket(fd, sender, (outcome) => {
      if (typeof outcome !== 'number') heard(outcome, formatInet(sender.subarray(FROM6, UP_TO6)))
    })
  })
}

function opened(fd: number, addressOf: (address: string) => Buffer, watched: () => SocketWatch): IcmpSocket {
  let watch: SocketWatch
  try {
    watch = watched()
  } catch (error) {
    call.close(fd)
    throw error
  }
  return {
    send: (packet, to) => transmit(fd, packet, addressOf(to)),
    read: () => watch.read(),
    close: () => watch.close(),
  }
}
