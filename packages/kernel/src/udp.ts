/** A bound UDP socket for Node to read (`dgram`, `bind({ fd })`): with a receive buffer that Node cannot ask for. */
import { endpointText, invariant, parseInet } from '@lvsm/base'
import { call, checked, setOption } from './libc.ts'
import { openDatagramSocket, setReceiveBuffer } from './socket.ts'

const [AF_INET, AF_INET6] = [2, 10]
const SOL_SOCKET = 1
const SO_REUSEADDR = 2

/**
 * The descriptor, which the caller owns: whoever wraps it closes it. Throws KernelError: EADDRINUSE, EADDRNOTAVAIL and
 * whatever else the kernel says.
 */
export function bindUdp(address: string, port: number, bufferBytes: number): number {
  const bytes = parseInet(address)
  invariant(bytes !== undefined, `'${address}' is an internet address`)
  const six = bytes.length === 16
  const fd = openDatagramSocket(six ? AF_INET6 : AF_INET)
  try {
    setReceiveBuffer(fd, bufferBytes)
    // sockaddr_in and sockaddr_in6: family, port, and behind the flow label the address.
    const place = Buffer.alloc(six ? 28 : 16)
    place.writeUInt16LE(six ? AF_INET6 : AF_INET)
    place.writeUInt16BE(port, 2)
    place.set(bytes, six ? 8 : 4)
    checked('bind', call.bind(fd, place, place.length), endpointText(address, port))
    return fd
  } catch (error) {
    call.close(fd)
    throw error
  }
}

/** libuv lets other programs share a port whose descriptor it is given, if they wish to: then they would get the datagrams. */
export const keepToItself = (fd: number): void =>
  void checked('setsockopt', setOption(fd, SOL_SOCKET, SO_REUSEADDR, 0), 'SO_REUSEADDR')
