/** The clock of ownership: CLOCK_BOOTTIME, which also counts while the machine is suspended (man 2 clock_gettime). */
import { type Instant, instant } from '@lvsm/base'
import { call, checked } from './libc.ts'

const CLOCK_BOOTTIME = 7
const timespec = Buffer.alloc(16)

/** Milliseconds since boot, with fractions (nanoseconds). About a microsecond a call. */
export function boottime(): Instant {
  checked('clock_gettime', call.clockGetTime(CLOCK_BOOTTIME, timespec))
  return instant(Number(timespec.readBigInt64LE(0)) * 1000 + timespec.readUInt32LE(8) / 1e6)
}
