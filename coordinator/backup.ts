/** A copy of all that this coordinator keeps: its database, and the keys and secrets without which that is of no use. */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { newestOf } from '@lvsm/changes'
import type { MadeBackup } from './adapters/api/backup.ts'
import type { Store } from './adapters/store/store.ts'
import type { Coordinated, Result } from './core/machine.ts'
import { readFiles } from './home.ts'

/** In the state directory, until it is sent. */
const NAME = /^backup-[0-9a-f]{16}\.db(-journal|-wal|-shm)?$/

/** Of a process that ended meanwhile: keys and secrets stand in it. Throws what the system says. */
function removeLeft(stateDir: string): void {
  for (const old of readdirSync(stateDir).filter((name) => NAME.test(name)))
    rmSync(join(stateDir, old), { force: true })
}

type Copied = Pick<Store<Coordinated, Result>, 'copy' | 'kept'>

/** How one is made; what an earlier process left goes at once. */
export function backups(stateDir: string, store: Copied, say: (text: string) => void): () => Promise<MadeBackup> {
  try {
    removeLeft(stateDir)
  } catch (error) {
    say(`what an earlier backup left in ${stateDir} cannot be removed: ${String(error)}`)
  }
  return () => makeBackup(stateDir, store)
}

export async function makeBackup(stateDir: string, store: Copied): Promise<MadeBackup> {
  removeLeft(stateDir)
  const { configured } = store.kept.machine
  if (!configured) return { ok: false, reason: 'there is no configuration yet' }
  const path = join(stateDir, `backup-${randomBytes(8).toString('hex')}.db`)
  const fault = await store.copy(path, readFiles(stateDir))
  if (fault !== null) return { ok: false, reason: fault }
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  const head = {
    cluster: configured.config.cluster,
    revision: newestOf(configured.history),
    sha256: hash.digest('hex'),
  }
  return { ok: true, path, head }
}
