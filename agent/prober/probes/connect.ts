/** Does somebody accept a TCP connection? */
import { createConnection, type Socket } from 'node:net'
import type { ProbeJob } from '@lvsm/protocol'
import type { Ask } from '../attempt.ts'
import { reasonOf } from '../reasons.ts'

export const open = ({ address, port, source }: ProbeJob): Socket =>
  createConnection({ host: address, port, ...(source === null ? {} : { localAddress: source }) })

export const askConnect: Ask = (job, end) => {
  const socket = open(job)
  socket.on('connect', () => end(true, 'accepts connections'))
  socket.on('error', (error) => end(false, reasonOf(error)))
  return { sofar: () => 'no answer', close: () => socket.destroy() }
}
