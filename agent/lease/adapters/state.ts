/**
 * The two files of the lease process: what it must know after a restart, and its last view. Each write goes to a new file
 * that replaces the old one whole, and carries a checksum; a file that is missing, cut short or damaged reads as absent and
 * never stops the process. So does one of a version that is not understood, but it is not lost: the first write puts it aside
 * under a name of its own. Writing happens in the background: a disk that stalls or is full must not hold up a renewal.
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
import { lstatSync, mkdirSync, readFileSync } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import { NEW_STATE } from '@lvsm/lease'

const SUM_BYTES = 32
const VIEW_RETRY_MS = 1000

export interface LeaseState {
  /** Null: lost, damaged, or never set up; nobody can tell. */
  readonly state: DurableState | null
  readonly view: LeaseView | null
  /** Files of versions that are not understood, each as a sentence with what becomes of it. */
  readonly strange: readonly string[]
  /** Resolves when the disk has it for certain; rejects when that is not known. */
  save(state: DurableState): Promise<void>
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
  let latest: LeaseView | null = null
  const saveView = (next: LeaseView): void => {
    latest = next
    clearTimeout(retry)
    inTurn(() => write(view, encodeView(next))).catch((error: Error) => {
      failed(error)
      // A newer one may wait for its turn already.
      if (next === latest) retry = setTimeout(() => saveView(next), VIEW_RETRY_MS)
    })
  }
  return {
    state: state.value,
    view: view.value,
    strange: [state, view].flatMap(({ strange }) => (strange === null ? [] : [strange])),
    save: (next) => inTurn(() => write(state, encodeState(next))),
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
  if (exists(statePath(directory))) return 'kept'
  if (exists(viewPath(directory))) return 'lost'
  await replace(statePath(directory), encodeState(NEW_STATE))
  return 'fresh'
}

/** Throws where nobody can tell. */
const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

interface Kept<T> {
  readonly path: string
  readonly value: T | null
  readonly strange: string | null
  /** Where what is there goes before it is written over; null when nothing is lost by that. */
  aside: string | null
}
function readFile<T>(path: string, decode: (content: Uint8Array) => Stored<T>): Kept<T> {
  const content = readSummed(path)
  const stored = content && decode(content)
  if (stored?.kind !== 'strange')
    return { path, value: stored?.kind === 'read' ? stored.value : null, strange: null, aside: null }
  const { age, version } = stored
  const aside = `${path}.version-${version}`
  const strange = `${path} was written by a version of lvsm-lease that is too ${age === 'newer' ? 'new' : 'old'} for this one (version ${version} of the file): it counts as lost, and is kept as ${aside}`
  return { path, value: null, strange, aside }
}

function readSummed(path: string): Uint8Array | null {
  try {
    const bytes = readFileSync(path)
    const content = bytes.subarray(0, -SUM_BYTES)
    return Buffer.compare(sha256(content), bytes.subarray(-SUM_BYTES)) === 0 ? content : null
  } catch {
    return null
  }
}

/**
 * The directory too: a name that is not on disk yet is none after a power cut (man 2 fsync). Where somebody removed the
 * directory it is made again.
 */
async function replace(path: string, content: Uint8Array): Promise<void> {
  const fresh = `${path}.new`
  await mkdir(dirname(path), { recursive: true, mode: 0o750 })
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
