/** Kernel settings below /proc/sys, of this network namespace. */
import { readFileSync, writeFileSync } from 'node:fs'

/** Null where there is no such setting. */
export function readSysctl(path: string): string | null {
  try {
    return readFileSync(`/proc/sys/${path}`, 'utf8').trim().replace(/\s+/g, ' ')
  } catch {
    return null
  }
}

/** The error as a sentence, or null. */
export function writeSysctl(path: string, value: string): string | null {
  try {
    writeFileSync(`/proc/sys/${path}`, value)
    return null
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'EROFS' || code === 'EACCES'
      ? 'the kernel does not allow it here (is /proc/sys read-only?)'
      : message
  }
}
