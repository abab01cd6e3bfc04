/** Files that cannot be read or written, as a sentence with the next step. */
import type { Exit } from '@lvsm/protocol'
import { Failure } from './failure.ts'

const ROOT = 'run it as root'
/** What the system says, and what helps. */
const FAULTS: Readonly<Record<string, readonly [says: string, next: string | null]>> = {
  EACCES: ['permission denied', ROOT],
  EPERM: ['permission denied', ROOT],
  EEXIST: ['it is there already', 'name a file that is not there yet'],
  ENOENT: ['there is no such file or directory', null],
  ENOTDIR: ['what stands before it is no directory', 'name another file'],
  EISDIR: ['it is a directory', 'name a file'],
  ENOSPC: ['the disk is full', 'make room there, or name a file on another disk'],
  EDQUOT: ['the disk is full for this user', 'make room there, or name a file on another disk'],
  EROFS: ['the file system can only be read', 'name a file on another one'],
}

/** `next`: where the fault itself does not say what helps. */
export function fileFailure(exit: Exit, what: string, error: unknown, next: string): Failure {
  const { code = '', message } = error as NodeJS.ErrnoException
  const [says, hint] = FAULTS[code] ?? [message, null]
  return new Failure(exit, `${what}: ${says}`, hint ?? next)
}
