/** Who listens on this machine, by sock_diag: opened with the first question, and anew after a failure. */
import { availableParallelism, loadavg } from 'node:os'
import { NETLINK, type Netlink, openNetlink } from '@lvsm/kernel'
import { decodeWaiting, dumpWaiting, socketGroup, socketNumber, type SocketProtocol } from '@lvsm/netlink'
import type { Kernel } from '../../ports.ts'
import { StoppedWatch } from './stopped.ts'

type Found = NonNullable<ReturnType<Kernel['sockets']>['found']>[number]
interface Seen {
  readonly number: string
  /** The control group that it was made in; empty: not known. */
  readonly group: string
  readonly found: Found
}
const isSeen = (protocol: string): protocol is SocketProtocol => protocol === 'tcp' || protocol === 'udp'

export interface SocketsPort {
  look: Kernel['sockets']
  close(): void
}

export function openSockets(): SocketsPort {
  let netlink: Netlink | null = null
  const stopped = new StoppedWatch()
  const close = (): void => {
    netlink?.close()
    netlink = null
  }
  const read = (protocol: SocketProtocol): Seen[] =>
    (['inet', 'inet6'] as const).flatMap((family) =>
      (netlink ??= openNetlink(NETLINK.sockets)).dump(dumpWaiting(protocol, family)).flatMap((message): Seen[] => {
        const decoded = decodeWaiting(message)
        return decoded.ok
          ? [{ number: socketNumber(message), group: socketGroup(message), found: { protocol, ...decoded.value } }]
          : []
      }),
    )
  /** `crowded`: ports at which somebody waits all the time. */
  const find = (protocols: readonly string[], crowded: ReadonlySet<number>): Found[] => {
    const seen = protocols.filter(isSeen).flatMap(read)
    const waits = ({ found }: Seen): boolean => found.protocol === 'tcp' && found.queue > 0 && crowded.has(found.port)
    const waiting = seen.filter(waits)
    const stoppedAt = stopped.of(
      new Set(waiting.map(({ number }) => number)),
      new Map(waiting.flatMap(({ number, group }) => (group === '' ? [] : [[number, group]]))),
    )
    return seen.map((one) => {
      const by = waits(one) ? stoppedAt(one.number) : null
      return by ? { ...one.found, stopped: by } : one.found
    })
  }
  return {
    look(protocols, crowded) {
      const load = Math.round((100 * (loadavg()[0] ?? 0)) / availableParallelism()) / 100
      try {
        return { kind: 'sockets', found: find(protocols, new Set(crowded)), error: '', load }
      } catch (error) {
        close()
        return { kind: 'sockets', found: null, error: (error as Error).message, load }
      }
    },
    close() {
      close()
      stopped.close()
    },
  }
}
