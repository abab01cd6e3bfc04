/** UDP ports on which this node unwraps GUE. */
import { KernelError, type Netlink, NETLINK, openNetlink } from '@lvsm/kernel'
import type { Operation } from '@lvsm/plan'
import type { TunnelPort } from '@lvsm/model'
import { AF, AF_OF, closeGue, decodeFou, dumpFou, FOU_FAMILY, ipvs, type Message, openGue } from '@lvsm/netlink'

type GueOperation = Extract<Operation, { readonly kind: 'gue-open' | 'gue-close' }>

export interface GuePorts {
  /** Empty where the kernel has no such ports, or knows nothing of them. */
  observe(): TunnelPort[]
  /** What the kernel says when it refuses; null when it is done. */
  apply(operation: GueOperation): string | null
  close(): void
}

function portOf(message: Message): TunnelPort[] {
  const decoded = decodeFou(message)
  if (!decoded.ok || !decoded.value.gue) return []
  return [{ family: decoded.value.af === AF.inet6 ? 'ipv6' : 'ipv4', port: decoded.value.port }]
}

export function openGuePorts(socket: Netlink = openNetlink(NETLINK.generic)): GuePorts {
  let family: number | null = null
  /** Asked again until the module is there: the kernel loads it when it is asked. */
  const number = (): number | null => {
    if (family !== null) return family
    const [reply] = socket.request([ipvs.getFamily(FOU_FAMILY)])
    const decoded = reply?.errno === 0 && reply.data[0] ? ipvs.decodeFamily(reply.data[0]) : null
    family = decoded?.ok ? decoded.value : null
    return family
  }
  return {
    observe() {
      const id = number()
      if (id === null) return []
      try {
        return socket.dump(dumpFou(id)).flatMap(portOf)
      } catch (error) {
        // The module was taken out, its ports with it: when it comes back its family has another number.
        family = null
        if (error instanceof KernelError && error.code === 'ENOENT') return []
        throw error
      }
    },
    apply({ kind, port, family: of }) {
      const id = number()
      if (id === null) return 'this kernel has no GUE (is the module fou there?)'
      const one = { port, af: AF_OF[of] }
      const refused = socket.apply([kind === 'gue-open' ? openGue(id, one) : closeGue(id, one)])
      if (refused) family = null
      return refused?.message ?? null
    },
    close: () => socket.close(),
  }
}
