/** Does somebody accept a TCP connection? */
import { createConnection, type Socket } from 'node:net'
import type { ProbeJob } from '@lvsm/protocol'
import type { Ask } from '../attempt.ts'
import { endsByReset, leave, reset } from '../leave.ts'
import { failing } from '../reasons.ts'
import type { Trace } from '../trace.ts'

export function open({ address, port, source }: ProbeJob, trace: Trace): Socket {
  const socket = createConnection({ host: address, port, ...(source === null ? {} : { localAddress: source }) })
  trace.socket(socket)
  return socket
}

export const askConnect: Ask = (job, end, trace) => {
  const socket = open(job, trace)
  socket.on('connect', () => end(true, 'accepts connections'))
  socket.on('error', failing(end))
  return { sofar: () => 'no answer', close: () => (endsByReset(job) ? reset : leave)(socket) }
}
