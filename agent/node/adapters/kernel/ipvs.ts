/** IPVS by generic netlink; /proc/net/ip_vs says what is worth asking for. */
import { type ObservedDest, type ObservedService, type Operation } from '@lvsm/plan'
import { readFileSync } from 'node:fs'
import { KernelError, type Netlink, NETLINK, openNetlink } from '@lvsm/kernel'
import { isMark, SCHEDULERS, type ServiceId } from '@lvsm/model'
import { AF_OF, ipvs } from '@lvsm/netlink'
import { observedDest, TableLook } from './ipvs-look.ts'

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

  const listed = new TableLook({
    listing: readListing,
    all: () => services(socket, family ?? 0),
    dests: (service) => dests(socket, family ?? 0, nameOf(service)),
  })

  return {
    observe() {
      if (number() === null) return null
      try {
        return listed.observe()
      } catch (error) {
        family = null
        listed.forget()
        if (error instanceof KernelError && error.code === 'ENOENT') return null
        throw error
      }
    },
    apply(operation) {
      const id = number()
      if (id === null) return 'this kernel has no IPVS'
      listed.outdate(operation.service)
      const [reply] = socket.request([encode(id, operation)])
      if (!reply || reply.errno === 0) return null
      const hint =
        operation.kind === 'service-add' && reply.code === 'ENOENT'
          ? ` (is the module ${SCHEDULERS[operation.scheduler].module} there?)`
          : ''
      return `${reply.message}${hint}`
    },
    close: () => socket.close(),
  }
}

/** Of this process's network namespace. Null where it cannot be read. */
function readListing(): string | null {
  try {
    return readFileSync('/proc/net/ip_vs', 'utf8')
  } catch {
    return null
  }
}

function services(socket: Netlink, family: number): ObservedService[] {
  return socket.dump(ipvs.dumpServices(family)).flatMap((message) => {
    const decoded = ipvs.decodeService(message)
    // Services by firewall mark are not of this version's making.
    if (!decoded.ok || decoded.value.name.kind !== 'address') return []
    const { name, scheduler } = decoded.value
    const { protocol, address, port } = name
    return [{ protocol, address, port, scheduler, dests: dests(socket, family, name) }]
  })
}

function dests(socket: Netlink, family: number, name: ipvs.ServiceName): ObservedDest[] {
  return socket.dump(ipvs.dumpDestinations(family, name)).flatMap((message) => {
    const decoded = ipvs.decodeDestination(message)
    return decoded.ok ? [observedDest(decoded.value)] : []
  })
}
