/** One datagram: an answer is wanted, or only that nothing refuses it. */
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { ProbeJob } from '@lvsm/protocol'
import type { Ask, Asking, End } from '../attempt.ts'
import { textOf } from '../keys.ts'
import { matches } from '../matching.ts'
import { reasonOf } from '../reasons.ts'
import { bytesOf } from './expect.ts'

/** Null: it says nothing about the server. */
type Judge = (answer: Buffer) => { readonly ok: boolean; readonly reason: string } | null

export function askUdpWith(job: ProbeJob, end: End, message: Buffer, judge: Judge): Asking {
  const { address, port, source } = job
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  let [closed, connected] = [false, false]
  socket.on('message', (answer) => {
    const verdict = judge(answer)
    if (verdict) end(verdict.ok, verdict.reason)
  })
  // A refusal by ICMP comes so (man 7 udp): the socket is connected, so that strangers’ datagrams do not come at all.
  socket.on('error', (error) => end(false, reasonOf(error)))
  const send = (): void => {
    connected = true
    if (!closed) socket.send(message)
  }
  const connect = (): void => void (closed || socket.connect(port, address, send))
  if (source === null) connect()
  else socket.bind({ address: source, port: 0 }, connect)
  return {
    sofar: () => (connected ? 'no answer' : 'nothing was sent'),
    close: () => {
      closed = true
      socket.close()
    },
  }
}

/** Of the time that there is: a refusal comes at once. */
const PATIENCE = 0.8

export const askUdp: Ask = (job, end) => {
  const expression = textOf(job.keys, 'expect')
  const asking = askUdpWith(job, end, bytesOf(textOf(job.keys, 'send') ?? ''), (answer) => {
    if (expression === undefined) return { ok: true, reason: `answers with ${answer.length} bytes` }
    const found = matches(expression, answer.toString('utf8'))
    if (found === null)
      return { ok: false, reason: 'the regular expression takes too long on its answer: write a simpler one' }
    return {
      ok: found,
      reason: found ? 'answers what is wanted' : `answers ${answer.length} bytes that do not match /${expression}/`,
    }
  })
  if (expression !== undefined) return asking
  const timer = setTimeout(() => end(true, 'nothing refused the datagram'), job.timeoutMs * PATIENCE)
  return {
    sofar: asking.sofar,
    close: () => {
      clearTimeout(timer)
      asking.close()
    },
  }
}
