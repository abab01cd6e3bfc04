/** Connections of which nothing is known yet. They cost memory and a handshake, and anybody can make them. */
import type { Socket } from 'node:net'

/** Of all, and of one address. */
export type Places = readonly [all: number, one: number]

export class WaitingRoom {
  readonly #places: Places
  readonly #sockets = new Map<string, Socket>()
  constructor(places: Places) {
    this.#places = places
  }

  /** The socket that has to go for it: the new one where its address has many, else the oldest of all. */
  enter(socket: Socket): Socket | null {
    const { remoteAddress } = socket
    const [all, one] = this.#places
    const same = [...this.#sockets.values()].filter((other) => other.remoteAddress === remoteAddress)
    if (same.length >= one) return socket
    const place = placeOf(socket)
    this.#sockets.set(place, socket)
    socket.once('close', () => this.#sockets.delete(place))
    if (this.#sockets.size <= all) return null
    const [oldest] = this.#sockets.values()
    return oldest ?? null
  }
  leave(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): void {
    this.#sockets.delete(placeOf(socket))
  }
}
/** TLS is a socket of its own around the one that was accepted; both say this. */
const placeOf = ({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string =>
  `${remoteAddress} ${remotePort}`
