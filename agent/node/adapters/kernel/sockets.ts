/** Who listens on this machine, by sock_diag: opened with the first question, and anew after a failure. */
import { plainLine } from '@lvsm/base'
import { availableParallelism, loadavg } from 'node:os'
import { NETLINK, type Netlink, openNetlink, stoppedProcesses } from '@lvsm/kernel'
import { decodeWaiting, dumpWaiting, socketNumber, type SocketProtocol } from '@lvsm/netlink'
import type { Kernel } from '../../ports.ts'
import { remembered } from './remembered.ts'

type Answer = ReturnType<Kernel['sockets']>
const isSeen = (protocol: string): protocol is SocketProtocol => protocol === 'tcp' || protocol === 'udp'

/** All processes are gone over: only while somebody waits to be accepted. Milliseconds. */
const STOPPED_MS = 3000

export interface SocketsPort {
  look: Kernel['sockets']
  close(): void
}

export function openSockets(): SocketsPort {
  let netlink: Netlink | null = null
  const stopped = remembered(stoppedProcesses, () => performance.now(), STOPPED_MS)
  /** Who has this socket and is stopped, or may have it, where this process may not see that. */
  const stoppedAt = (number: string): Pick<NonNullable<Answer['found']>[number], 'stopped'> => {
    const all = stopped.get()
    const own = all.find(({ sockets }) => sockets?.includes(number) === true)
    const found = own ?? all.find(({ sockets }) => sockets === null)
    return found ? { stopped: { pid: found.pid, name: plainLine(found.name), sure: found === own } } : {}
  }
  const close = (): void => {
    netlink?.close()
    netlink = null
  }
  const read = (protocol: SocketProtocol): NonNullable<Answer['found']> =>
    (['inet', 'inet6'] as const).flatMap((family) =>
      (netlink ??= openNetlink(NETLINK.sockets)).dump(dumpWaiting(protocol, family)).flatMap((message) => {
        const decoded = decodeWaiting(message)
        if (!decoded.ok) return []
        const waits = protocol === 'tcp' && decoded.value.queue > 0
        return [{ protocol, ...decoded.value, ...(waits ? stoppedAt(socketNumber(message)) : {}) }]
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
