/**
 * Names of which a network namespace has one each: abstract unix sockets (man 7 unix). They belong to the namespace, not to
 * a directory, and the kernel frees them when their process dies, however it dies.
 */
import { call, checked, KernelError, lastErrno } from './libc.ts'

const AF_UNIX = 1
const STREAM_NOT_INHERITED = 1 | 0o2000000
const NONBLOCK = 0o4000
const SOL_SOCKET = 1
const SO_PEERCRED = 17
/** `struct ucred`: process, user, group. */
const CREDENTIALS_BYTES = 12
const EADDRINUSE = 98
/** Nobody accepts: whoever asks is answered by the kernel, and its question waits here until it ends. */
const BACKLOG = 4096

export interface Holder {
  /** 0: of another process namespace. */
  readonly pid: number
  readonly uid: number
}
export type NameClaim =
  | { readonly kind: 'held'; release(): void }
  /** Any user may take a name: whether the holder is to be believed is the caller's question. Null: the kernel does not say who it is. */
  | { readonly kind: 'taken'; readonly holder: Holder | null }

/** Takes the name for this process. Throws what the kernel says, unless it is that another has it. */
export function claimName(name: string): NameClaim {
  const address = addressOf(name)
  const fd = checked('socket', call.socket(AF_UNIX, STREAM_NOT_INHERITED, 0))
  if (call.bind(fd, address, address.length) === 0 && call.listen(fd, BACKLOG) === 0)
    return { kind: 'held', release: () => void call.close(fd) }
  const errno = lastErrno()
  call.close(fd)
  if (errno !== EADDRINUSE) throw new KernelError('bind', errno, name)
  return { kind: 'taken', holder: holderOf(address) }
}

function addressOf(name: string): Buffer {
  const family = Buffer.alloc(2)
  family.writeUInt16LE(AF_UNIX)
  return Buffer.concat([family, Buffer.from(`\0${name}`)])
}

function holderOf(address: Buffer): Holder | null {
  const fd = checked('socket', call.socket(AF_UNIX, STREAM_NOT_INHERITED | NONBLOCK, 0))
  try {
    return call.connect(fd, address, address.length) === 0 ? peerOf(fd) : null
  } finally {
    call.close(fd)
  }
}

/** Who is at the other end of a unix socket, as of when it connected; null: the kernel does not say. */
export function peerOf(fd: number): Holder | null {
  const credentials = Buffer.alloc(CREDENTIALS_BYTES)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(CREDENTIALS_BYTES)
  if (call.getSocketOption(fd, SOL_SOCKET, SO_PEERCRED, credentials, length) !== 0) return null
  return { pid: credentials.readInt32LE(0), uid: credentials.readUInt32LE(4) }
}
