/** Checks of realservers: each kind of probe is a row of `PROBES`. */
import { createConnection } from 'node:net'
import type { ProbeKind } from '@lvsm/model'
import type { Probe } from '../ports.ts'

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  EHOSTUNREACH: 'no route, or no answer to ARP',
  ENETUNREACH: 'no route',
  EADDRNOTAVAIL: 'the own address to check from is not there',
  ECONNRESET: 'connection reset',
}

/** Calls back once. */
type Done = (ok: boolean, reason: string) => void

export const probe = (wanted: Probe, done: Done): void => PROBES[wanted.probe](wanted, done)

const PROBES: Readonly<Record<ProbeKind, (wanted: Probe, done: Done) => void>> = { connect }

/** Does somebody accept a TCP connection within the time? */
function connect({ address, port, source, timeoutMs }: Probe, done: Done): void {
  const socket = createConnection({ host: address, port, ...(source === null ? {} : { localAddress: source }) })
  let open = true
  const end = (ok: boolean, reason: string): void => {
    if (!open) return
    open = false
    clearTimeout(timer)
    socket.destroy()
    done(ok, reason)
  }
  // After a stall of this process the timer fires before the answer that waits in the queue is read: read first.
  const timer = setTimeout(() => setImmediate(() => end(false, `no answer within ${timeoutMs} ms`)), timeoutMs)
  socket.on('connect', () => end(true, 'accepts connections'))
  socket.on('error', (error: NodeJS.ErrnoException) => end(false, REASONS[error.code ?? ''] ?? error.message))
}
