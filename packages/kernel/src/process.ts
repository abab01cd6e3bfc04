/** What a process asks for itself: to be the only one, to hear a signal, to run first. */
import { constants as files, closeSync, openSync, readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { call, KernelError, lastErrno } from './libc.ts'

const LOCK_EXCLUSIVE_NOW = 2 | 4
const EWOULDBLOCK = 11

export interface FileLock {
  /** The kernel does it too when the process dies, however it dies. */
  release(): void
}

/** Through no link that somebody put there; a FIFO there is an error (ENXIO), and not waited for. */
const LOCK_FILE = files.O_WRONLY | files.O_CREAT | files.O_NOFOLLOW | files.O_NONBLOCK

/** An exclusive lock of a file (made if need be; never removed), or null when another process has it. */
export function lockFile(path: string): FileLock | null {
  const fd = openSync(path, LOCK_FILE, 0o600)
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

const UNBLOCK = 1
/** Of a `sigset_t` (bits/types/__sigset_t.h). */
const SET_BYTES = 128

/** The main thread hears this signal from now on, and what of it waits; Node leaves SIGUSR1 blocked when it opens no inspector for it. */
export function unblockSignal(signal: NodeJS.Signals): void {
  const bit = constants.signals[signal] - 1
  const set = Buffer.alloc(SET_BYTES)
  set.writeUInt8(1 << (bit % 8), Math.floor(bit / 8))
  call.signalMask(UNBLOCK, set, null)
}

const IGNORED = 1
/** Real-time signals that the C library leaves to programs (man 7 signal): Node can hear none of them, and each ends who does not. */
const REAL_TIME = Array.from({ length: 31 }, (_, at) => 34 + at)
/** Each stops a process; with SIGTTOU ignored, a terminal may be written to from behind (man 3 tcsetattr). */
const OF_TERMINALS = [constants.signals.SIGTTIN, constants.signals.SIGTTOU]

/** For all threads and all that is started from here: the kernel drops what would stop or end a program that was only asked something. */
export function ignoreQuestions(): void {
  for (const number of [...OF_TERMINALS, ...REAL_TIME]) call.signal(number, IGNORED)
}
