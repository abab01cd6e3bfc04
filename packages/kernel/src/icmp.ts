/** A raw ICMP socket (man 7 raw): whole IPv4 packets out, and whole packets in. */
import { invariant, parseInet } from '@lvsm/base'
import { call, checked, setOption } from './libc.ts'
import { attachFilter, type Instruction, openSocket, transmit, type SocketWatch, watchSocket } from './socket.ts'

const AF_INET = 2
const IPPROTO_IP = 0
const IPPROTO_ICMP = 1
const IP_HDRINCL = 3

export interface IcmpSocket {
  /** 0, or the error number: ENETUNREACH, EHOSTUNREACH, ENETDOWN; EPERM where a packet filter of this host drops it. Never waits. */
  send(packet: Uint8Array, to: string): number
  /** Hears at once what has arrived. */
  read(): void
  close(): void
}

function socketAddress(address: string): Buffer {
  const bytes = parseInet(address)
  invariant(bytes?.length === 4, 'an IPv4 address')
  const place = Buffer.alloc(16)
  place.writeUInt16LE(AF_INET, 0)
  place.set(bytes, 4)
  return place
}

/**
 * In the network namespace of the calling thread. Every ICMP packet of the host that `filter` passes is heard. Throws
 * KernelError (EPERM without CAP_NET_RAW).
 */
export function openIcmp(filter: readonly Instruction[], heard: (packet: Uint8Array) => void): IcmpSocket {
  const fd = openSocket(AF_INET, IPPROTO_ICMP, false)
  let watch: SocketWatch
  try {
    attachFilter(fd, filter)
    checked('setsockopt', setOption(fd, IPPROTO_IP, IP_HDRINCL, 1), 'IP_HDRINCL')
    // An error of the socket is one of what was sent before: who waits for the answer will miss it.
    watch = watchSocket(fd, null, (outcome) => {
      if (typeof outcome !== 'number') heard(outcome)
    })
  } catch (error) {
    call.close(fd)
    throw error
  }
  return {
    send: (packet, to) => transmit(fd, packet, socketAddress(to)),
    read: () => watch.read(),
    close: () => watch.close(),
  }
}
