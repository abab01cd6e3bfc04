/**
 * The three files of the lease process. Each write goes to a new file that replaces the old one whole, and carries a
 * checksum; a file that is missing, cut short or damaged reads as absent and never stops the process: the voter is
 * then silent for a quarantine and learns the rest from its peers. Writing happens in the background: a disk that
 * stalls or is full must not hold up a renewal.
 */
import { readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import type { LeaseView } from '@lvsm/lease'
import { decode, encode, viewCodec } from '@lvsm/wire'

const SUM_BYTES = 32

export interface LeaseState {
  /** Lease numbers up to this one may have been used; 0 when nothing is known. */
  readonly highWater: number
  readonly view: LeaseView | null
  /** An operator set this node to standby: no restart takes that back. */
  readonly standby: boolean
  saveHighWater(highWater: number): void
  saveView(view: LeaseView): void
  saveStandby(on: boolean): void
}

/** `failed` hears of every write that did not reach the disk. */
export function openState(directory: string, failed: (error: Error) => void): LeaseState {
  const numbers = join(directory, 'lease.state')
  const lastView = join(directory, 'lease.view')
  const onStandby = join(directory, 'lease.standby')
  const stored = read(numbers)
  const viewBytes = read(lastView)
  let writing = Promise.resolve()
  const save = (path: string, content: Uint8Array): void => {
    writing = writing.then(() => replace(path, content)).catch(failed)
  }
  return {
    highWater: stored?.length === 8 ? Number(Buffer.from(stored).readBigUInt64BE()) : 0,
    view: viewBytes ? decode(viewCodec, viewBytes) : null,
    standby: read(onStandby)?.[0] === 1,
    saveHighWater(highWater) {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64BE(BigInt(highWater))
      save(numbers, bytes)
    },
    saveView: (view) => save(lastView, encode(viewCodec, view)),
    saveStandby: (on) => save(onStandby, new Uint8Array([on ? 1 : 0])),
  }
}

function read(path: string): Uint8Array | null {
  try {
    const bytes = readFileSync(path)
    const content = bytes.subarray(0, -SUM_BYTES)
    return Buffer.compare(sha256(content), bytes.subarray(-SUM_BYTES)) === 0 ? content : null
  } catch {
    return null
  }
}

async function replace(path: string, content: Uint8Array): Promise<void> {
  const fresh = `${path}.new`
  const file = await open(fresh, 'w', 0o600)
  try {
    await file.write(Buffer.concat([content, sha256(content)]))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(fresh, path)
}
