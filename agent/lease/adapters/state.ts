/**
 * The two files of the lease process: what it must know after a restart, and its last view. Each write goes to a new file
 * that replaces the old one whole, and carries a checksum; a file that is missing, cut short or damaged reads as absent and
 * never stops the process. Writing happens in the background: a disk that stalls or is full must not hold up a renewal.
 *
 * A voter without its state is silent as long as any cluster's longest lease. So that a new node need not wait, setting it
 * up writes a state that says: it never lent anything.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import { type DurableState, type LeaseView, NEW_STATE } from '@lvsm/lease'
import { decode, decodeState, encode, encodeState, viewCodec } from '@lvsm/wire'

const SUM_BYTES = 32
const VIEW_RETRY_MS = 1000

export interface LeaseState {
  /** Null: lost, damaged, or never set up; nobody can tell. */
  readonly state: DurableState | null
  readonly view: LeaseView | null
  /** Resolves when the disk has it for certain; rejects when that is not known. */
  save(state: DurableState): Promise<void>
  /** Tried again until it succeeds, or a newer view is to be kept. */
  saveView(view: LeaseView): void
  close(): void
}

const statePath = (directory: string): string => join(directory, 'lease.state')

/** `failed` hears of every view that did not reach the disk. */
export function openState(directory: string, failed: (error: Error) => void): LeaseState {
  const lastView = join(directory, 'lease.view')
  const stored = read(statePath(directory))
  const viewBytes = read(lastView)
  let writing: Promise<void> = Promise.resolve()
  let retry: NodeJS.Timeout | undefined
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = writing.then(work)
    writing = done.catch(() => undefined)
    return done
  }
  let latest: LeaseView | null = null
  const saveView = (view: LeaseView): void => {
    latest = view
    clearTimeout(retry)
    inTurn(() => replace(lastView, encode(viewCodec, view))).catch((error: Error) => {
      failed(error)
      // A newer one may wait for its turn already.
      if (view === latest) retry = setTimeout(() => saveView(view), VIEW_RETRY_MS)
    })
  }
  return {
    state: stored && decodeState(stored),
    view: viewBytes && decode(viewCodec, viewBytes),
    save: (state) => inTurn(() => replace(statePath(directory), encodeState(state))),
    saveView,
    close() {
      latest = null
      clearTimeout(retry)
    },
  }
}

/** Makes the state of a node that never took part. False where there is one already, be it damaged: it must not be forgotten. */
export async function setUp(directory: string): Promise<boolean> {
  mkdirSync(directory, { recursive: true, mode: 0o750 })
  if (existsSync(statePath(directory))) return false
  await replace(statePath(directory), encodeState(NEW_STATE))
  return true
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

/** The directory too: a name that is not on disk yet is none after a power cut (man 2 fsync). */
async function replace(path: string, content: Uint8Array): Promise<void> {
  const fresh = `${path}.new`
  await withFile(fresh, 'w', async (file) => {
    await file.writeFile(Buffer.concat([content, sha256(content)]))
    await file.sync()
  })
  await rename(fresh, path)
  await withFile(dirname(path), 'r', (directory) => directory.sync())
}

async function withFile(
  path: string,
  flags: string,
  work: (file: Awaited<ReturnType<typeof open>>) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, 0o600)
  try {
    await work(file)
  } finally {
    await file.close()
  }
}
