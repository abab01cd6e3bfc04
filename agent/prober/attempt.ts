/** One question to a realserver: it ends once, within its time. */
import { type ProbeJob, probeReason } from '@lvsm/protocol'

/** Null: nobody knows. */
export type End = (ok: boolean | null, reason: string) => void

export interface Asking {
  /** What there was until now, as the beginning of a sentence that ends with the time. */
  readonly sofar: () => string
  /** The verdict is given: closes what is open, in peace where it can. */
  readonly close: () => void
}
export type Ask = (job: ProbeJob, end: End) => Asking

export function attempt(ask: Ask, job: ProbeJob, done: End): void {
  let over = false
  let asking: Asking | null = null
  const end: End = (ok, reason) => {
    if (over) return
    over = true
    clearTimeout(timer)
    // Where it ends while it begins, there is nothing to close yet.
    setImmediate(() => asking?.close())
    done(ok, probeReason(reason))
  }
  // After a stall of this process the timer fires before the answer that waits in the queue is read: read first.
  const timer = setTimeout(
    () => setImmediate(() => end(false, `${asking?.sofar() ?? 'no answer'} within ${job.timeoutMs} ms`)),
    job.timeoutMs,
  )
  try {
    asking = ask(job, end)
  } catch (error) {
    end(null, `it cannot be asked: ${(error as Error).message}`)
  }
}
