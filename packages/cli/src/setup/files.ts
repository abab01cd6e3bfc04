/** Files that `init` and `join` make: secrets for root only, and nothing that is there is ever written over. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { decodeOwnHalves, encodeOwnHalves, type Half, OWN_HALVES } from '@lvsm/protocol'
import { makeHalf } from '@lvsm/trust'
import { dirname, join } from 'node:path'
import type { Failure } from '../failure.ts'
import { fileFailure } from '../file-fault.ts'

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

/** Key pairs of this node's heartbeats, the newest last; empty where there is none, or what is there is damaged. */
export const halvesAt = (stateDir: string): readonly Half[] =>
  decodeOwnHalves(textAt(join(stateDir, OWN_HALVES)) ?? '') ?? []

/** Those that are there, and a new one. */
export function addHalf(stateDir: string, known: readonly Half[]): Half {
  const half = makeHalf()
  writeSecret(join(stateDir, OWN_HALVES), encodeOwnHalves([...known, half]))
  return half
}

const cannot = (path: string, error: unknown): Failure =>
  fileFailure('refused', path, error, 'run it as root, on a disk that has room')
