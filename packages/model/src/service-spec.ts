/** What a virtual service is beside its name and its destinations, with its one text form. */
import { kernelFlags } from './tables/index.ts'

/** For how long, and who counts as the same client. */
export interface Persistence {
  /** Since the client's last connection ended. */
  readonly seconds: number
  /** Clients of one network of this prefix length are one; null: each address is a client of its own. */
  readonly prefix: number | null
  /** A name of ENGINES; null: by the address alone. */
  readonly engine: string | null
}
export interface ServiceSpec {
  readonly scheduler: string
  /** Flags of the scheduler, in the order of its row in SCHEDULERS. */
  readonly flags: readonly string[]
  /** Each packet is scheduled by itself; not there: no. */
  readonly onePacket?: boolean
  /** Not there: none. */
  readonly persistence?: Persistence
}

/** When IPVS forgets a connection: established, after its end, of UDP; in seconds. Null: as it is. */
export interface IpvsTimeouts {
  readonly tcp: number | null
  readonly tcpFin: number | null
  readonly udp: number | null
}

interface Configured {
  readonly scheduler: string
  readonly schedulerFlags: readonly string[]
  readonly onePacket: boolean
  readonly persistence: Persistence | null
}
/** As the configuration has it. */
export const specOf = ({ scheduler, schedulerFlags, onePacket, persistence }: Configured): ServiceSpec => ({
  scheduler,
  flags: kernelFlags({ scheduler, schedulerFlags }),
  ...(onePacket ? { onePacket } : {}),
  ...(persistence === null ? {} : { persistence }),
})

/** `sh (sh-fallback, sh-port)`, `rr, one packet`, `wlc, persistent 300 s for each /24`. Equal texts are equal specs. */
export const specText = ({ scheduler, flags, onePacket = false, persistence }: ServiceSpec): string =>
  [
    flags.length === 0 ? scheduler : `${scheduler} (${flags.join(', ')})`,
    ...(onePacket ? ['one packet'] : []),
    ...(persistence ? [persistenceText(persistence)] : []),
  ].join(', ')

function persistenceText({ seconds, prefix, engine }: Persistence): string {
  const whose = prefix === null ? '' : ` for each /${prefix}`
  return `persistent ${seconds} s${whose}${engine === null ? '' : ` by ${engine}`}`
}

/** `tcp 900 s, udp 30 s`; empty when nothing is said. */
export const timeoutsText = ({ tcp, tcpFin, udp }: IpvsTimeouts): string =>
  Object.entries({ tcp, 'tcp-fin': tcpFin, udp })
    .flatMap(([name, seconds]) => (seconds === null ? [] : [`${name} ${seconds} s`]))
    .join(', ')

/** `dr`, `tun/gre`: a forwarding method, and in what packets are wrapped where they are. */
export const forwardText = ({ forward, tunnel }: { readonly forward: string; readonly tunnel?: string }): string =>
  tunnel === undefined ? forward : `${forward}/${tunnel}`
