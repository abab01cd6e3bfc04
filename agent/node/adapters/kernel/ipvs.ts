/** IPVS by generic netlink; /proc/net/ip_vs says what is worth asking for. */
import type { DestinationSpec, ObservedDest, ObservedService, Operation, SyncDaemon } from '@lvsm/plan'
import { readFileSync } from 'node:fs'
import { KernelError, type Netlink, NETLINK, openNetlink } from '@lvsm/kernel'
import { familyOf } from '@lvsm/base'
import {
  engineRow,
  FAMILIES,
  type IpvsTimeouts,
  isMark,
  namesOf,
  schedulerRow,
  type ServiceId,
  type ServiceSpec,
} from '@lvsm/model'
import { AF_OF, ipvs } from '@lvsm/netlink'
import { observedDest, type ServiceHead, TableLook, watchTable } from './ipvs-look.ts'

type TableOperation = Extract<Operation, { readonly service: unknown }>
type SyncOperation = Extract<Operation, { readonly kind: 'sync-start' | 'sync-stop' }>

export interface Table {
  /** Null where the kernel has no IPVS. */
  observe(): readonly ObservedService[] | null
  /** Until it is closed: says that something is not as the last `observe` found it, of which the kernel says nothing. */
  watch(changed: () => void): { close(): void }
  /** Null where the kernel has no IPVS. */
  timeouts(): IpvsTimeouts | null
  /** Null when it was done. */
  setTimeouts(timeouts: IpvsTimeouts): string | null
  /** What the kernel says when it refuses, and the modules that it lacks then, where it is for these; null when it was done. */
  apply(
    operation: TableOperation | SyncOperation,
  ): { readonly message: string; readonly missing?: readonly string[] } | null
  /** Daemons of connection synchronisation; null where the kernel has no IPVS. */
  syncDaemons(): readonly SyncDaemon[] | null
  close(): void
}

const nameOf = (service: ServiceId): ipvs.ServiceName =>
  isMark(service)
    ? { kind: 'mark', family: AF_OF[service.family], mark: service.fwmark }
    : { kind: 'address', protocol: service.protocol, address: service.address, port: service.port }

function idOf(name: ipvs.ServiceName): ServiceId {
  if (name.kind === 'mark') return { fwmark: name.mark, family: name.family === AF_OF.ipv6 ? 'ipv6' : 'ipv4' }
  const { protocol, address, port } = name
  return { protocol, address, port }
}

const FLAG_BITS = [ipvs.SERVICE_FLAG.scheduler1, ipvs.SERVICE_FLAG.scheduler2, ipvs.SERVICE_FLAG.scheduler3] as const

export function encodeSpec(spec: ServiceSpec): Omit<ipvs.ServiceSpec, 'name'> {
  const { scheduler, flags, onePacket = false, persistence } = spec
  const known = schedulerRow(scheduler)?.flags ?? []
  const bits = FLAG_BITS.filter((_, at) => flags.includes(known[at] ?? ''))
  return {
    scheduler,
    flags: bits.reduce((all, bit) => all | bit, onePacket ? ipvs.SERVICE_FLAG.onePacket : 0),
    persistenceSeconds: persistence?.seconds ?? 0,
    ...(typeof persistence?.prefix === 'number' ? { persistencePrefix: persistence.prefix } : {}),
    engine: persistence?.engine ?? '',
  }
}

/** A bit without a name in the scheduler's row is called as ipvsadm calls it: `flag-3`. */
export function decodeSpec(service: Omit<ipvs.Service, 'stats'>): ServiceSpec {
  const { scheduler, flags, name, persistenceSeconds: seconds, persistencePrefix, engine } = service
  const known = schedulerRow(scheduler)?.flags ?? []
  const bits = name.kind === 'mark' ? MARK_BITS[name.family] : FAMILIES[familyOf(name.address)].bits
  return {
    scheduler,
    flags: FLAG_BITS.flatMap((bit, at) => ((flags & bit) === 0 ? [] : [known[at] ?? `flag-${at + 1}`])),
    ...((flags & ipvs.SERVICE_FLAG.onePacket) === 0 ? {} : { onePacket: true }),
    ...(seconds === 0
      ? {}
      : {
          persistence: {
            seconds,
            prefix: persistencePrefix === bits ? null : persistencePrefix,
            engine: engine === '' ? null : engine,
          },
        }),
  }
}
const MARK_BITS: Readonly<Record<number, number>> = Object.fromEntries(
  namesOf(FAMILIES).map((family) => [AF_OF[family], FAMILIES[family].bits]),
)

function encodeDest({ upper = 0, lower = 0, tunnel, ...dest }: DestinationSpec): ipvs.DestinationSpec {
  const [, type = '', udp] = /^([^:]+)(?::(\d+))?$/.exec(tunnel ?? '') ?? []
  const named = ipvs.readTunnel(type)
  const way = named === undefined ? {} : { tunnel: named, ...(udp === undefined ? {} : { tunnelPort: Number(udp) }) }
  return { ...dest, ...way, upperThreshold: upper, lowerThreshold: lower }
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
      return ipvs.newDestination(id, name, encodeDest(operation.dest))
    case 'dest-edit':
      return ipvs.setDestination(id, name, encodeDest(operation.dest))
    case 'dest-remove':
    case 'dest-flush':
      return ipvs.deleteDestination(id, name, operation)
  }
}

const NO_IPVS = 'this kernel has no IPVS'

/** Those that it needs of a service, beside ip_vs itself; the kernel loads them by itself where they are. */
function modulesOf(operation: TableOperation): readonly string[] {
  if (operation.kind !== 'service-add' && operation.kind !== 'service-edit') return []
  const { scheduler, persistence } = operation.spec
  const engine = persistence?.engine ?? null
  const engines = engine === null ? [] : [engineRow(engine)?.module ?? engine]
  return [schedulerRow(scheduler)?.module ?? scheduler, ...engines]
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
    services: () => services(socket, family ?? 0),
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
    watch: (changed) => watchTable(listed, changed),
    syncDaemons() {
      const id = number()
      return id === null ? null : running(socket, id)
    },
    apply(operation) {
      const id = number()
      if (id === null) return { message: NO_IPVS }
      if ('daemon' in operation) return control(socket, id, operation)
      listed.outdate(operation.service)
      const [reply] = socket.request([encode(id, operation)])
      if (!reply || reply.errno === 0) return null
      const missing = reply.code === 'ENOENT' ? modulesOf(operation) : []
      return { message: reply.message, ...(missing.length > 0 ? { missing } : {}) }
    },
    timeouts() {
      const id = number()
      return id === null ? null : readTimeouts(socket, id)
    },
    setTimeouts(timeouts) {
      const id = number()
      return id === null ? NO_IPVS : writeTimeouts(socket, id, timeouts)
    },
    close: () => socket.close(),
  }
}

function writeTimeouts(socket: Netlink, family: number, { tcp, tcpFin, udp }: IpvsTimeouts): string | null {
  const figures = { tcpSeconds: tcp ?? 0, tcpFinSeconds: tcpFin ?? 0, udpSeconds: udp ?? 0 }
  const [reply] = socket.request([ipvs.setTimeouts(family, figures)])
  return !reply || reply.errno === 0 ? null : reply.message
}

function readTimeouts(socket: Netlink, family: number): IpvsTimeouts {
  const [reply] = socket.request([ipvs.getTimeouts(family)])
  const decoded = reply?.errno === 0 && reply.data[0] ? ipvs.decodeTimeouts(reply.data[0]) : null
  if (!decoded?.ok) throw new KernelError('IPVS_CMD_GET_CONFIG', reply?.errno ?? 0)
  const { tcpSeconds: tcp, tcpFinSeconds: tcpFin, udpSeconds: udp } = decoded.value
  return { tcp, tcpFin, udp }
}

const running = (socket: Netlink, family: number): SyncDaemon[] =>
  socket.dump(ipvs.dumpDaemons(family)).flatMap((message) => {
    const decoded = ipvs.decodeDaemon(message)
    return decoded.ok ? [decoded.value] : []
  })

function control(
  socket: Netlink,
  family: number,
  { kind, daemon }: SyncOperation,
): { readonly message: string } | null {
  const stops = kind === 'sync-stop'
  const message = stops ? ipvs.deleteDaemon(family, daemon.state) : ipvs.newDaemon(family, daemon)
  const refused = socket.apply([message])
  if (!refused) return null
  // A daemon that is stopped before its thread ran is gone, and the kernel says nothing of it.
  if (stops && !refused.answered && !running(socket, family).some(({ state }) => state === daemon.state)) return null
  const hint = refused.code === 'EINVAL' ? ' (are there services whose realservers are of another family?)' : ''
  return { message: `${refused.message}${hint}` }
}

/** Of this process's network namespace. Null where it cannot be read. */
function readListing(): string | null {
  try {
    return readFileSync('/proc/net/ip_vs', 'utf8')
  } catch {
    return null
  }
}

const services = (socket: Netlink, family: number): ServiceHead[] =>
  socket.dump(ipvs.dumpServices(family)).flatMap((message) => {
    const decoded = ipvs.decodeService(message)
    return decoded.ok ? [{ ...idOf(decoded.value.name), spec: decodeSpec(decoded.value) }] : []
  })

function dests(socket: Netlink, family: number, name: ipvs.ServiceName): ObservedDest[] {
  return socket.dump(ipvs.dumpDestinations(family, name)).flatMap((message) => {
    const decoded = ipvs.decodeDestinationState(message)
    return decoded.ok ? [observedDest(decoded.value)] : []
  })
}
