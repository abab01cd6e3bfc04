/** A stream of fresh HTTP connections, as a browser's first request: connect, ask, read to the end. */
import type { StreamReport } from '../../../scripts/lab/reports.ts'
import { type Request, summary } from './requests.ts'
import { Caller } from './sockets.ts'
import { now } from './stamp.ts'

/** Below those that the kernel gives away. */
const FIRST_PORT = 20_000

export interface StreamOptions {
  readonly address: string
  readonly port: number
  /** Milliseconds between the beginnings of requests. */
  readonly every: number
  /** Milliseconds after which a request has failed. */
  readonly limit: number
  /** Milliseconds for which a request stays half-said: how long a connection lasts at least. */
  readonly hold: number
  /** Local ports that the connections take turns over; any, when 0. */
  readonly ports: number
  /** Milliseconds at the beginning whose requests do not count: V8 compiles the observer meanwhile. */
  readonly warmup: number
}

function requestOf(began: number, text: string): Request {
  const server = text.startsWith('HTTP/1.') ? text.split('\r\n\r\n', 2)[1]?.trim() : undefined
  return {
    began,
    ended: now(),
    server,
    ...(server ? {} : { error: text ? 'an answer without a body' : 'an empty answer' }),
  }
}

/** Asks until `stop`, which waits for the requests under way and gives the report. */
export function streamRequests({ address, port, every, limit, hold, ports, warmup }: StreamOptions) {
  const caller = new Caller(address, port, 'GET / HTTP/1.0\r\n\r\n', hold)
  let turns = 0
  const turnPort = (): number => (ports > 0 ? FIRST_PORT + (turns++ % ports) : 0)
  const requests: Request[] = []
  const pending = new Map<number, number>()
  const began = now() + warmup
  let empty: (() => void) | undefined
  const turn = () => {
    const at = now()
    for (const [fd, since] of pending) {
      if (at - since < limit) break
      caller.hangUp(fd, `no answer in ${limit} ms`)
    }
    if (empty) return
    const fd: number = caller.call((ending) => {
      pending.delete(fd)
      requests.push(
        'error' in ending ? { began: at, ended: now(), server: undefined, ...ending } : requestOf(at, ending.text),
      )
      if (pending.size === 0) empty?.()
    }, turnPort())
    pending.set(fd, at)
  }
  const timer = setInterval(turn, every)
  return async (): Promise<StreamReport> => {
    const ended = now()
    await new Promise<void>((resolve) => {
      empty = resolve
      if (pending.size === 0) resolve()
    })
    clearInterval(timer)
    caller.close()
    return {
      began,
      ended,
      everyMs: every,
      limitMs: limit,
      ...summary(requests.filter((request) => request.began >= began)),
    }
  }
}
