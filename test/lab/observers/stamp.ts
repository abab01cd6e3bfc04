/** Kernel times of captured frames, on the guest's monotonic clock: our own delays do not blur the measurement. */
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')
const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)')
const clockGetTime = libc.func('int clock_gettime(int clock, void *timespec)')
const receive = libc.func('long recv(int fd, void *bytes, size_t length, int flags)')
const indexOf = libc.func('uint if_nametoindex(str name)')
const STAMP_NANOSECONDS = 0x8907
const MSG_DONTWAIT = 0x40
const CLOCK_REALTIME = 0
const CLOCK_MONOTONIC = 1

const timespec = Buffer.alloc(16)
const milliseconds = (): number => Number(timespec.readBigInt64LE(0)) * 1000 + Number(timespec.readBigInt64LE(8)) / 1e6

function read(clock: number): number {
  clockGetTime(clock, timespec)
  return milliseconds()
}

/** Milliseconds of CLOCK_MONOTONIC, as `process.hrtime`: one time base for all programs in the lab. */
export const now = (): number => read(CLOCK_MONOTONIC)

const offset = read(CLOCK_MONOTONIC) - read(CLOCK_REALTIME)

/** When the last frame read from the socket arrived; now, where the kernel has no time for it yet. */
function arrival(fd: number): number {
  return ioctl(fd, STAMP_NANOSECONDS, timespec) === 0 ? milliseconds() + offset : now()
}

const scratch = Buffer.alloc(2048)

/**
 * Reads what waits in a socket, each frame with its arrival (the frame is only valid during the call); false when one
 * was lost. Reading seldom costs less than waiting for each, and loses nothing: the kernel has the times.
 */
export function drain(fd: number, heard: (frame: Uint8Array, at: number) => void): boolean {
  for (;;) {
    const length: number = receive(fd, scratch, scratch.length, MSG_DONTWAIT)
    if (length < 0) return koffi.errno() !== koffi.os.errno.ENOBUFS
    heard(scratch.subarray(0, length), arrival(fd))
  }
}

/** Takes the kernel's times into use: the first question only switches them on. */
export const stampArrivals = (fd: number): void => void arrival(fd)

/** Index of an interface in the present network namespace. Throws when there is none. */
export function interfaceIndex(name: string): number {
  const index: number = indexOf(name)
  if (index === 0) throw new Error(`no interface is called ${name}`)
  return index
}
