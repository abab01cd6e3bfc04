/** One attempt to connect to a coordinator's port for nodes. Whoever answers with another key is hung up on before a byte is said. */
import { createSecureContext, connect, type SecureContext } from 'node:tls'
import { fingerprintOf } from '@lvsm/trust/fingerprint'
import { WebSocket } from 'ws'

export interface Address {
  readonly host: string
  readonly port: number
}
/** PEM: what packages/trust makes. */
export interface Credentials {
  readonly certificate: string
  /** PKCS#8. */
  readonly privateKey: string
  /** Certificate of the cluster's authority. */
  readonly authority: string
}

/** What there is at the port for nodes. */
export const MESSAGES = '/peer'
export const SNAPSHOTS = '/peer/snapshot'
export const JOINING = '/join'
export const FEED = '/feed'
export const PASSING = '/command'
export const WRONG_KEY = 'another key answers than the one in its record'

export const secureContext = ({ certificate, privateKey, authority }: Credentials): SecureContext =>
  createSecureContext({ cert: certificate, key: privateKey, ca: authority, minVersion: 'TLSv1.3' })

/** What else stands in a record is no place to dial: Node throws for some of it. */
export const isAddress = ({ host, port }: Address): boolean =>
  host !== '' && !host.includes('\0') && Number.isInteger(port) && port > 0 && port < 65_536

/** Of a certificate, DER; null: it has none that this Node could read. */
export function keyOf(certificate: Buffer | undefined): string | null {
  try {
    return certificate ? fingerprintOf(certificate) : null
  } catch {
    return null
  }
}

export interface Call {
  readonly address: Address
  readonly path: string
  /** Who has to answer. */
  readonly key: string
  readonly secure: SecureContext
  /** For the whole of it. */
  readonly connectMs: number
  readonly maxPayload: number
  /** Said with the request, before anything else. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Its `close` comes in any case, `error` before it says why. */
export function dial({ address, path, key, secure, connectMs, maxPayload, headers = {} }: Call): WebSocket {
  const socket = new WebSocket(`wss://coordinator${path}`, {
    headers,
    perMessageDeflate: false,
    followRedirects: false,
    // By hand: an answer to each of a flood of pings would fill the memory.
    autoPong: false,
    maxPayload,
    createConnection: () => {
      const tls = connect({
        ...address,
        secureContext: secure,
        rejectUnauthorized: true,
        servername: '',
        // In the place of the host's name, which proves nothing here.
        checkServerIdentity: (_, { raw }) => (keyOf(raw) === key ? undefined : new Error(WRONG_KEY)),
      })
      return tls.setNoDelay(true)
    },
  })
  const late = setTimeout(() => socket.terminate(), connectMs)
  socket.once('open', () => clearTimeout(late))
  socket.once('close', () => clearTimeout(late))
  return socket
}
