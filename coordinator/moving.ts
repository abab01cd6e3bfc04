/** A coordinator that is there gets other addresses: its home says so from now on, and it tells the others when it starts. */
import { describeRefusal } from '@lvsm/base'
import type { CoordinatorHome } from '@lvsm/protocol'
import type { Unready } from '../agent/process/directories.ts'
import { readHome, writeSelf } from './home.ts'

export interface Moving {
  readonly stateDir: string
  readonly listen: CoordinatorHome['listen']
  /** Empty: people do not reach it. */
  readonly api: CoordinatorHome['listen']
}

/** Null: done, or it was so before. Throws what the system says. */
export function moveCoordinator({ stateDir, listen, api }: Moving): Unready | null {
  const read = readHome(stateDir)
  if (!read.ok) return { exit: 'refused', faults: [`${describeRefusal(read.refusal)}; nothing was changed`] }
  const { api: _, ...self } = read.home.self
  writeSelf(stateDir, { ...self, listen, ...(api.length > 0 ? { api } : {}) })
  return null
}
