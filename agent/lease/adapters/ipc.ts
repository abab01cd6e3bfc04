/** The unix socket on which this node's reconciler talks to the lease process. */
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { FrameSplitter, type FromLease, frame, fromLeaseCodec, read, type ToLease, toLeaseCodec } from '@lvsm/wire'

/** A reconciler that does not read is cut off, so that it can never hold up the lease process. */
const LONGEST_BACKLOG = 1024 * 1024

export interface IpcServer {
  tell(word: FromLease): void
  close(): void
}

export interface IpcEvents {
  heard(word: ToLease): void
  joined(): void
  count(reason: string): void
  failed(error: Error): void
}

/** The caller holds the run directory's lock, so a socket file that is in the way is a leftover. */
export function serveIpc(path: string, events: IpcEvents): IpcServer {
  const clients = new Set<Socket>()
  const server = createServer((client) => {
    const splitter = new FrameSplitter()
    clients.add(client)
    client.on('close', () => clients.delete(client))
    client.on('error', () => client.destroy())
    client.on('data', (chunk) => {
      const frames = splitter.push(chunk)
      if (!frames) return void client.destroy()
      for (const bytes of frames) {
        const word = read(toLeaseCodec, bytes)
        if (word.ok) events.heard(word.value)
        else events.count(`drop-to-lease-${word.reason}`)
      }
    })
    events.joined()
  })
  server.on('error', events.failed)
  server.on('listening', () => {
    try {
      if (server.listening) chmodSync(path, 0o600)
    } catch (error) {
      events.failed(error as Error)
    }
  })
  rmSync(path, { force: true })
  server.listen(path)
  return {
    tell(word) {
      if (clients.size === 0) return
      const bytes = frame(fromLeaseCodec, word)
      for (const client of clients) {
        if (client.writableLength > LONGEST_BACKLOG) client.destroy()
        else client.write(bytes)
      }
    },
    close() {
      server.close()
      for (const client of clients) client.end()
      rmSync(path, { force: true })
    },
  }
}
