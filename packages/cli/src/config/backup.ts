/** `lvsm backup FILE`: what recovery needs, in one file that is whole or is not there. */
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { dirname } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { describeRefusal } from '@lvsm/base'
import { BACKUP, BACKUP_HEADER, type BackupHead, decodeBackupHead, type Exit, readConfigRefused } from '@lvsm/protocol'
import { Failure } from '../failure.ts'
import { fileFailure } from '../file-fault.ts'
import { reasonOf, type Silence, unreached } from '../http.ts'
import { withProgress } from '../terminal.ts'
import type { CoordinatorSession } from './write.ts'

/** Nothing moves for so long: a copy is made first. */
const PATIENCE_MS = 120_000

export async function backup({ own, terminal }: CoordinatorSession, file: string): Promise<Exit> {
  if (existsSync(file)) throw unwritable(file, THERE)
  // Under its name it is there when it is whole: also who breaks this off, or loses power, has none that only looks like one.
  const part = `${file}.part-${randomBytes(4).toString('hex')}`
  const handle = await openNew(file, part)
  try {
    const { cluster, revision } = await withProgress('making a backup', fetched(own, handle))
    name(part, file)
    terminal.print(
      `${file}: cluster ${cluster} with revision ${revision}, checked\n  → it has the keys of the cluster: whoever reads it can be any node; keep it as safe as a password of root\n`,
    )
    return 'ok'
  } finally {
    await handle.close()
    rmSync(part, { force: true })
  }
}

const unwritable = (file: string, error: unknown): Failure =>
  fileFailure('usage', `cannot write ${file}`, error, 'make its directory first, or name another file')
const THERE = { code: 'EEXIST' }

/** For its owner only from the moment that it is there. */
const openNew = (file: string, part: string): Promise<FileHandle> =>
  open(part, 'wx', 0o600).catch((error: Error) => {
    throw unwritable(file, error)
  })

function name(part: string, file: string): void {
  try {
    linkSync(part, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw unwritable(file, error)
    // A file system that has no links.
    renameSync(part, file)
  }
  const folder = openSync(dirname(file), 'r')
  fsyncSync(folder)
  closeSync(folder)
}

async function fetched(paths: readonly string[], handle: FileHandle): Promise<BackupHead> {
  const incoming = await firstAnswer(paths)
  const head = incoming.statusCode === 200 ? decodeBackupHead(String(incoming.headers[BACKUP_HEADER])) : null
  if (!head) throw await refusal(incoming)
  const hash = createHash('sha256')
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      hash.update(chunk)
      await handle.appendFile(chunk)
    }
    await handle.sync()
  } catch (error) {
    const message = `the backup did not arrive: ${(error as Error).message}`
    throw new Failure('unreachable', message, 'nothing is left of it; try again')
  }
  if (hash.digest('hex') === head.sha256) return head
  throw new Failure(
    'unreachable',
    'the backup that arrived is not the one that was made',
    'nothing is left of it; try again',
  )
}

async function firstAnswer(paths: readonly string[]): Promise<IncomingMessage> {
  const silences: Silence[] = []
  for (const socketPath of paths) {
    const heard = await answerOf(socketPath).catch(
      (error: Error) => void silences.push({ socketPath, reason: reasonOf(error, 'coordinator', socketPath) }),
    )
    if (heard) return heard
  }
  throw unreached(
    'a coordinator',
    silences,
    'a backup is made on the node of a coordinator (lvsm coordinators names them), as root',
  )
}
function answerOf(socketPath: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, ...BACKUP, agent: false, timeout: PATIENCE_MS }, resolve)
    outgoing.on('timeout', () => outgoing.destroy(new Error(`nothing came for ${PATIENCE_MS / 1000} s`)))
    outgoing.on('error', reject)
    outgoing.end()
  })
}

async function refusal(incoming: IncomingMessage): Promise<Failure> {
  const text = await readAll(incoming)
  const [first] = readConfigRefused(parsed(text))?.refusals ?? []
  return first
    ? new Failure('refused', describeRefusal(first), '')
    : new Failure('unreachable', `HTTP ${incoming.statusCode} without a reason`, 'is it a coordinator of this version?')
}
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
