/** What netlink and packet sockets share: opening, reading without waiting, and a place in the event loop. */
import koffi from 'koffi'
import { call, checked, lastErrno, setOption } from './libc.ts'

const SOCK_DGRAM = 2
const SOCK_RAW = 3
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_RCVTIMEO = 20
const SO_ATTACH_FILTER = 26
const SO_SNDTIMEO = 21
const SO_SNDBUFFORCE = 32
const SO_RCVBUFFORCE = 33
export const MSG_DONTWAIT = 0x40
export const MSG_TRUNC = 0x20
const EINTR = 4
const EAGAIN = 11
/** Datagrams that one turn of the event loop reads before others get theirs. */
const BURST = 128

export function openSocket(domain: number, protocol: number, blocking: boolean): number {
  return checked(
    'socket',
    call.socket(domain, SOCK_RAW | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), protocol),
    `(domain ${domain}, protocol ${protocol})`,
  )
}

export const openDatagramSocket = (domain: number): number =>
  checked('socket', call.socket(domain, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), `(domain ${domain}, datagrams)`)

/** Beyond the sysctl's limit where we may, else up to it. */
export function setReceiveBuffer(fd: number, bytes: number): void {
  if (setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) !== 0) setOption(fd, SOL_SOCKET, SO_RCVBUF, bytes)
}

/** Beyond the sysctl's limit where we may (CAP_NET_ADMIN in the initial user namespace); else as it was. */
export function setBuffers(fd: number, bytes: number): void {
  setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes)
  setOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes)
}

/** No call on this socket waits longer. */
export function setTimeouts(fd: number, ms: number): void {
  const timeval = Buffer.alloc(16)
  timeval.writeBigInt64LE(BigInt(Math.floor(ms / 1000)), 0)
  timeval.writeBigInt64LE(BigInt(Math.round((ms % 1000) * 1000)), 8)
  for (const option of [SO_RCVTIMEO, SO_SNDTIMEO])
    checked('setsockopt', call.setSocketOption(fd, SOL_SOCKET, option, timeval, 16), 'timeout')
}

const scratch = Buffer.alloc(1 << 18)
const addressLength = Buffer.alloc(4)

/** One datagram (a copy), or the error number. With `address`, the sender's is written there. */
export function receive(fd: number, flags: number, address: Buffer | null = null): Uint8Array | number {
  for (;;) {
    if (address) addressLength.writeUInt32LE(address.length)
    const length: number = call.receiveFrom(
      fd,
      scratch,
      scratch.length,
      flags | MSG_TRUNC,
      address,
      address ? addressLength : null,
    )
    if (length >= 0) return new Uint8Array(scratch.subarray(0, Math.min(length, scratch.length)))
    const errno = lastErrno()
    if (errno !== EINTR) return errno
  }
}

/** One instruction of classic BPF: code, jump if true, jump if false, operand. */
export type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number]

/** What arrives is looked at in the kernel first, and dropped there when the program says 0 (man 7 socket). */
export function attachFilter(fd: number, filter: readonly Instruction[]): void {
  const program = Buffer.alloc(8 * filter.length)
  filter.forEach(([code, jumpTrue, jumpFalse, operand], i) => {
    program.writeUInt16LE(code, 8 * i)
    program.writeUInt8(jumpTrue, 8 * i + 2)
    program.writeUInt8(jumpFalse, 8 * i + 3)
    program.writeUInt32LE(operand >>> 0, 8 * i + 4)
  })
  const header = Buffer.alloc(16)
  header.writeUInt16LE(filter.length, 0)
  header.writeBigUInt64LE(koffi.address(program), 8)
  checked(
    'setsockopt',
    call.setSocketOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, header, 16),
    `SO_ATTACH_FILTER (${program.length} bytes)`,
  )
}

/** Sends one datagram; 0 or the error number. */
export function transmit(fd: number, bytes: Uint8Array, address: Uint8Array | null = null): number {
  for (;;) {
    const sent: number = call.sendTo(fd, bytes, bytes.length, 0, address, address ? address.length : 0)
    if (sent >= 0) return 0
    const errno = lastErrno()
    if (errno !== EINTR) return errno
  }
}

export interface Watch {
  /** Lets the process end while the socket is open. */
  unref(): void
  /** Ends the watch and closes the descriptor. */
  close(): void
}

export interface SocketWatch extends Watch {
  /** Hears at once what has arrived, without the turn of the event loop that it waits for. */
  read(): void
}

/** Calls back for every datagram, and with an error number where one was lost (ENOBUFS) or the link failed. */
export function watchSocket(
  fd: number,
  address: Buffer | null,
  heard: (outcome: Uint8Array | number) => void,
): SocketWatch {
  let open = true
  const read = (): void => {
    for (let i = 0; open && i < BURST; i++) {
      const outcome = receive(fd, MSG_DONTWAIT, address)
      if (outcome === EAGAIN) return
      heard(outcome)
      if (typeof outcome === 'number') return
    }
  }
  const poll = koffi.node.poll(fd, { readable: true }, read)
  return {
    read,
    unref: () => poll.unref(),
    close() {
      if (!open) return
      open = false
      poll.close()
      call.close(fd)
    },
  }
}
