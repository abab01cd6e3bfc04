/**
 * Files as root reads and writes them: nothing that could block or fill the memory is opened, nothing is written through a
 * name that somebody else put there, and what was renamed is on the disk.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** For a file that nobody else may have put there. */
export const FRESH = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

export type FileRead =
  | { readonly ok: true; readonly bytes: Buffer; readonly stats: Stats }
  /** `code`: of the system, or `EFTYPE` and `EFBIG` for what is not even opened. */
  | { readonly ok: false; readonly code: string; readonly reason: string }

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  ENOTDIR: 'there is no such file: what stands before the last / is no directory',
  ELOOP: 'symbolic links lead nowhere, or may not be followed here',
}
const failed = (code: string, reason: string): FileRead => ({ ok: false, code, reason })

export function describeError(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  return WORDS[code] ?? message
}

/** At most `most` bytes of a regular file, at once; never blocks. `follow`: the last name may be a symbolic link. */
export function readRegular(path: string, most: number, follow: boolean): FileRead {
  let fd: number | null = null
  try {
    fd = openSync(path, follow ? READ : READ | constants.O_NOFOLLOW)
    const stats = fstatSync(fd)
    if (!stats.isFile()) return failed('EFTYPE', `${kindOf(stats)}, and no file`)
    const bytes = readMost(fd, most + 1)
    if (bytes.length > most) return failed('EFBIG', `larger than ${most} bytes`)
    return { ok: true, bytes, stats }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    // A socket cannot be opened, and says so in its own way.
    return code === 'ENXIO' ? failed('EFTYPE', 'this is a socket, and no file') : failed(code, describeError(error))
  } finally {
    if (fd !== null) closeSync(fd)
  }
}

/** A file may grow while it is read: its size is not believed. */
function readMost(fd: number, most: number): Buffer {
  const pieces: Buffer[] = []
  for (let left = most; left > 0; ) {
    const piece = Buffer.alloc(Math.min(left, 64 * 1024))
    const length = readSync(fd, piece)
    if (length === 0) break
    pieces.push(piece.subarray(0, length))
    left -= length
  }
  return Buffer.concat(pieces)
}

export function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'this is a directory'
  if (stats.isFIFO()) return 'this is a FIFO (a named pipe)'
  if (stats.isSocket()) return 'this is a socket'
  return stats.isCharacterDevice() || stats.isBlockDevice() ? 'this is a device' : 'this is something else'
}

/** Whole or not at all, for root only, and for certain. Throws what the system says. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const fresh = `${path}.new`
  rmSync(fresh, { force: true })
  const fd = openSync(fresh, FRESH, 0o600)
  try {
    writeFileSync(fd, content)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(fresh, path)
  syncDirectory(dirname(path))
}

/** A name that is not on disk yet is none after a power cut (man 2 fsync). */
function syncDirectory(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Is anything there under this very name, be it a link that leads nowhere? Throws where nobody can tell. */
export const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined
