/** What a disk lets a node be. */
import { waitedMs } from './disk-book.ts'
import type { RaftState } from './state.ts'

/** A write has been under way for too long. */
export const isStalled = ({ disk, settings, now }: RaftState): boolean => waitedMs(disk, now) >= settings.stallMs
/** No leader, and no candidate. */
export const isSick = (state: RaftState): boolean => state.disk.full !== null || isStalled(state)
