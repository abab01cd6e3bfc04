/**
 * /proc/net/ip_vs: all services and destinations of the reader's network namespace as one text (net/netfilter/ipvs/ip_vs_ctl.c,
 * `ip_vs_info_seq_show`). What it does not tell: the family of a service by mark, thresholds, flags of schedulers, `ops` of IPv6,
 * persistence engines; a destination of the method `bypass` looks like one of `nat`.
 */
import { type Decoded, decoding, fromHex, Malformed } from '../bytes.ts'
import { parseInet } from '@lvsm/base'
import { formatInet } from '../inet.ts'
import type { DestinationName } from './destination.ts'
import type { ServiceName } from './service.ts'
import { type Forward, PROTOCOLS, type Protocol } from './types.ts'

export interface ListedDestination extends DestinationName {
  readonly forward: Forward
  readonly weight: number
  readonly activeConnections: number
  readonly inactiveConnections: number
}
export interface ListedService {
  /** Of a service by mark, the family is not told. */
  readonly name: Exclude<ServiceName, { kind: 'mark' }> | { readonly kind: 'mark'; readonly mark: number }
  /** `none` where it has lost its scheduler. */
  readonly scheduler: string
  /** As the kernel writes them: `ops` (one packet), `persistent TICKS NETMASK`; empty when there are none. */
  readonly flags: string
  readonly destinations: readonly ListedDestination[]
}

const HEAD = [/^IP Virtual Server version /, /^Prot LocalAddress:Port Scheduler Flags$/, /^ {2}-> RemoteAddress:Port /]
const PLACE = String.raw`(?:([0-9A-F]{8})|\[([0-9a-f:]+)\]):([0-9A-F]{4})`
const SERVICE = new RegExp(String.raw`^([A-Z]+) +${PLACE} (\S+)((?: +\S+)*) *$`)
const MARK = /^FWM +([0-9A-F]{8}) (\S+)((?: +\S+)*) *$/
const DESTINATION = new RegExp(String.raw`^ +-> ${PLACE} +([A-Z][a-z]+) +(-?\d{1,10}) +(\d{1,10}) +(\d{1,10}) *$`)
const METHODS = { Masq: 'nat', Local: 'local', Tunnel: 'tun', Route: 'dr', Bypass: 'bypass' } as const

const isMethod = (word: string): word is keyof typeof METHODS => Object.hasOwn(METHODS, word)
const isProtocol = (word: string): word is Protocol => Object.hasOwn(PROTOCOLS, word)

/** IPv4 as eight hexadecimal digits in the order of the text, IPv6 as eight groups. */
function place(v4: string | undefined, v6: string | undefined, port: string | undefined): DestinationName {
  const bytes = v4 === undefined ? parseInet(v6 ?? '') : fromHex(v4)
  if (!bytes) throw new Malformed(`the address ${v6}`)
  return { address: formatInet(bytes), port: Number.parseInt(port ?? '', 16) }
}

function readService(line: string): Omit<ListedService, 'destinations'> {
  const mark = MARK.exec(line)
  if (mark) {
    const [, digits = '', scheduler = '', flags = ''] = mark
    return { name: { kind: 'mark', mark: Number.parseInt(digits, 16) }, scheduler, flags: flags.trim() }
  }
  const [, word = '', v4, v6, port, scheduler, flags = ''] = SERVICE.exec(line) ?? []
  const protocol = word.toLowerCase()
  if (scheduler === undefined || !isProtocol(protocol)) throw new Malformed(`the line "${line}"`)
  return { name: { kind: 'address', protocol, ...place(v4, v6, port) }, scheduler, flags: flags.trim() }
}

function readDestination(line: string): ListedDestination | null {
  const [, v4, v6, port, method, weight, active, inactive] = DESTINATION.exec(line) ?? []
  if (method === undefined) return null
  if (!isMethod(method)) throw new Malformed(`the forwarding method ${method}`)
  return {
    ...place(v4, v6, port),
    forward: METHODS[method],
    weight: Number(weight),
    activeConnections: Number(active),
    inactiveConnections: Number(inactive),
  }
}

/**
 * The whole text, or why not: one line that is not understood, and nothing of it counts. It may name a service twice, or not
 * at all, when the table changed while it was read.
 */
export const decodeListing = (text: string): Decoded<ListedService[]> =>
  decoding('/proc/net/ip_vs', () => {
    const [last, ...lines] = text.split('\n').toReversed()
    if (last !== '') throw new Malformed('the last line has no end')
    lines.reverse()
    if (!HEAD.every((pattern, at) => pattern.test(lines[at] ?? ''))) throw new Malformed('another head')
    const services: (Omit<ListedService, 'destinations'> & { destinations: ListedDestination[] })[] = []
    for (const line of lines.slice(HEAD.length)) {
      const destination = readDestination(line)
      if (!destination) services.push({ ...readService(line), destinations: [] })
      else if (services.length === 0) throw new Malformed('a destination of no service')
      else services.at(-1)?.destinations.push(destination)
    }
    return services
  })
