/** IPVS by generic netlink. */
import { KernelError, type Netlink, NETLINK, openNetlink } from '@lvsm/kernel'
import { isMark, type ServiceId } from '@lvsm/model'
import { AF_OF, ipvs } from '@lvsm/netlink'
import type { ObservedService, Operation } from '../../core/index.ts'

type TableOperation = Extract<Operation, { readonly service: unknown }>

export interface Table {
  /** Null where the kernel has no IPVS. */
  observe(): readonly ObservedService[] | null
  /** The message that carries the operation out; null where the kernel has no IPVS. */
  apply(operation: TableOperation): string | null
  close(): void
}

const nameOf = (service: ServiceId): ipvs.ServiceName =>
  isMark(service)
    ? { kind: 'mark', family: AF_OF[service.family], mark: service.fwmark }
    : { kind: 'address', protocol: service.protocol, address: service.address, port: service.port }

function encode(id: number, operation: TableOperation): Uint8Array {
  const name = nameOf(operation.service)
  switch (operation.kind) {
    case 'service-add':
      return ipvs.newService(id, { name, scheduler: operation.scheduler })
    case 'service-edit':
      return ipvs.setService(id, { name, scheduler: operation.scheduler })
    case 'service-remove':
      return ipvs.deleteService(id, name)
    case 'dest-add':
      return ipvs.newDestination(id, name, operation.dest)
    case 'dest-edit':
      return ipvs.setDestination(id, name, operation.dest)
    case 'dest-remove':
    case 'dest-flush':
      return ipvs.deleteDestination(id, name, operation)
  }
}

export function openTable(): Table {
  const socket: Netlink = openNetlink(NETLINK.generic)
  let family: number | null = null

  /** Asked again until the module is there; forgotten when it has gone. */
  function number(): number | null {
    if (family !== null) return family
    const [reply] = socket.request([ipvs.getFamily(ipvs.FAMILY)])
    const decoded = reply?.errno === 0 && reply.data[0] ? ipvs.decodeFamily(reply.data[0]) : null
    family = decoded?.ok ? decoded.value : null
    return family
  }

  function dests(id: number, name: ipvs.ServiceName): ObservedService['dests'] {
    return socket.dump(ipvs.dumpDestinations(id, name)).flatMap((message) => {
      const decoded = ipvs.decodeDestination(message)
      if (!decoded.ok) return []
      const { address, port, forward, weight, activeConnections, inactiveConnections } = decoded.value
      return [{ address, port, forward, weight, active: activeConnections, inactive: inactiveConnections }]
    })
  }

  return {
    observe() {
      const id = number()
      if (id === null) return null
      try {
        return socket.dump(ipvs.dumpServices(id)).flatMap((message) => {
          const decoded = ipvs.decodeService(message)
          // Services by firewall mark are not of this version's making.
          if (!decoded.ok || decoded.value.name.kind !== 'address') return []
          const { protocol, address, port } = decoded.value.name
          return [{ protocol, address, port, scheduler: decoded.value.scheduler, dests: dests(id, decoded.value.name) }]
        })
      } catch (error) {
        family = null
        if (error instanceof KernelError && error.code === 'ENOENT') return null
        throw error
      }
    },
    apply(operation) {
      const id = number()
      if (id === null) return 'this kernel has no IPVS'
      const [reply] = socket.request([encode(id, operation)])
      if (!reply || reply.errno === 0) return null
      const hint =
        operation.kind === 'service-add' && reply.code === 'ENOENT'
          ? ` (is the module ip_vs_${operation.scheduler} there?)`
          : ''
      return `${reply.message}${hint}`
    },
    close: () => socket.close(),
  }
}
