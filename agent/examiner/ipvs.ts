/** The table of IPVS, by generic netlink. */
import { KernelError, NETLINK, type Netlink } from '@lvsm/kernel'
import { type Decoded, ipvs, type Message } from '@lvsm/netlink'
import type { FactService, MachineFacts } from '@lvsm/protocol'
import { withNetlink } from './network.ts'

const dumped = <T>(socket: Netlink, request: Uint8Array, decode: (message: Message) => Decoded<T>): T[] =>
  socket.dump(request).flatMap((message) => {
    const decoded = decode(message)
    return decoded.ok ? [decoded.value] : []
  })

function asked<T>(socket: Netlink, request: Uint8Array, decode: (message: Message) => Decoded<T>): T | null {
  const [reply] = socket.request([request])
  const decoded = reply?.errno === 0 && reply.data[0] ? decode(reply.data[0]) : null
  return decoded?.ok ? decoded.value : null
}

/** Null: this kernel has no IPVS now. Throws where it does not show it (EPERM). */
export const readIpvs = (): MachineFacts['ipvs'] =>
  withNetlink(NETLINK.generic, (socket) => {
    const [reply] = socket.request([ipvs.getFamily(ipvs.FAMILY)])
    if (reply?.code === 'ENOENT') return null
    const family = reply?.data[0] ? ipvs.decodeFamily(reply.data[0]) : null
    if (!family?.ok) throw new KernelError('CTRL_CMD_GETFAMILY', reply?.errno ?? 0)
    const id = family.value
    const timeouts = asked(socket, ipvs.getTimeouts(id), ipvs.decodeTimeouts)
    return {
      services: dumped(socket, ipvs.dumpServices(id), ipvs.decodeService).map((service) =>
        serviceOf(socket, id, service),
      ),
      tableSize: asked(socket, ipvs.getInfo(id), ipvs.decodeInfo)?.tableSize ?? 0,
      udpSeconds: timeouts?.udpSeconds ?? 0,
      tcpSeconds: timeouts?.tcpSeconds ?? 0,
      daemons: dumped(socket, ipvs.dumpDaemons(id), ipvs.decodeDaemon).map(({ state, interface: device, syncId }) => ({
        state,
        interface: device,
        syncId,
      })),
    }
  })

/** The next two bits are the scheduler's own, too. */
const FIRST_FLAG = ipvs.SERVICE_FLAG.scheduler1

function serviceOf(socket: Netlink, id: number, service: ipvs.Service): FactService {
  const { name, scheduler, flags, persistenceSeconds } = service
  const where =
    name.kind === 'mark'
      ? { protocol: null, address: '', port: name.mark }
      : { protocol: name.protocol, address: name.address, port: name.port }
  return {
    ...where,
    scheduler,
    flags: [1, 2, 3].filter((one) => (flags & (FIRST_FLAG << (one - 1))) !== 0),
    persistenceSeconds,
    onePacket: (flags & ipvs.SERVICE_FLAG.onePacket) !== 0,
    destinations: dumped(socket, ipvs.dumpDestinations(id, name), ipvs.decodeDestination).map(
      ({ address, port, forward, weight, activeConnections, inactiveConnections }) => ({
        address,
        port,
        forward,
        weight,
        active: activeConnections,
        inactive: inactiveConnections,
      }),
    ),
  }
}
