/** What a machine had of a cluster is moved out of the way, and never removed: keys, and a database that may be wanted yet. */
import { mkdtempSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileFailure } from '../file-fault.ts'

const ASIDE = 'left-'

/** Names in it, those aside that were moved earlier; none where it is not there. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => !name.startsWith(ASIDE))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fileFailure('refused', `cannot look into ${directory}`, error, 'run it as root')
  }
}

/** Into a directory of their own, there, for its owner only: its path. */
export function setAside(directory: string, names: readonly string[], at: Date): string {
  const named = join(directory, `${ASIDE}${at.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-`)
  let aside = `${named}…`
  try {
    // For its owner only (man 3 mkdtemp), and another one each time, also within a second.
    aside = mkdtempSync(named)
    for (const name of names) renameSync(join(directory, name), join(aside, name))
  } catch (error) {
    throw fileFailure('refused', `cannot move what is in ${directory} to ${aside}`, error, 'run it as root')
  }
  return aside
}
