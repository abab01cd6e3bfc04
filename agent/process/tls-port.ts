/**
 * A port with HTTPS that strangers reach: handshakes and requests that never end are given up, connections are bounded, of all and
 * of one address, and what it listens on is all of its addresses, or none. Who is let in, and what is answered, is for the caller.
 */
import { once } from 'node:events'
import { createServer, type Server, type ServerOptions } from 'node:https'
import { Socket } from 'node:net'
import type { SecureContextOptions, TLSSocket } from 'node:tls'
import type { Refusal } from '@lvsm/base'
import { type Places, WaitingRoom } from './waiting-room.ts'

export interface Endpoint {
  /** An address of this node. */
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}
export interface TlsPortSetting {
  readonly tls: ServerOptions
  /** Whose handshake is not done yet. */
  readonly waiting: Places
  /** With a handshake or without. */
  readonly open: Places
  /** From the first byte to the end of the handshake; and of a request's header, and of the request. Milliseconds. */
  readonly patienceMs: { readonly handshake: number; readonly header: number; readonly request: number }
  readonly events: TlsPortEvents
  /** Requests and upgrades of each server are the caller's. */
  serve(server: Server): void
}
export interface TlsPortEvents {
  /** A connection was closed because there are too many. */
  crowded(address: string | undefined): void
  noTls(error: Error, socket: TLSSocket): void
  /** A server that listened does so no more. */
  failed(error: Error): void
}

export class TlsPort {
  readonly #setting: TlsPortSetting
  readonly #waiting: WaitingRoom
  readonly #servers: Server[] = []
  /** All that were accepted: those that became something else are not the server's any more, and it would wait for them. */
  readonly #sockets = new Set<Socket>()

  constructor(setting: TlsPortSetting) {
    this.#setting = setting
    this.#waiting = new WaitingRoom(setting.waiting)
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
      server.on('error', (error) => this.#setting.events.failed(error))
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

  /** For handshakes from now on. */
  renew(context: SecureContextOptions): void {
    for (const server of this.#servers) server.setSecureContext(context)
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
    const { tls, patienceMs, open, events, serve } = this.#setting
    const server = createServer({
      ...tls,
      handshakeTimeout: patienceMs.handshake,
      headersTimeout: patienceMs.header,
      requestTimeout: patienceMs.request,
      connectionsCheckingInterval: 1000,
      noDelay: true,
    })
    server.maxConnections = open[0]
    server.on('connection', (socket) => socket instanceof Socket && this.#accepted(socket))
    server.on('secureConnection', (socket) => this.#waiting.leave(socket))
    server.on('tlsClientError', (error, socket) => events.noTls(error, socket))
    serve(server)
    return server
  }

  #accepted(socket: Socket): void {
    const { open, events } = this.#setting
    const { remoteAddress } = socket
    const same = [...this.#sockets].filter((other) => other.remoteAddress === remoteAddress)
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    const leaves = same.length >= open[1] ? socket : this.#waiting.enter(socket)
    if (!leaves) return
    events.crowded(leaves.remoteAddress)
    leaves.destroy()
  }
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
