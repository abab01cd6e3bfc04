/** The end of a connection whose verdict is given: in peace, for a reset fills the log of many a server; or by one, where a check says so. */
import type { Socket } from 'node:net'
import type { ProbeJob } from '@lvsm/protocol'
import { textOf } from './keys.ts'

/** What still comes is read for so long, and so much of it: what is not read when a socket is closed makes a reset of it (RFC 1122, 4.2.2.13). */
const LINGER_MS = 500
const MOST_BYTES = 64 * 1024

export function leave(socket: Socket): void {
  // Who waits for an end of what did not begin keeps a socket for as long as nobody answers.
  if (socket.connecting || socket.destroyed) return void socket.destroy()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  let size = 0
  socket.on('data', (bytes: Buffer) => {
    size += bytes.length
    if (size > MOST_BYTES) socket.destroy()
  })
  socket.on('close', () => clearTimeout(timer))
  socket.end()
  socket.resume()
}

export const endsByReset = ({ keys }: Pick<ProbeJob, 'keys'>): boolean => textOf(keys, 'close') === 'reset'

/** Nothing of it stays on either side, TIME_WAIT least of all (RFC 9293, section 3.5.2). `socket`: of TCP itself, whatever is spoken over it. */
export function reset(socket: Socket): void {
  if (socket.connecting || socket.destroyed) socket.destroy()
  else socket.resetAndDestroy()
}
