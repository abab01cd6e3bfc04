/** The unix socket on which this node's reconciler talks to the lease process. */
import {
  type CounterName,
  type FromLease,
  MAX_FRAME,
  type ToLease,
  frame,
  fromLeaseCodec,
  read,
  toLeaseCodec,
} from '@lvsm/protocol'
import { createServer, type Socket } from 'node:net'
import { keepListening, type ListeningEvents } from '../../process/listening.ts'
import { Client, LONGEST_PAUSE_MS } from './ipc-client.ts'
import { FrameTurns } from './ipc-turns.ts'

/** A reconciler that does not read is cut off, so that it can never hold up the lease process. */
const LONGEST_BACKLOG = 1024 * 1024
/**
 * Of it, what other nodes' agents say may take so much, and is dropped beyond: they say it again, and no node is to talk a
 * reconciler that is busy out of its connection.
 */
const MOST_RELAYED = LONGEST_BACKLOG / 4
/** One reconciler, one that replaces it, and who looks on. Each is told everything. */
const MOST_CLIENTS = 16
/** Of all clients together. */
const MOST_PARTIAL = 2 * MAX_FRAME
/** A reconciler that has not read its last word by then does not get it. */
const LONGEST_PARTING_MS = 500

export interface IpcServer {
  tell(word: FromLease): void
  /**
   * Takes the socket away and ends this side of each connection. `done` is called when every reconciler has read its
   * last word and closed its side: one that writes into a connection that is gone loses what it has not read yet.
   */
  close(done: () => void): void
}

export interface IpcEvents extends ListeningEvents {
  heard(word: ToLease): void
  joined(): void
  count(name: CounterName): void
}

/** The caller holds the run directory's lock, so a socket file that is in the way is a leftover. */
export function serveIpc(path: string, events: IpcEvents): IpcServer {
  const clients = new Clients(events)
  let closing = false
  const server = createServer((socket) => {
    if (!clients.admit(socket)) return
    if (closing) socket.end()
    else events.joined()
  })
  const listening = keepListening(server, path, events)
  return {
    tell(word) {
      if (!closing) clients.tell(word)
    },
    close(done) {
      closing = true
      const destroyAll = setTimeout(() => clients.destroy(), LONGEST_PARTING_MS)
      listening.close(() => {
        clearTimeout(destroyAll)
        done()
      })
      clients.part()
    },
  }
}

class Clients {
  readonly #events: IpcEvents
  readonly #all = new Set<Client>()
  readonly #turns: FrameTurns<Client>
  #parting = false

  constructor(events: IpcEvents) {
    this.#events = events
    this.#turns = new FrameTurns((bytes) => {
      const word = read(toLeaseCodec, bytes)
      if (word.ok) events.heard(word.value)
      else events.count(`drop-to-lease-${word.reason}`)
    })
  }

  /** False: there was no room for it. */
  admit(socket: Socket): boolean {
    if (!this.#hasRoom()) {
      socket.destroy()
      return false
    }
    const client: Client = new Client(socket, () => this.#broke(client))
    this.#all.add(client)
    socket.on('close', () => this.#cutOff(client))
    socket.on('error', () => this.#cutOff(client))
    socket.on('data', (chunk) => this.#hear(client, chunk))
    return true
  }
  tell(word: FromLease): void {
    if (this.#all.size === 0) return
    const bytes = frame(fromLeaseCodec, word)
    for (const client of this.#all) {
      const { writableLength } = client.socket
      if (writableLength > LONGEST_BACKLOG) this.#cutOff(client)
      else if (word.kind === 'relay' && writableLength > MOST_RELAYED) this.#events.count('drop-relay-unread')
      else client.socket.write(bytes)
    }
  }
  /** Nothing more is heard. Each is read on all the same: one that writes into a connection that is gone loses its last word. */
  part(): void {
    this.#parting = true
    for (const client of this.#all) {
      this.#turns.forget(client)
      client.resume()
      client.socket.end()
    }
  }
  destroy(): void {
    for (const client of this.#all) client.end()
  }

  /** At the limit whoever has said nothing for longest gives way, if that is longer than a reconciler is silent; else nobody does. */
  #hasRoom(): boolean {
    if (this.#all.size < MOST_CLIENTS) return true
    this.#events.count('drop-client-crowded')
    const [silent] = [...this.#all].sort((one, other) => other.silentMs - one.silentMs)
    if (!silent || silent.silentMs < LONGEST_PAUSE_MS) return false
    this.#cutOff(silent)
    return true
  }
  #hear(client: Client, chunk: Uint8Array): void {
    const frames = client.push(chunk)
    if (!frames) return this.#cutOff(client)
    if (this.#parting) return
    this.#turns.offer(client, frames)
    if (client.partial > 0 && this.#partial() > MOST_PARTIAL) this.#broke(client)
  }
  #partial(): number {
    return [...this.#all].reduce((sum, client) => sum + client.partial, 0)
  }
  #broke(client: Client): void {
    this.#events.count('drop-client-half')
    this.#cutOff(client)
  }
  #cutOff(client: Client): void {
    this.#all.delete(client)
    this.#turns.forget(client)
    client.end()
  }
}
