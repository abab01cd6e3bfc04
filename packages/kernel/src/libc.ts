/** The few calls of the C library that Node does not offer. Main thread only. */
import { describeErrno } from '@lvsm/netlink'
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')

export const call = {
  clockGetTime: libc.func('int clock_gettime(int clock, void *timespec)'),
  socket: libc.func('int socket(int domain, int type, int protocol)'),
  connect: libc.func('int connect(int fd, void *address, uint length)'),
  listen: libc.func('int listen(int fd, int backlog)'),
  bind: libc.func('int bind(int fd, void *address, uint length)'),
  sendTo: libc.func('long sendto(int fd, void *bytes, size_t length, int flags, void *address, uint addressLength)'),
  receiveFrom: libc.func(
    'long recvfrom(int fd, void *bytes, size_t length, int flags, void *address, void *addressLength)',
  ),
  setSocketOption: libc.func('int setsockopt(int fd, int level, int option, void *value, uint length)'),
  getSocketOption: libc.func('int getsockopt(int fd, int level, int option, void *value, void *length)'),
  getSocketName: libc.func('int getsockname(int fd, void *address, void *length)'),
  close: libc.func('int close(int fd)'),
  setns: libc.func('int setns(int fd, int kind)'),
  flock: libc.func('int flock(int fd, int operation)'),
  signal: libc.func('intptr_t signal(int number, intptr_t handler)'),
  signalMask: libc.func('int pthread_sigmask(int how, void *set, void *before)'),
  /** For what the C library has no function of its own. */
  syscall: libc.func('long syscall(long number, int command, uint flags, int processor)'),
  setScheduler: libc.func('int sched_setscheduler(int pid, int policy, void *parameters)'),
} as const

/** What the kernel answered to a call of ours; the message carries the next step where one is known. */
export class KernelError extends Error {
  override name = 'KernelError'
  readonly errno: number
  /** `ENOENT`. */
  readonly code: string
  readonly syscall: string

  constructor(syscall: string, errno: number, detail = '') {
    const { code, message } = describeErrno(errno)
    super(`${syscall}${detail ? ` ${detail}` : ''}: ${code}, ${message}`)
    this.errno = errno
    this.code = code
    this.syscall = syscall
  }
}

/** Of the last call that failed. */
export const lastErrno = (): number => koffi.errno()

/** The result of a call, or a KernelError when it is negative. */
export function checked(syscall: string, result: number, detail = ''): number {
  if (result < 0) throw new KernelError(syscall, lastErrno(), detail)
  return result
}

export function setOption(fd: number, level: number, option: number, value: number): number {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return call.setSocketOption(fd, level, option, bytes, 4)
}
