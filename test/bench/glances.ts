/**
 * What it costs to find what /proc/net/ip_vs does not show (thresholds, types of tunnels), beside a kernel whose answers lie ready as bytes: one glance,
 * as an agent makes each second. Every service has both, which is the worst case where something is asked for because it is there.
 */
import { inetBytes, ipvs, type Message, readMessages } from '@lvsm/netlink'
import { serviceKey } from '@lvsm/model'
import { observedDest, type ServiceHead, TableLook } from '../../agent/node/adapters/kernel/ipvs-look.ts'

const FAMILY = 32
const VIP = '10.11.0.10'
const FIRST_PORT = 2000
const HEAD = 'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n'
/** One whole going over, and what begins the next. */
const GLANCES = 10

const hex = (address: string, port: number): string =>
  `${Buffer.from(inetBytes(address)).toString('hex').toUpperCase()}:${port.toString(16).toUpperCase().padStart(4, '0')}`
const addressOf = (at: number): string => `10.11.0.${101 + at}`

/** Milliseconds, of each glance. */
export function glances(services: number, realservers: number): number[] {
  const servers = Array.from({ length: realservers }, (_, at) => at)
  const heads = Array.from({ length: services }, (_, at): ServiceHead => {
    const name = { protocol: 'tcp' as const, address: VIP, port: FIRST_PORT + at }
    return { ...name, spec: { scheduler: 'wrr', flags: [] } }
  })
  const answers = new Map<string, readonly Message[]>()
  const lines = heads.flatMap((head, nth) => {
    const port = FIRST_PORT + nth
    const name = { kind: 'address', protocol: 'tcp', address: VIP, port } as const
    const of = servers.map(
      (at) => ({ address: addressOf(at), port, forward: 'tun', tunnel: 'gre', weight: 1 }) as const,
    )
    const told = of.map((one) => ipvs.newDestination(FAMILY, name, { ...one, upperThreshold: 100, lowerThreshold: 50 }))
    answers.set(
      serviceKey(head),
      told.flatMap((bytes) => readMessages(bytes).messages),
    )
    return [
      `TCP  ${hex(VIP, port)} wrr `,
      ...of.map((one) => `  -> ${hex(one.address, port)}      Tunnel  1      0          0         `),
    ]
  })
  const listing = `${HEAD}  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n${lines.join('\n')}\n`
  let asked = 0
  const look = new TableLook({
    listing: () => listing,
    services: () => heads,
    dests: (service) =>
      (answers.get(serviceKey(service)) ?? []).map((message) => {
        asked++
        const decoded = ipvs.decodeDestinationState(message)
        if (!decoded.ok) throw new Error(decoded.error)
        return observedDest(decoded.value)
      }),
  })
  look.observe()
  if (look.observe().length !== services || asked !== services * realservers) throw new Error(`${asked} were asked for`)
  return Array.from({ length: GLANCES }, () => {
    const began = performance.now()
    if (look.glance()) throw new Error('it found a difference where there is none')
    return performance.now() - began
  })
}
