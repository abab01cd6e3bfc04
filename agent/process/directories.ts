/** The directories of a daemon: made, looked at, and locked, before anything else is touched. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DaemonExit } from '@lvsm/protocol'
import { DirectoryLock } from './lock.ts'
import { doubtOwnDirectory } from './trust.ts'

export interface Directories {
  readonly program: string
  readonly runDir: string
  readonly stateDir: string
  /** In the run directory. */
  readonly socket: string
  readonly lock: string
}
/** Why a daemon cannot be, as lines for people. */
export interface Unready {
  readonly exit: DaemonExit
  readonly faults: readonly string[]
}

/** Of a path of a socket (`sun_path`, man 7 unix), with the zero behind it. */
const LONGEST_PATH = 107

export function takeDirectories({ program, runDir, stateDir, socket, lock }: Directories): DirectoryLock | Unready {
  const path = join(runDir, socket)
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    const most = LONGEST_PATH - socket.length - 1
    return {
      exit: 'refused',
      faults: [`--run-dir ${runDir} is too long for a unix socket: at most ${most} characters`],
    }
  }
  try {
    for (const directory of [runDir, stateDir]) {
      mkdirSync(directory, { recursive: true, mode: 0o750 })
      const [doubt] = doubtOwnDirectory(directory)
      if (doubt) return { exit: 'refused', faults: [`${doubt.message}; nothing was changed`, `  → ${doubt.hint}`] }
    }
    const taken = new DirectoryLock(join(runDir, lock))
    if (taken.take()) return taken
  } catch (error) {
    return { exit: 'world', faults: [`cannot use ${runDir} and ${stateDir}: ${(error as Error).message}`] }
  }
  const held = `another ${program} already runs for ${runDir}`
  return { exit: 'world', faults: [held, '  → stop it first, or give this one its own --run-dir'] }
}
