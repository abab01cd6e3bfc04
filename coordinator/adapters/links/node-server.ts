/**
 * The port for nodes: TLS 1.3 that itself demands a certificate of the cluster's authority. What stands behind a path is told who
 * is there by its public key, and decides. Shared by the links and by what else speaks with nodes.
 */
import { constants } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Refusal } from '@lvsm/base'
import { keyOf } from '../../../agent/nodelink/dial.ts'
import type { LinkOptions, LinksTold, NodeIdentity } from './options.ts'
import { Strangers, WaitingRoom } from './strangers.ts'

export interface Endpoint {
  /** An address of this node. */
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}
export interface Visitor {
  readonly request: IncomingMessage
  readonly socket: TLSSocket
  readonly head: Buffer
  /** SHA-256 of its public key, as `Peer.key`. */
  readonly key: string
}
/** Says whether it took the connection. */
export type Doorkeeper = (visitor: Visitor) => boolean

const HANDSHAKE_MS = 5000
const MOST_CONNECTIONS = 2048

export class NodeServer {
  readonly #identity: NodeIdentity
  readonly #strangers: Strangers
  readonly #waiting: WaitingRoom
  readonly #paths = new Map<string, Doorkeeper>()
  readonly #servers: Server[] = []
  /** All that were accepted: those that became something else are not the server's any more, and it would wait for them. */
  readonly #sockets = new Set<Socket>()
  readonly #told: LinksTold

  constructor(identity: NodeIdentity, told: LinksTold, options: Pick<LinkOptions, 'waiting'>) {
    this.#identity = identity
    this.#told = told
    this.#strangers = new Strangers(told)
    this.#waiting = new WaitingRoom(options.waiting)
  }

  /** Who asks for `path` is `take`'s; all other requests are refused. */
  serve(path: string, take: Doorkeeper): void {
    this.#paths.set(path, take)
  }

  /** On all of them, or on none. */
  async listen(endpoints: readonly Endpoint[]): Promise<Refusal | null> {
    for (const endpoint of endpoints) {
      const server = this.#made()
      const failed = await bound(server, endpoint)
      if (failed) {
        await this.close()
        return failed
      }
      server.on('error', (error) => this.#failed(error))
      this.#servers.push(server)
    }
    return null
  }

  /** Where it listens, in the order of the endpoints. */
  get endpoints(): Endpoint[] {
    return this.#servers.map((server) => {
      const address = server.address()
      return typeof address === 'object' && address
        ? { host: address.address, port: address.port }
        : { host: '', port: 0 }
    })
  }

  /** All connections end, whosever they are. */
  async close(): Promise<void> {
    const closed = this.#servers.splice(0).map((server) => {
      const gone = once(server, 'close')
      server.close()
      return gone
    })
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(closed)
  }

  #made(): Server {
    const { certificate, privateKey, authority } = this.#identity
    const server = createServer({
      cert: certificate,
      key: privateKey,
      ca: authority,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: true,
      // Nobody comes back by a ticket: each connection shows its certificate.
      secureOptions: constants.SSL_OP_NO_TICKET,
      handshakeTimeout: HANDSHAKE_MS,
      headersTimeout: HANDSHAKE_MS,
      requestTimeout: HANDSHAKE_MS,
      connectionsCheckingInterval: 1000,
      noDelay: true,
    })
    server.maxConnections = MOST_CONNECTIONS
    server.on('connection', (socket) => socket instanceof Socket && this.#accepted(socket))
    server.on('secureConnection', (socket) => this.#waiting.leave(socket))
    server.on('tlsClientError', (error, socket) => this.#noTls(error, socket))
    server.on('clientError', (_, socket) => this.#refuse(socket, '400 Bad Request'))
    server.on('request', (_, response) => {
      this.#strangers.refused('drop-connection-request', response.socket?.remoteAddress)
      response.writeHead(404, { connection: 'close' }).end()
    })
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    return server
  }

  #accepted(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    const leaves = this.#waiting.enter(socket)
    if (!leaves) return
    this.#strangers.refused('drop-connection-crowded', leaves.remoteAddress)
    leaves.destroy()
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
    if (key !== null && take({ request, socket, head, key })) return
    this.#strangers.refused('drop-connection-key', socket.remoteAddress)
    end(socket, '403 Forbidden')
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

async function bound(server: Server, { host, port }: Endpoint): Promise<Refusal | null> {
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    return null
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const hint = 'give the node an address that it has and a port that is free (ss -ltnp)'
    return { code: 'port-not-bound', field: `${host}:${port}`, message, hint }
  }
}
