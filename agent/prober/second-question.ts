/**
 * No answer in time: is that a packet filter, a machine that is down, or a slow way? At the second time in a row another connection is opened to the
 * same place, for the diagnosis alone, with more time; its handshake is made by the kernel there, whatever the server does. What is found is said with
 * the next failures of the same silence, until something else is found; the verdict never waits for it. A place is asked once a minute at most, for who
 * is silent may be at its end; no kind of server that takes a connection without a word for abuse is asked, nor anybody through IPVS: there each
 * connection may go to another realserver.
 */
import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import { ANSWERED_AGAIN, NOR_TO_ARP, type ProbeJob } from '@lvsm/protocol'
import { leave } from './leave.ts'
import { watchStalls } from './stalls.ts'

/** Milliseconds; the kernel repeats a first packet after 1, 3 and 7 seconds (RFC 6298, section 2; tcp_syn_retries). */
const PATIENCE_MS = 6000
/** For one place. */
const AT_MOST_EVERY_MS = 60_000
const MOST_UNDER_WAY = 64
const MOST_SILENT = 20_000
/** Whoever did not fail for so long may have left the configuration meanwhile. */
const FORGOTTEN_MS = 600_000
/** A way there and back that takes so long is worth a word. */
const SLOW_MS = 200
/** Where this process stood still for longer, its clock says nothing of others. */
export const STOOD_STILL_MS = 100
/** Of kinds of checks: their servers take a connection that ends without a word for an everyday thing. Mail, databases and unknown protocols may count it. */
const HARMLESS: ReadonlySet<string> = new Set(['connect', 'tls', 'http', 'https', 'grpc', 'redis'])

type Target = Pick<ProbeJob, 'probe' | 'address' | 'port' | 'source' | 'virtual'>
type Place = Pick<Target, 'address' | 'port' | 'source'>
/** Milliseconds until an answer came, be it a refusal; `silent`: none in PATIENCE_MS; `nobody`: no answer to ARP; undefined: not known. */
export type Answer = number | 'silent' | 'nobody' | undefined
export type Second = (place: Place, done: (answer: Answer) => void) => void

export const askAgain: Second = ({ address, port, source }, done) => {
  const began = performance.now()
  const stalls = watchStalls()
  const socket = connect({ host: address, port, ...(source === null ? {} : { localAddress: source }) })
  let over = false
  const end = (answer: Answer): void => {
    if (over) return
    over = true
    clearTimeout(timer)
    const isKnown = stalls.lostMs() <= STOOD_STILL_MS
    stalls.done()
    leave(socket)
    done(isKnown ? answer : undefined)
  }
  // After a stall the timer fires before the answer that waits is read: read first.
  const timer = setTimeout(() => setImmediate(end, 'silent'), PATIENCE_MS)
  const tookMs = (): number => performance.now() - began
  socket.on('connect', () => end(tookMs()))
  socket.on('error', (error: NodeJS.ErrnoException) => end(answerOf(error, tookMs())))
}
/** A packet filter of the host itself may say the same of the port (ICMP type 3, code 10 or 13), but at once: ARP takes three seconds. Milliseconds. */
const AT_ONCE_MS = 900
/** A way that is not there is no answer to ARP: where the network is not reached, nothing is known of the host. */
export function answerOf({ code }: NodeJS.ErrnoException, tookMs: number): Answer {
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return tookMs
  return (code === 'EHOSTUNREACH' || code === 'EHOSTDOWN') && tookMs > AT_ONCE_MS ? 'nobody' : undefined
}

const seconds = (ms: number): string => (ms < 1000 ? `${Math.round(ms / 10) * 10} ms` : `${(ms / 1000).toFixed(1)} s`)

/** What the second question says of a first one that had no answer within its time. It may be a while ago. */
export function secondText(answer: Exclude<Answer, undefined>, timeoutMs: number): string {
  if (answer === 'nobody') return `${NOR_TO_ARP}: no machine there had that address`
  if (answer === 'silent')
    return `nor to a second question within ${PATIENCE_MS / 1000} s: a machine that is down, a packet filter, a way that loses all, or a full accept queue`
  if (answer < timeoutMs / 2)
    return `${ANSWERED_AGAIN} after ${seconds(answer)}: some packets are lost, or its accept queue was full`
  return `${ANSWERED_AGAIN} after ${seconds(answer)}: a slow way, lost packets, or a full accept queue, and no filter that drops all`
}

/** Of a connection that was opened in time, behind which the rest came too late. */
export const slowOpening = (openedMs: number | null): string =>
  openedMs === null || openedMs < SLOW_MS
    ? ''
    : `: to open the connection took ${seconds(openedMs)}, which kernels do alone: a slow way, lost packets, or a machine without time`

/** Failures in a row without an answer. */
interface Silent {
  at: number
  found: Answer
}

export class SecondQuestions {
  readonly #ask: Second
  readonly #now: () => number
  /** Who failed last is last. */
  readonly #silent = new Map<string, Silent>()
  #underWay = 0
  /** When, of the last minute; the last is last. */
  readonly #asked = new Map<string, number>()

  constructor(how: Second = askAgain, now = (): number => performance.now()) {
    this.#ask = how
    this.#now = now
  }

  /** No answer in time. As the end of a sentence, as far as it was found; and asks anew. `stoodStill`: this process did, meanwhile. */
  of(target: Target, timeoutMs: number, stoodStill = false): string {
    if (!HARMLESS.has(target.probe) || target.virtual?.address === target.address) return ''
    const now = this.#now()
    const name = nameOf(target)
    const before = this.#silent.get(name)
    if (stoodStill && before === undefined) return ''
    const isNew = before === undefined || now - before.at > FORGOTTEN_MS
    const silent = isNew ? { at: now, found: undefined } : before
    silent.at = now
    this.#silent.delete(name)
    this.#silent.set(name, silent)
    dropFirst(this.#silent, (_, size) => size > MOST_SILENT)
    if (!isNew && !stoodStill) this.#begin(target, name, silent)
    return silent.found === undefined ? '' : `: ${secondText(silent.found, timeoutMs)}`
  }
  /** It ended before its time, well or not: the silence is over. */
  isHeard(target: Target): void {
    this.#silent.delete(nameOf(target))
  }

  #begin(target: Target, name: string, silent: Silent): void {
    const now = this.#now()
    const place = JSON.stringify([target.address, target.port])
    dropFirst(this.#asked, (at) => now - at >= AT_MOST_EVERY_MS)
    if (this.#asked.has(place) || this.#asked.size >= MOST_SILENT || this.#underWay >= MOST_UNDER_WAY) return
    this.#asked.set(place, now)
    this.#underWay += 1
    this.#ask(target, (answer) => {
      this.#underWay -= 1
      // It was heard meanwhile, and may be silent again, or another took its room: then it is of no failure that is told.
      if (this.#silent.get(name) === silent) silent.found = answer
    })
  }
}
/** The oldest entries, as long as it is so of the first one. */
export function dropFirst<Value>(map: Map<string, Value>, isOver: (value: Value, size: number) => boolean): void {
  for (const [key, value] of map) {
    if (!isOver(value, map.size)) return
    map.delete(key)
  }
}
const nameOf = ({ address, port, source }: Place): string => JSON.stringify([address, port, source])
