/** Datagrams to a unix socket, which Node cannot send: to the journal. A call never waits. */
import { openDatagramSocket, transmit } from './socket.ts'

const AF_UNIX = 1

/** Sends to whoever listens at that path then; gives 0, or the error number. Throws KernelError where there is no socket to be had. */
export function unixDatagrams(path: string): (bytes: Uint8Array) => number {
  const fd = openDatagramSocket(AF_UNIX)
  // sockaddr_un: family, path, and a byte 0.
  const address = Buffer.alloc(2 + Buffer.byteLength(path) + 1)
  address.writeUInt16LE(AF_UNIX)
  address.write(path, 2)
  return (bytes) => transmit(fd, bytes, address)
}
