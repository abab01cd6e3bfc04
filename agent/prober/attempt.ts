/** One question to a realserver: it ends once, within its time. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { performance } from 'node:perf_hooks'
import { type ProbeFound, type ProbeJob, probeReason } from '@lvsm/protocol'
import { SecondQuestions, slowOpening, STOOD_STILL_MS } from './second-question.ts'
import { watchStalls } from './stalls.ts'
import { type Trace, tracing, UNTOLD, withCertificate, withOpening } from './trace.ts'

/** What an answer says beside its verdict. */
export type Beside = Pick<ProbeFound, 'perfdata' | 'degraded' | 'weight' | 'agent'> & Lacking
/** What is to be done on this machine, so that this kind of question can be asked here. */
export interface Lacking {
  readonly lacks?: string
}
/** Null: nobody knows. */
export type End = (ok: boolean | null, reason: string, beside?: Beside) => void
export type Done = (ok: boolean | null, reason: string, found: ProbeFound & Lacking) => void

export interface Asking {
  /** What there was until now, as the beginning of a sentence that ends with the time. */
  readonly sofar: () => string
  /** How long it waited until it was begun, which is none of its time; not there: not at all. Milliseconds. */
  readonly waitedMs?: () => number
  /** When the time is over; not there: it failed. */
  readonly late?: () => boolean | null
  /** The verdict is given: closes what is open, in peace where it can. */
  readonly close: () => void
}
export type Ask = (job: ProbeJob, end: End, trace: Trace) => Asking

/** Which attempt is under way, wherever it goes on: what is thrown there ends that one alone. */
const room = new AsyncLocalStorage<(error: unknown) => void>()

/** Of what nobody caught; false: it was thrown in no attempt. */
export function endAttempt(error: unknown): boolean {
  const fail = room.getStore()
  fail?.(error)
  return fail !== undefined
}
export const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)

const now = (): number => performance.now()

/** So much longer at most, for time that was not the server's: whoever waits for the answer takes this process for hung some day. */
const LONGEST_MORE_MS = 5000
/** Less is not worth a timer. */
const LEAST_MORE_MS = 2

const SECONDS = new SecondQuestions()

export function attempt(ask: Ask, job: ProbeJob, done: Done, seconds = SECONDS): void {
  const began = now()
  const stalls = watchStalls()
  const mostMs = Math.min(job.timeoutMs, LONGEST_MORE_MS)
  let [over, givenMs, isSilent] = [false, 0, false]
  let asking: Asking | null = null
  const told = job.explain === true ? tracing(now) : null
  const seen: Pick<ProbeFound, 'certificateUntilMs'> = {}
  // Of a connection: not begun, begun, and open after so many milliseconds.
  let opening: number | 'begun' | null = null
  const certified = withCertificate(told?.trace ?? UNTOLD, (ms) => Object.assign(seen, { certificateUntilMs: ms }))
  const trace = withOpening(certified, (isOpen) => void (opening = isOpen ? now() - began - stalls.lostMs() : 'begun'))
  const end: End = (ok, reason, beside = {}) => {
    if (over) return
    over = true
    clearTimeout(timer)
    stalls.done()
    if (typeof opening === 'number' || (opening === 'begun' && ok !== null && !isSilent)) seconds.isHeard(job)
    // Where it ends while it begins, there is nothing to close yet.
    setImmediate(() => asking?.close())
    const tookMs = Math.round((now() - began) * 10) / 10
    done(ok, probeReason(reason), { tookMs, ...beside, ...seen, ...(told ? { steps: [...told.steps] } : {}) })
  }
  // After a stall of this process the timer fires before the answer that waits in the queue is read: read first.
  const late = (): void => {
    const lostMs = stalls.lostMs()
    const owedMs = lostMs + (asking?.waitedMs?.() ?? 0)
    const moreMs = Math.min(owedMs, mostMs) - givenMs
    if (over) return
    if (moreMs >= LEAST_MORE_MS) {
      givenMs += moreMs
      timer = room.run(failed, () => setTimeout(() => setImmediate(late), moreMs))
      return
    }
    if (owedMs >= mostMs + LEAST_MORE_MS)
      return end(
        null,
        `this machine was too busy to hear an answer: for ${Math.round(lostMs)} ms lvsm-prober stood still`,
      )
    const ok = asking?.late ? asking.late() : false
    isSilent = opening === 'begun'
    end(ok, `${asking?.sofar() ?? 'no answer'} within ${job.timeoutMs} ms${ok === false ? why(lostMs) : ''}`)
  }
  const why = (lostMs: number): string =>
    opening === 'begun' ? seconds.of(job, job.timeoutMs, lostMs > STOOD_STILL_MS) : slowOpening(opening)
  const failed = (error: unknown): void => end(null, `lvsm-prober has a defect here: ${messageOf(error)}`)
  let timer = room.run(failed, () => setTimeout(() => setImmediate(late), job.timeoutMs))
  try {
    asking = room.run(failed, () => ask(job, end, trace))
  } catch (error) {
    end(null, `it cannot be asked: ${messageOf(error)}`)
  }
}
