/** IPVS by generic netlink; /proc/net/ip_vs says what is worth asking for. */
import { type ObservedDest, type ObservedService, type Operation } from '@lvsm/plan'
import { readFileSync } from 'node:fs'
import { KernelError, type Netlink, NETLINK, openNetlink } from '@lvsm/kernel'
import { isMark, schedulerRow, type ServiceId, type ServiceSpec } from '@lvsm/model'
import { AF_OF, ipvs, type Message } from '@lvsm/netlink'
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

const FLAG_BITS = [ipvs.SERVICE_FLAG.scheduler1, ipvs.SERVICE_FLAG.scheduler2, ipvs.SERVICE_FLAG.scheduler3] as const

export function encodeSpec({ scheduler, flags }: ServiceSpec): { readonly scheduler: string; readonly flags: number } {
  const known = schedulerRow(scheduler)?.flags ?? []
  const bits = FLAG_BITS.filter((_, at) => flags.includes(known[at] ?? ''))
  return { scheduler, flags: bits.reduce((all, bit) => all | bit, 0) }
}

/** A bit without a name in the scheduler's row is called as ipvsadm calls it: `flag-3`. */
export function decodeSpec({ scheduler, flags }: Pick<ipvs.Service, 'scheduler' | 'flags'>): ServiceSpec {
  const known = schedulerRow(scheduler)?.flags ?? []
  return {
    scheduler,
    flags: FLAG_BITS.flatMap((bit, at) => ((flags & bit) === 0 ? [] : [known[at] ?? `flag-${at + 1}`])),
  }
}

function encode(id: number, operation: TableOperation): Uint8Array {
  const name = nameOf(operation.service)
  switch (operation.kind) {
    case 'service-add':
      return ipvs.newService(id, { name, ...encodeSpec(operation.spec) })
    case 'service-edit':
      return ipvs.setService(id, { name, ...encodeSpec(operation.spec) })
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
    one: (service) => oneService(socket, family ?? 0, nameOf(service)),
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
          ? ` (is the module ${schedulerRow(operation.spec.scheduler)?.module ?? operation.spec.scheduler} there?)`
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
  return socket.dump(ipvs.dumpServices(family)).flatMap((message) => observedService(socket, family, message) ?? [])
}

function oneService(socket: Netlink, family: number, name: ipvs.ServiceName): ObservedService | null {
  const [reply] = socket.request([ipvs.getService(family, name)])
  if (reply?.code === 'ESRCH') return null
  if (!reply || reply.errno !== 0 || !reply.data[0]) throw new KernelError('IPVS_CMD_GET_SERVICE', reply?.errno ?? 0)
  return observedService(socket, family, reply.data[0])
}

/** Null for what is not of this version's making: services by firewall mark. */
function observedService(socket: Netlink, family: number, message: Message): ObservedService | null {
  const decoded = ipvs.decodeService(message)
  if (!decoded.ok || decoded.value.name.kind !== 'address') return null
  const { name } = decoded.value
  const { protocol, address, port } = name
  return { protocol, address, port, spec: decodeSpec(decoded.value), dests: dests(socket, family, name) }
}

function dests(socket: Netlink, family: number, name: ipvs.ServiceName): ObservedDest[] {
  return socket.dump(ipvs.dumpDestinations(family, name)).flatMap((message) => {
    const decoded = ipvs.decodeDestination(message)
    return decoded.ok ? [observedDest(decoded.value)] : []
  })
}
