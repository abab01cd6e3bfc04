/** Signs of life on a connection: one side asks for them, the other gives them; both give up a line on which nothing comes. */
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

export interface ProbeOptions {
  /** A sign of life is asked for so often, and the line given up when so many in a row were without. Milliseconds. */
  readonly probeMs: number
  readonly missedProbes: number
}
export type Raw = Duplex & { readonly bytesRead: number }

/** What may wait to leave before no sign of life does: nobody can make this side keep answers without end. Bytes. */
const BACKLOG = 65_536

/** The side that dialled, once its connection is open. `lost` is called once at most, and never after the connection has ended. */
export function askForSigns(
  socket: WebSocket,
  { probeMs, missedProbes }: ProbeOptions,
  heard: { sign(): void; lost(): void },
  /** Below it, where the other side speaks: of a long message on a slow line nothing else is heard. */
  raw: Pick<Raw, 'bytesRead'> = { bytesRead: 0 },
): void {
  let [missed, read] = [0, raw.bytesRead]
  // Counted, not timed: a process that stood still itself asks again before it judges.
  const probes = setInterval(() => {
    if (raw.bytesRead !== read) {
      read = raw.bytesRead
      missed = 0
    }
    if (missed < missedProbes) {
      missed += 1
      return socket.ping()
    }
    clearInterval(probes)
    heard.lost()
  }, probeMs)
  socket.on('close', () => clearInterval(probes))
  socket.on('pong', () => {
    missed = 0
    heard.sign()
  })
  socket.ping()
}

/** The side that accepted. `lost` as above. */
export function giveSigns(
  socket: WebSocket,
  raw: Pick<Raw, 'bytesRead'>,
  { probeMs, missedProbes }: ProbeOptions,
  lost: () => void,
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
    } else if (++quiet > missedProbes) {
      clearInterval(probes)
      lost()
    }
  }, probeMs)
  socket.on('close', () => clearInterval(probes))
  socket.on('ping', sign)
}
