/**
 * The port for nodes: TLS 1.3 that itself demands a certificate of the cluster's authority. What stands behind a path is told who
 * is there by its public key, and decides. Shared by the links and by what else speaks with nodes.
 */
import { constants } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Refusal } from '@lvsm/base'
import { type Endpoint, TlsPort } from '../../../agent/process/tls-port.ts'
import { KeyedRoom } from '../../../agent/nodelink/keyed-room.ts'
import { keyOf } from '../../../agent/nodelink/dial.ts'
import type { LinkOptions, LinksTold, NodeIdentity } from './options.ts'
import { Strangers } from './strangers.ts'

export interface Visitor {
  readonly request: IncomingMessage
  readonly socket: TLSSocket
  readonly head: Buffer
  /** SHA-256 of its public key, as `Peer.key`. */
  readonly key: string
}
/**
 * Says whether it took the connection; `gone`: whoever that is was somebody, and never will be again; `crowded`: that one, or all of
 * them together, have as many as they may.
 */
export type Doorkeeper = (visitor: Visitor) => boolean | 'gone' | 'crowded'

const HANDSHAKE_MS = 5000

export class NodeServer {
  readonly #strangers: Strangers
  readonly #paths = new Map<string, Doorkeeper>()
  readonly #port: TlsPort
  readonly #told: LinksTold
  readonly #keys: KeyedRoom

  constructor(
    { certificate, privateKey, authority }: NodeIdentity,
    told: LinksTold,
    { waiting, open }: Pick<LinkOptions, 'waiting' | 'open'>,
  ) {
    this.#told = told
    this.#strangers = new Strangers(told)
    this.#keys = new KeyedRoom(open)
    this.#port = new TlsPort({
      tls: {
        cert: certificate,
        key: privateKey,
        ca: authority,
        minVersion: 'TLSv1.3',
        requestCert: true,
        rejectUnauthorized: true,
        // Nobody comes back by a ticket: each connection shows its certificate.
        secureOptions: constants.SSL_OP_NO_TICKET,
      },
      waiting,
      open: [open[0], open[0]],
      patienceMs: { handshake: HANDSHAKE_MS, header: HANDSHAKE_MS, request: HANDSHAKE_MS },
      events: {
        crowded: (address) => this.#strangers.refused('drop-connection-crowded', address),
        noTls: (error, socket) => this.#noTls(error, socket),
        failed: (error) => this.#failed(error),
      },
      serve: (server) => this.#serve(server),
    })
  }

  /** Who asks for `path` is `take`'s; all other requests are refused. */
  serve(path: string, take: Doorkeeper): void {
    this.#paths.set(path, take)
  }

  /** On all of them, or on none. */
  listen(endpoints: readonly Endpoint[]): Promise<Refusal | null> {
    return this.#port.listen(endpoints)
  }

  /** Where it listens, in the order of the endpoints. */
  get endpoints(): Endpoint[] {
    return this.#port.endpoints
  }

  /** All connections end, whosever they are. */
  close(): Promise<void> {
    return this.#port.close()
  }

  #serve(server: Server): void {
    server.on('clientError', (_, socket) => this.#refuse(socket, '400 Bad Request'))
    server.on('request', (_, response) => {
      this.#strangers.refused('drop-connection-request', response.socket?.remoteAddress)
      response.writeHead(404, { connection: 'close' }).end()
    })
    server.on('secureConnection', (socket) => this.#shown(socket))
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /** Its certificate: from here on it has a key, whatever it asks for. */
  #shown(socket: TLSSocket): void {
    const key = keyOf(socket.getPeerCertificate().raw) ?? ''
    if (this.#keys.enter(key)) return void socket.once('close', () => this.#keys.leave(key))
    this.#strangers.refused('drop-connection-crowded', socket.remoteAddress)
    socket.destroy()
  }

  #noTls(error: Error, socket: TLSSocket): void {
    const code = 'code' in error ? String(error.code) : ''
    const isCertificate = socket.authorizationError || code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE'
    this.#strangers.refused(isCertificate ? 'drop-connection-certificate' : 'drop-connection-tls', socket.remoteAddress)
    socket.destroy()
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A peer that resets its connection is no reason to end the process.
    socket.on('error', () => socket.destroy())
    const take = this.#paths.get(request.url ?? '')
    if (!take || !(socket instanceof TLSSocket)) return this.#refuse(socket, '404 Not Found')
    const key = keyOf(socket.getPeerCertificate().raw)
    const taken = key !== null && take({ request, socket, head, key })
    if (taken === true) return
    const isCrowded = taken === 'crowded'
    this.#strangers.refused(isCrowded ? 'drop-connection-crowded' : 'drop-connection-key', socket.remoteAddress)
    end(socket, isCrowded ? '503 Service Unavailable' : taken === 'gone' ? '410 Gone' : '403 Forbidden')
  }

  #refuse(socket: Duplex, answer: string): void {
    this.#strangers.refused('drop-connection-request', socket instanceof TLSSocket ? socket.remoteAddress : undefined)
    end(socket, answer)
  }

  #failed(error: Error): void {
    this.#told.trouble('port', {
      code: 'port-failed',
      severity: 'critical',
      message: `the port for nodes failed: ${error.message}`,
      hint: 'look at the log, and restart lvsm-coordinator',
    })
  }
}

function end(socket: Duplex, answer: string): void {
  if (!socket.writable) socket.destroy()
  else socket.end(`HTTP/1.1 ${answer}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
}
