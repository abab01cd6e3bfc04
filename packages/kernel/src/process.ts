/** What a process asks for itself: to be the only one, to hear a signal, to run first. */
import { constants } from 'node:os'
import { closeSync, openSync, readdirSync } from 'node:fs'
import { call, KernelError, lastErrno } from './libc.ts'

const LOCK_EXCLUSIVE_NOW = 2 | 4
const EWOULDBLOCK = 11

export interface FileLock {
  /** The kernel does it too when the process dies, however it dies. */
  release(): void
}

/** An exclusive lock of a file (made if need be; never removed), or null when another process has it. */
export function lockFile(path: string): FileLock | null {
  const fd = openSync(path, 'a', 0o600)
  if (call.flock(fd, LOCK_EXCLUSIVE_NOW) !== 0) {
    const errno = lastErrno()
    closeSync(fd)
    if (errno === EWOULDBLOCK) return null
    throw new KernelError('flock', errno, path)
  }
  return { release: () => closeSync(fd) }
}

const SCHED_RR = 2
const SCHED_BATCH = 3
const RESET_ON_FORK = 0x40000000

/** The main thread runs before every ordinary one (1–99, SCHED_RR); threads and children it starts later do not. */
export function runFirst(priority = 10): KernelError | undefined {
  const parameters = Buffer.alloc(4)
  parameters.writeInt32LE(priority)
  return call.setScheduler(0, SCHED_RR | RESET_ON_FORK, parameters) === 0
    ? undefined
    : new KernelError('sched_setscheduler', lastErrno(), '(LimitRTPRIO, CAP_SYS_NICE)')
}

/**
 * Every thread that is there now becomes SCHED_BATCH: it has its fair share of the processor, but what wakes up here
 * interrupts nobody who is at work (man 7 sched). Threads and children that start later inherit it.
 */
export function runPatiently(): KernelError | undefined {
  const parameters = Buffer.alloc(4)
  const refused = readdirSync('/proc/self/task').some(
    (thread) => call.setScheduler(Number(thread), SCHED_BATCH, parameters) !== 0,
  )
  return refused ? new KernelError('sched_setscheduler', lastErrno()) : undefined
}

const MASK = { block: 0, unblock: 1 } as const
/** Of a `sigset_t` (bits/types/__sigset_t.h). */
const SET_BYTES = 128

/**
 * Of the main thread. `unblock`: it hears this signal from now on, and what of it waits; Node leaves SIGUSR1 blocked when it
 * opens no inspector for it. `block`: it is as if nobody sent it; with SIGTTOU blocked, a terminal may be written to from
 * behind (man 3 tcsetattr).
 */
export function maskSignal(how: keyof typeof MASK, signal: NodeJS.Signals): void {
  const bit = constants.signals[signal] - 1
  const set = Buffer.alloc(SET_BYTES)
  set.writeUInt8(1 << (bit % 8), Math.floor(bit / 8))
  call.signalMask(MASK[how], set, null)
}
