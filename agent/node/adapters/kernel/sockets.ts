/** Who listens on this machine, by sock_diag: opened with the first question, and anew after a failure. */
import { availableParallelism, loadavg } from 'node:os'
import { NETLINK, type Netlink, openNetlink } from '@lvsm/kernel'
import { decodeWaiting, dumpWaiting, type SocketProtocol } from '@lvsm/netlink'
import type { Kernel } from '../../ports.ts'

type Answer = ReturnType<Kernel['sockets']>
const isSeen = (protocol: string): protocol is SocketProtocol => protocol === 'tcp' || protocol === 'udp'

export interface SocketsPort {
  look: Kernel['sockets']
  close(): void
}

export function openSockets(): SocketsPort {
  let netlink: Netlink | null = null
  const close = (): void => {
    netlink?.close()
    netlink = null
  }
  const read = (protocol: SocketProtocol): NonNullable<Answer['found']> =>
    (['inet', 'inet6'] as const).flatMap((family) =>
      (netlink ??= openNetlink(NETLINK.sockets)).dump(dumpWaiting(protocol, family)).flatMap((message) => {
        const decoded = decodeWaiting(message)
        return decoded.ok ? [{ protocol, ...decoded.value }] : []
      }),
    )
  return {
    look(protocols) {
      const load = Math.round((100 * (loadavg()[0] ?? 0)) / availableParallelism()) / 100
      try {
        return { kind: 'sockets', found: protocols.filter(isSeen).flatMap(read), error: '', load }
      } catch (error) {
        close()
        return { kind: 'sockets', found: null, error: (error as Error).message, load }
      }
    },
    close,
  }
}
