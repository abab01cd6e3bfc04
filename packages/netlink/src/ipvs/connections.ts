/**
 * /proc/net/ip_vs_conn: connections of the reader's network namespace, a line for each (net/netfilter/ipvs/ip_vs_conn.c,
 * `ip_vs_conn_seq_show`). What it does not tell: by which firewall mark a connection came in, and how many packets it had.
 */
import { type Decoded, decoding, fromHex, Malformed } from '../bytes.ts'
import { parseInet } from '@lvsm/base'
import { formatInet } from '../inet.ts'
import type { DestinationName } from './destination.ts'
import { PROTOCOLS, type Protocol } from './types.ts'

export interface Connection {
  readonly protocol: Protocol
  /** Port 0: a template of persistence, which stands for all of the client's connections. */
  readonly client: DestinationName
  readonly virtual: DestinationName
  readonly destination: DestinationName
  /** As the kernel names it: `ESTABLISHED`, `FIN_WAIT`, `UDP`, `NONE`, … */
  readonly state: string
  /** Seconds until the kernel forgets it, unless a packet comes. */
  readonly expiresSeconds: number
}

/** First line of the file. */
export const CONNECTIONS_HEAD = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData'

const PLACE = String.raw`([0-9A-F]{8}|[0-9a-f:]{15,39}) ([0-9A-F]{4})`
const LINE = new RegExp(String.raw`^([A-Z]+) +${PLACE} ${PLACE} ${PLACE} (\S+) +(\d{1,10})(?: .*)?$`)

function place(address: string, port: string): DestinationName {
  const bytes = address.length === 8 && !address.includes(':') ? fromHex(address) : parseInet(address)
  if (!bytes) throw new Malformed(`the address ${address}`)
  return { address: formatInet(bytes), port: Number.parseInt(port, 16) }
}
const isProtocol = (word: string): word is Protocol => Object.hasOwn(PROTOCOLS, word)

/** One line without its end. */
export const decodeConnection = (line: string): Decoded<Connection> =>
  decoding('/proc/net/ip_vs_conn', () => {
    const [, word, from, fromPort, to, toPort, dest, destPort, state, expires] = LINE.exec(line) ?? []
    const protocol = word?.toLowerCase() ?? ''
    if (state === undefined || !isProtocol(protocol)) throw new Malformed(`the line "${line}"`)
    return {
      protocol,
      client: place(from ?? '', fromPort ?? ''),
      virtual: place(to ?? '', toPort ?? ''),
      destination: place(dest ?? '', destPort ?? ''),
      state,
      expiresSeconds: Number(expires),
    }
  })
