/** The unix socket on which this node's reconciler talks to the lease process. */
import {
  type CounterName,
  FrameSplitter,
  type FromLease,
  type ToLease,
  frame,
  fromLeaseCodec,
  read,
  toLeaseCodec,
} from '@lvsm/protocol'
import { createServer, type Socket } from 'node:net'
import { keepListening, type ListeningEvents } from '../../process/listening.ts'

/** A reconciler that does not read is cut off, so that it can never hold up the lease process. */
const LONGEST_BACKLOG = 1024 * 1024
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
  const clients = new Set<Socket>()
  let closing = false
  const server = createServer((client) => {
    const splitter = new FrameSplitter()
    clients.add(client)
    client.on('close', () => clients.delete(client))
    client.on('error', () => client.destroy())
    client.on('data', (chunk) => {
      const frames = splitter.push(chunk)
      if (!frames) return void client.destroy()
      if (closing) return
      for (const bytes of frames) {
        const word = read(toLeaseCodec, bytes)
        if (word.ok) events.heard(word.value)
        else events.count(`drop-to-lease-${word.reason}`)
      }
    })
    if (closing) client.end()
    else events.joined()
  })
  const listening = keepListening(server, path, events)
  return {
    tell(word) {
      if (closing || clients.size === 0) return
      const bytes = frame(fromLeaseCodec, word)
      for (const client of clients) {
        if (client.writableLength > LONGEST_BACKLOG) client.destroy()
        else client.write(bytes)
      }
    },
    close(done) {
      closing = true
      const destroyAll = setTimeout(() => {
        for (const client of clients) client.destroy()
      }, LONGEST_PARTING_MS)
      listening.close(() => {
        clearTimeout(destroyAll)
        done()
      })
      for (const client of clients) client.end()
    },
  }
}
