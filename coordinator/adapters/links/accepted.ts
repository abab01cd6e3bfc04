/** A connection over which another coordinator speaks to this one. */
import { type CounterName, type CoordinatorMessage, decodePeerMessage, type Unread } from '@lvsm/protocol'
import type { WebSocket } from 'ws'
import { textOf } from '../../../agent/nodelink/frames.ts'
import { giveSigns, type Raw } from '../../../agent/nodelink/signs.ts'
import type { LinkContext } from './options.ts'

export const UNREAD: Readonly<Record<Unread, CounterName>> = {
  malformed: 'drop-peer-malformed',
  'unknown-kind': 'drop-peer-unknown-kind',
  newer: 'drop-peer-newer',
}
export interface Accepted {
  readonly socket: WebSocket
  /** Below it. */
  readonly raw: Raw
  /** Whose it is. */
  readonly from: number
}

/** `heard` is called in the order of what was sent, and never after the connection has ended. */
export function listenTo(
  { socket, raw, from }: Accepted,
  { id, told, options }: LinkContext,
  heard: (message: CoordinatorMessage) => void,
): void {
  giveSigns(socket, raw, options, () => {
    told.count('peer-lost')
    socket.terminate()
  })
  socket.on('error', () => told.count('drop-peer-malformed'))
  socket.on('message', (data, isBinary) => {
    if (socket.readyState !== socket.OPEN) return
    const decoded = decodePeerMessage(isBinary ? '' : textOf(data))
    if (!decoded.ok) return told.count(UNREAD[decoded.reason])
    const { message } = decoded
    if (message.from !== from || message.to !== id) return told.count('drop-peer-misaddressed')
    heard(message)
  })
}
