/** One datagram: an answer is wanted, or only that nothing refuses it. */
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { NOT_THERE, type ProbeJob } from '@lvsm/protocol'
import type { Ask, Asking, End } from '../attempt.ts'
import { textOf } from '../keys.ts'
import { matches, TOO_LONG } from '../matching.ts'
import { failing } from '../reasons.ts'
import type { Trace } from '../trace.ts'
import { Absences } from './absence.ts'
import { bytesOf } from './expect.ts'

/** Null: it says nothing about the server. */
type Judge = (answer: Buffer) => { readonly ok: boolean | null; readonly reason: string } | null

export interface Exchange {
  readonly end: End
  readonly trace: Trace
  readonly message: Buffer
  readonly judge: Judge
}
export function askUdpWith(job: ProbeJob, { end, trace, message, judge }: Exchange): Asking {
  const { address, port, source } = job
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  let [closed, connected] = [false, false]
  socket.on('message', (answer) => {
    trace.note('received', answer)
    const verdict = judge(answer)
    if (verdict) end(verdict.ok, verdict.reason)
  })
  // A refusal by ICMP comes so (man 7 udp): the socket is connected, so that strangers’ datagrams do not come at all.
  const failed = failing(end)
  socket.on('error', failed)
  // Where it may not connect it says so here, and by no event.
  const send = (error?: Error): void => {
    if (closed) return
    if (error) return failed(error)
    connected = true
    trace.note('sent', message)
    socket.send(message)
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

/** Of the time that there is: a refusal by the host comes at once. */
const PATIENCE = 0.8

export const askUdp: Ask = (job, end, trace) => askUdpBeside(ABSENCES, job, end, trace)
const ABSENCES = new Absences()

/** `absences`: what is found of hosts beside. */
export function askUdpBeside(absences: Absences, job: ProbeJob, end: End, trace: Trace): Asking {
  const expression = textOf(job.keys, 'expect')
  const message = bytesOf(textOf(job.keys, 'send') ?? '')
  const judge: Judge = (answer) => {
    if (expression === undefined) return { ok: true, reason: `answers with ${answer.length} bytes` }
    const found = matches(expression, answer.toString('utf8'), job.address)
    if (found === null) return { ok: null, reason: TOO_LONG }
    return {
      ok: found,
      reason: found ? 'answers what is wanted' : `answers ${answer.length} bytes that do not match /${expression}/`,
    }
  }
  if (expression !== undefined) return askUdpWith(job, { end, trace, message, judge })
  const heard: End = (ok, ...said) => {
    if (ok === true) absences.isThere(job)
    end(ok, ...said)
  }
  const asking = askUdpWith(job, { end: heard, trace, message, judge })
  const timer = setTimeout(() => {
    const absent = absences.of(job)
    if (absent === null) end(true, 'nothing refused the datagram')
    else end(false, `no answer, and ${NOT_THERE}: ${absent}`)
    absences.seek(job)
  }, job.timeoutMs * PATIENCE)
  return {
    sofar: asking.sofar,
    close: () => {
      clearTimeout(timer)
      asking.close()
    },
  }
}
