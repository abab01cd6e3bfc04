/** A connection over which another coordinator speaks to this one. */
import type { Duplex } from 'node:stream'
import { type CounterName, type CoordinatorMessage, decodePeerMessage, type Unread } from '@lvsm/protocol'
import type { RawData, WebSocket } from 'ws'
import type { LinkContext } from './options.ts'

export const UNREAD: Readonly<Record<Unread, CounterName>> = {
  malformed: 'drop-peer-malformed',
  'unknown-kind': 'drop-peer-unknown-kind',
  newer: 'drop-peer-newer',
}
/** What may wait to leave on a connection on which only signs of life do. */
const BACKLOG = 65_536

export interface Accepted {
  readonly socket: WebSocket
  /** Below it. */
  readonly raw: Duplex & { readonly bytesRead: number }
  /** Whose it is. */
  readonly from: number
}

/** `heard` is called in the order of what was sent, and never after the connection has ended. */
export function listenTo(
  { socket, raw, from }: Accepted,
  { id, told, options }: LinkContext,
  heard: (message: CoordinatorMessage) => void,
): void {
  const sign = (): void => {
    if (socket.readyState === socket.OPEN && socket.bufferedAmount < BACKLOG) socket.pong()
  }
  let [read, quiet] = [0, 0]
  const probes = setInterval(() => {
    // Of a long message on a slow line nothing else is heard, and its sender waits for a sign of life behind it.
    if (raw.bytesRead !== read) {
      read = raw.bytesRead
      quiet = 0
      sign()
    } else if (++quiet > options.missedProbes) {
      told.count('peer-lost')
      socket.terminate()
    }
  }, options.probeMs)
  socket.on('close', () => clearInterval(probes))
  socket.on('error', () => told.count('drop-peer-malformed'))
  socket.on('ping', sign)
  socket.on('message', (data, isBinary) => {
    if (socket.readyState !== socket.OPEN) return
    const decoded = decodePeerMessage(isBinary ? '' : textOf(data))
    if (!decoded.ok) return told.count(UNREAD[decoded.reason])
    const { message } = decoded
    if (message.from !== from || message.to !== id) return told.count('drop-peer-misaddressed')
    heard(message)
  })
}

/** It has been checked to be UTF-8. */
export const textOf = (data: RawData): string => bytesOf(data).toString('utf8')
export const bytesOf = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)
