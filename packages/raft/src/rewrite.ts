/** The two ways in which a log loses entries, in memory and in the books of the disk. */
import { noteInstalled, noteTruncated } from './disk-book.ts'
import type { Snapshot } from './entry.ts'
import { replace, truncate } from './log.ts'
import type { RaftState } from './state.ts'

export function truncateLog(state: RaftState, index: number): void {
  truncate(state.log, index)
  noteTruncated(state.disk, index, state.rules)
}

export function replaceLog(state: RaftState, snapshot: Snapshot): void {
  replace(state.log, snapshot)
  noteInstalled(state.disk, snapshot)
  state.commitIndex = snapshot.index
}
