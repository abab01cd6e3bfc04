/**
 * No answer in time: is that a packet filter, a server that hangs, or a slow way? At the second time in a row another connection is opened to the same
 * place, for the diagnosis alone, with more time; its handshake is made by the kernel there, whatever the server does. What is found is said with
 * the next failures, until something else is found; the verdict never waits for it.
 */
import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { ProbeJob } from '@lvsm/protocol'

/** Milliseconds; the kernel repeats a first packet after 1, 3 and 7 seconds (RFC 6298, section 2; tcp_syn_retries). */
const PATIENCE_MS = 6000
const MOST_UNDER_WAY = 256
const MOST_SILENT = 20_000
/** A way there and back that takes so long is worth a word. */
const SLOW_MS = 200
/** The kernel says after three questions that nobody answers to ARP. */
const NOBODY: ReadonlySet<string> = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'])

type Target = Pick<ProbeJob, 'address' | 'port' | 'source'>
/** Milliseconds until an answer came, be it a refusal; `silent`: none in PATIENCE_MS; `nobody`: no answer to ARP; undefined: not known. */
export type Answer = number | 'silent' | 'nobody' | undefined
export type Second = (target: Target, done: (answer: Answer) => void) => void

export const askAgain: Second = ({ address, port, source }, done) => {
  const began = performance.now()
  const socket = connect({ host: address, port, ...(source === null ? {} : { localAddress: source }) })
  let over = false
  const end = (answer: Answer): void => {
    if (over) return
    over = true
    clearTimeout(timer)
    socket.destroy()
    done(answer)
  }
  const timer = setTimeout(() => end('silent'), PATIENCE_MS)
  const tookMs = (): number => performance.now() - began
  socket.on('connect', () => end(tookMs()))
  socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
    if (code === 'ECONNREFUSED' || code === 'ECONNRESET') end(tookMs())
    else end(NOBODY.has(code) ? 'nobody' : undefined)
  })
}

const seconds = (ms: number): string => (ms < 1000 ? `${Math.round(ms / 10) * 10} ms` : `${(ms / 1000).toFixed(1)} s`)

/** What the second question says of a first one that had no answer within its time. */
export function secondText(answer: Exclude<Answer, undefined>, timeoutMs: number): string {
  if (answer === 'nobody') return 'nor to ARP: no machine there has that address now'
  if (answer === 'silent')
    return `nor to a second question within ${PATIENCE_MS / 1000} s: a packet filter, a way that loses all, or a full accept queue`
  if (answer < timeoutMs / 2)
    return `a second question was answered after ${seconds(answer)}: some packets are lost, or its accept queue was full`
  return `a second question was answered after ${seconds(answer)}: a slow way, lost packets, or a full accept queue, and no filter`
}

/** Of a connection that was opened in time, behind which the rest came too late. */
export const slowOpening = (openedMs: number | null): string =>
  openedMs === null || openedMs < SLOW_MS
    ? ''
    : `: to open the connection took ${seconds(openedMs)}, which kernels do alone: a slow way, lost packets, or a machine without time`

export class SecondQuestions {
  readonly #ask: Second
  readonly #found = new Map<string, Exclude<Answer, undefined>>()
  readonly #underWay = new Set<string>()
  /** Had no answer the last time. */
  readonly #silent = new Set<string>()

  constructor(how: Second = askAgain) {
    this.#ask = how
  }

  /** As the end of a sentence, as far as it was found; and asks anew. */
  of(target: Target, timeoutMs: number): string {
    const name = nameOf(target)
    const known = this.#found.get(name)
    if (this.#silent.has(name)) this.#begin(target, name)
    else if (this.#silent.size < MOST_SILENT) this.#silent.add(name)
    return known === undefined ? '' : `: ${secondText(known, timeoutMs)}`
  }
  isWell(target: Target): void {
    if (this.#silent.size === 0) return
    const name = nameOf(target)
    this.#silent.delete(name)
    this.#found.delete(name)
  }

  #begin(target: Target, name: string): void {
    if (this.#underWay.has(name) || this.#underWay.size >= MOST_UNDER_WAY) return
    this.#underWay.add(name)
    this.#ask(target, (answer) => {
      this.#underWay.delete(name)
      if (answer === undefined) this.#found.delete(name)
      else this.#found.set(name, answer)
    })
  }
}
const nameOf = ({ address, port, source }: Target): string => JSON.stringify([address, port, source])
