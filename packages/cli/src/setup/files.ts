/** Files that `init` and `join` make: secrets for root only, and nothing that is there is ever written over. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../failure.ts'

/** Null: nothing is there. */
export function textAt(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw cannot(path, error)
  }
}

/** Whole or not at all; `mode` 0600. */
export function writeSecret(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
    const fresh = `${path}.new`
    rmSync(fresh, { force: true })
    const fd = openSync(fresh, 'wx', 0o600)
    try {
      writeFileSync(fd, text)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(fresh, path)
  } catch (error) {
    throw cannot(path, error)
  }
}

const cannot = (path: string, error: unknown): Failure =>
  new Failure('refused', `${path}: ${(error as Error).message}`, 'run as root, on a disk that has room')
