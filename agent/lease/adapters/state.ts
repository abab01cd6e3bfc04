/**
 * The files of the lease process: what it must know after a restart, and its last view. Each write goes to a new file
 * that replaces the old one whole, and carries a checksum; a file that is missing, cut short or damaged reads as absent and
 * never stops the process. So does one of a version that is not understood, but it is not lost: the first write puts it aside
 * under a name of its own. Writing happens in the background: a disk that stalls or is full must not hold up a renewal.
 *
 * That an operator set the node to standby is kept twice, in the state and as a file that is there or not: where the state
 * is damaged, a director under maintenance must not come back to work.
 *
 * A voter without its state is silent as long as any cluster's longest lease. So that a new node need not wait, setting it
 * up writes a state that says: it never lent anything.
 */
import {
  type DurableState,
  type LeaseView,
  type Stored,
  decodeState,
  decodeView,
  encodeState,
  encodeView,
} from '@lvsm/protocol'
import { mkdirSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import { NEW_STATE } from '@lvsm/lease'
import { FRESH, isThere, readRegular } from '../../process/files.ts'

const SUM_BYTES = 32
const VIEW_RETRY_MS = 1000
/** The view of the largest cluster that a configuration file can describe is smaller. */
const LARGEST = 16 * 1024 * 1024

export interface LeaseState {
  /** Null: lost, damaged, or never set up; nobody can tell. */
  readonly state: DurableState | null
  readonly view: LeaseView | null
  /** What an operator wanted last, as far as any file says so. */
  readonly standby: boolean
  /** Files of versions that are not understood, each as a sentence with what becomes of it. */
  readonly strange: readonly string[]
  /** Files that are there and cannot be used, each as a sentence. */
  readonly damaged: readonly string[]
  /** The view first, where there is one. Resolves when the disk has both for certain; rejects when that is not known. */
  save(state: DurableState, view?: LeaseView | null): Promise<void>
  /** Tried again until it succeeds, or a newer view is to be kept. */
  saveView(view: LeaseView): void
  close(): void
}

/** Somebody moved the file already. */
const unlessGone = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error
}

const statePath = (directory: string): string => join(directory, 'lease.state')
const viewPath = (directory: string): string => join(directory, 'lease.view')
const standbyPath = (directory: string): string => join(directory, 'lease.standby')

/** `failed` hears of every view that did not reach the disk. */
export function openState(directory: string, failed: (error: Error) => void): LeaseState {
  const state = readFile(statePath(directory), decodeState)
  const view = readFile(viewPath(directory), decodeView)
  let writing: Promise<void> = Promise.resolve()
  let retry: NodeJS.Timeout | undefined
  const write = async (file: Kept<unknown>, content: Uint8Array): Promise<void> => {
    if (file.aside !== null) await rename(file.path, file.aside).catch(unlessGone)
    file.aside = null
    await replace(file.path, content)
  }
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = writing.then(work)
    writing = done.catch(() => undefined)
    return done
  }
  const standby = standbyPath(directory)
  const saveState = async (next: DurableState, withView: LeaseView | null): Promise<void> => {
    if (withView !== null) await write(view, encodeView(withView))
    // Where only one of the two is written, it is the one that keeps the node from work.
    if (next.standby) await mark(standby)
    await write(state, encodeState(next))
    if (!next.standby) await rm(standby, { force: true })
  }
  let latest: LeaseView | null = null
  const saveView = (next: LeaseView): void => {
    latest = next
    clearTimeout(retry)
    // While the disk stalls many may wait: only the newest is written, and what the voters rely on waits for no other.
    inTurn(async () => {
      if (latest === null || latest === next) await write(view, encodeView(next))
    }).catch((error: Error) => {
      failed(error)
      // A newer one may wait for its turn already.
      if (next === latest) retry = setTimeout(() => saveView(next), VIEW_RETRY_MS)
    })
  }
  return {
    state: state.value,
    view: view.value,
    standby: state.value?.standby ?? isMarked(standby),
    strange: [state, view].flatMap(({ strange }) => strange ?? []),
    damaged: [state, view].flatMap(({ damaged }) => damaged ?? []),
    save(next, withView = null) {
      // An older view that waits for its turn, or to be tried again, must not be written over it.
      if (withView !== null) {
        latest = withView
        clearTimeout(retry)
      }
      return inTurn(() => saveState(next, withView))
    },
    saveView,
    close() {
      latest = null
      clearTimeout(retry)
    },
  }
}

/** `kept`: there is a state, be it damaged, and it must not be forgotten. `lost`: the node took part before, without one. */
export type SetUp = 'fresh' | 'kept' | 'lost'

/** Makes the state of a node that never took part. */
export async function setUp(directory: string): Promise<SetUp> {
  mkdirSync(directory, { recursive: true, mode: 0o750 })
  if (isThere(statePath(directory))) return 'kept'
  if (isThere(viewPath(directory)) || isThere(standbyPath(directory))) return 'lost'
  await replace(statePath(directory), encodeState(NEW_STATE))
  return 'fresh'
}

/** Where nobody can tell, it is: that is the safe side. */
function isMarked(path: string): boolean {
  try {
    return isThere(path)
  } catch {
    return true
  }
}

/** With the next write of the state, the directory and so this name is on the disk. */
async function mark(path: string): Promise<void> {
  if (isThere(path)) return
  await mkdir(dirname(path), { recursive: true, mode: 0o750 })
  await withFile(path, FRESH, (file) => file.sync())
}

interface Kept<T> {
  readonly path: string
  readonly value: T | null
  readonly strange: string | null
  readonly damaged: string | null
  /** Where what is there goes before it is written over; null when nothing is lost by that. */
  aside: string | null
}
function readFile<T>(path: string, decode: (content: Uint8Array) => Stored<T>): Kept<T> {
  const read = readRegular(path, LARGEST, false)
  const nothing: Kept<T> = { path, value: null, strange: null, damaged: null, aside: null }
  if (!read.ok)
    return read.code === 'ENOENT' ? nothing : { ...nothing, damaged: `${path} cannot be used: ${read.reason}` }
  const content = contentOf(read.bytes)
  const stored: Stored<T> = content ? decode(content) : { kind: 'damaged' }
  switch (stored.kind) {
    case 'read':
      return { ...nothing, value: stored.value }
    case 'damaged':
      return { ...nothing, damaged: `${path} is damaged: it counts as lost` }
    case 'strange':
      return { ...nothing, ...putAside(path, stored.version, stored.age) }
  }
}

function putAside(path: string, version: number, age: 'older' | 'newer'): { strange: string; aside: string } {
  const aside = `${path}.version-${version}`
  const strange = `${path} was written by a version of lvsm-lease that is too ${age === 'newer' ? 'new' : 'old'} for this one (version ${version} of the file): it counts as lost, and is kept as ${aside}`
  return { strange, aside }
}

/** Null where the sum is not that of the content. */
function contentOf(bytes: Buffer): Uint8Array | null {
  const content = bytes.subarray(0, -SUM_BYTES)
  return Buffer.compare(sha256(content), bytes.subarray(-SUM_BYTES)) === 0 ? content : null
}

/**
 * The directory too: a name that is not on disk yet is none after a power cut (man 2 fsync). Where somebody removed the
 * directory it is made again.
 */
async function replace(path: string, content: Uint8Array): Promise<void> {
  const fresh = `${path}.new`
  await mkdir(dirname(path), { recursive: true, mode: 0o750 })
  // A link that somebody put there must not be written through.
  await rm(fresh, { force: true })
  await withFile(fresh, FRESH, async (file) => {
    await file.writeFile(Buffer.concat([content, sha256(content)]))
    await file.sync()
  })
  await rename(fresh, path)
  await withFile(dirname(path), 'r', (directory) => directory.sync())
}

async function withFile(
  path: string,
  flags: string | number,
  work: (file: Awaited<ReturnType<typeof open>>) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, 0o600)
  try {
    await work(file)
  } finally {
    await file.close()
  }
}
