/**
 * The end of a step: at most one write, then the messages that need not wait for any; and what the disk says of its writes.
 *
 * Laws: a message leaves when the disk has what it promises, and never when that was lost; on a full disk leadership is over,
 * and there is no candidacy until a write has succeeded; after an I/O error the process ends.
 */
import { after } from '@lvsm/base'
import { confirm, type DiskBook, rollBack } from './disk-book.ts'
import type { Fault, Persist } from './events.ts'
import { sizeOf } from './entry.ts'
import { compact, entriesBetween, lastIndex, type RaftLog } from './log.ts'
import type { Message } from './messages.ts'
import { giveUpProposals } from './outcomes.ts'
import { becomeFollower, handOver } from './roles.ts'
import type { RaftState } from './state.ts'

export function onPersisted(state: RaftState, write: number): void {
  const done = confirm(state.disk, write)
  if (done) state.lastApplied = Math.max(state.lastApplied, done.appliedTo)
}

export function onPersistFailed(state: RaftState, write: number, fault: Fault): void {
  if (fault === 'io') return exit(state, 'the disk failed (EIO): what it holds cannot be relied on any more')
  if (!rollBack(state.disk, write, state.lastApplied)) return
  state.disk.full = { retryAt: after(state.now, state.settings.retryMs), trying: false }
  handOver(state)
  if (state.role !== 'follower') becomeFollower(state, state.currentTerm, null)
  giveUpProposals(state, 0)
}

function exit(state: RaftState, reason: string): void {
  giveUpProposals(state, 0)
  state.exited = true
  state.outbox = []
  state.disk.held = []
  state.effects.push({ kind: 'exit', reason })
}

/** One write for all that this step changed, and the messages. */
export function flush(state: RaftState): void {
  const { disk } = state
  const mayWrite = !disk.full || (disk.full.trying && disk.writing.length === 0)
  const persist = mayWrite ? nextWrite(state) : null
  if (persist) state.effects.push(persist)
  const messages = state.outbox
  state.outbox = []
  for (const message of messages) release(state, message)
  releaseHeld(state)
}

function release(state: RaftState, message: Message): void {
  const { disk, rules } = state
  const waits = rules.waitsFor(message)
  if (waits !== 'nothing' && isLost(state, waits === 'log')) return
  const write = waits === 'nothing' ? 0 : Math.max(disk.termWrite, waits === 'log' ? disk.logWrite : 0)
  if (write > disk.confirmed) hold(state, write, message)
  else state.effects.push({ kind: 'send', message })
}

/** Of the same kind, to the same node, the newest says all; so a disk that is stuck fills no memory. */
function hold({ disk }: RaftState, write: number, message: Message): void {
  const { kind, to } = message
  const isOld = (one: DiskBook['held'][number]): boolean =>
    one.write === write && one.message.kind === kind && one.message.to === to
  disk.held = [...disk.held.filter((one) => !isOld(one)), { write, message }]
}

/** What the message promises was not even given to the disk: it is full. */
function isLost({ disk, log }: RaftState, ofLog: boolean): boolean {
  const { hardState, install, truncateFrom } = disk.unsaved
  if (hardState || !ofLog) return hardState
  return install !== null || truncateFrom !== null || disk.issuedIndex < lastIndex(log)
}

function releaseHeld(state: RaftState): void {
  const { disk, rules, currentTerm } = state
  const free = disk.held.filter(({ write }) => write <= disk.confirmed)
  if (free.length === 0) return
  disk.held = disk.held.filter(({ write }) => write > disk.confirmed)
  for (const { message } of free)
    if (rules.isTimely(message.term, currentTerm)) state.effects.push({ kind: 'send', message })
}

function nextWrite(state: RaftState): Persist | null {
  const { disk, log, commitIndex } = state
  const { unsaved } = disk
  const applies = commitIndex > disk.issuedApplied
  // With what is written anyway: an idle cluster writes nothing.
  if (applies) forget(state)
  const append = entriesBetween(log, disk.issuedIndex + 1, lastIndex(log))
  const changesLog = append.length > 0 || unsaved.install !== null || unsaved.truncateFrom !== null
  // On a disk that was full an empty write will do, to see whether there is room again.
  if (!changesLog && !applies && !unsaved.hardState && !unsaved.compact && !disk.full) return null
  const write = ++disk.issued
  const persist: Persist = {
    kind: 'persist',
    write,
    hardState: unsaved.hardState ? { currentTerm: state.currentTerm, votedFor: state.votedFor } : null,
    install: unsaved.install,
    truncateFrom: unsaved.truncateFrom,
    append,
    apply: entriesBetween(log, disk.issuedApplied + 1, commitIndex),
    compact: unsaved.compact ? log.snapshot : null,
  }
  noteIssued(state, persist, changesLog)
  return persist
}

function noteIssued(state: RaftState, { write, hardState, install }: Persist, changesLog: boolean): void {
  const { disk, log, commitIndex, now } = state
  disk.issuedIndex = lastIndex(log)
  disk.issuedApplied = Math.max(disk.issuedApplied, commitIndex)
  if (hardState) disk.termWrite = write
  if (changesLog) disk.logWrite = write
  disk.unsaved = { hardState: false, install: null, truncateFrom: null, compact: false }
  const { issuedIndex: writtenTo, issuedApplied: appliedTo } = disk
  disk.writing.push({ write, writtenTo, appliedTo, installs: install, hardState: hardState !== null, at: now })
}

/** Compacts what is applied for certain, but for what followers that lag may still need. */
function forget(state: RaftState): void {
  const { log, lastApplied, settings, disk } = state
  const byCount = lastApplied - settings.keepEntries
  // Not one by one: a portion of a quarter at a time.
  const isDue = byCount - log.snapshot.index >= Math.max(1, settings.keepEntries / 4)
  const upTo = Math.max(isDue ? byCount : 0, Math.min(lastApplied, tooLarge(log, settings.keepSize)))
  if (disk.unsaved.install !== null || upTo <= log.snapshot.index) return
  compact(log, upTo)
  disk.unsaved.compact = true
}

/** The last entry that has to go where all of them together are larger than that; 0: none has. As above, a quarter at a time. */
function tooLarge({ entries }: RaftLog, most: number): number {
  let [size, upTo] = [0, 0]
  for (let at = entries.length - 1; at >= 0; at--) {
    const entry = entries[at]
    if (!entry) break
    size += sizeOf(entry)
    if (upTo === 0 && size > (most * 3) / 4) upTo = entry.index
    if (size > most) return upTo
  }
  return 0
}
