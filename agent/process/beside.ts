/** Files that are written beside the loop (libuv's threads): whoever does not wait is held up by no disk. */
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FRESH } from './files.ts'

/** Whole or not at all, for root alone. Throws what the system says. */
export async function replaceBeside(path: string, content: string): Promise<void> {
  const fresh = `${path}.new`
  await rm(fresh, { force: true })
  const file = await open(fresh, FRESH, 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(fresh, path)
  const directory = await open(dirname(path))
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
