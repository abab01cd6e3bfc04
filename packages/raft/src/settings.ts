/** Settings of the core, and the inequalities between them. */
import type { Refusal } from '@lvsm/base'

export interface Settings {
  /** Silence of a leader after which an election begins, at least; at most twice as long. Milliseconds. */
  readonly electionMs: number
  readonly heartbeatMs: number
  /** False while a release without pre-vote may have to come back. */
  readonly preVote: boolean
  /** Appends to one follower that are not answered yet. */
  readonly window: number
  /** Entries of one message: so much, or a single entry. In the unit of `sizeOf`. */
  readonly messageSize: number
  /** Proposals are refused while so much is not committed. */
  readonly uncommittedSize: number
  /** A proposal must not be larger. */
  readonly entrySize: number
  /** Applied entries that are kept for followers that lag. */
  readonly keepEntries: number
  /** Of those no more than this, in the unit of `sizeOf`: who lags further gets the whole state. */
  readonly keepSize: number
  /** A learner is caught up when it lags no more than so many entries, and has not for so long. */
  readonly promoteLag: number
  readonly promoteMs: number
  /** A write that takes longer makes a leader hand over. */
  readonly stallMs: number
  /** After so long a full disk is tried again. */
  readonly retryMs: number
  /** A snapshot of which nothing is heard for so long is given up. */
  readonly snapshotMs: number
}

export const DEFAULTS: Settings = {
  electionMs: 1000,
  heartbeatMs: 150,
  preVote: true,
  window: 16,
  messageSize: 262_144,
  uncommittedSize: 16_777_216,
  entrySize: 4_194_304,
  keepEntries: 1000,
  keepSize: 67_108_864,
  promoteLag: 250,
  promoteMs: 10_000,
  stallMs: 2000,
  retryMs: 5000,
  snapshotMs: 60_000,
}

/** Each rule: the field, whether it is kept, what it says. */
const RULES: readonly (readonly [keyof Settings, (s: Settings) => boolean, string])[] = [
  ['heartbeatMs', (s) => s.heartbeatMs > 0, 'heartbeatMs > 0'],
  // One lost heartbeat must not be an election.
  ['electionMs', (s) => s.electionMs > 2 * s.heartbeatMs, 'electionMs > 2 × heartbeatMs'],
  ['window', (s) => s.window >= 1, 'window ≥ 1'],
  ['messageSize', (s) => s.messageSize > 0, 'messageSize > 0'],
  ['uncommittedSize', (s) => s.uncommittedSize >= s.entrySize, 'uncommittedSize ≥ entrySize'],
  ['keepEntries', (s) => s.keepEntries >= s.promoteLag, 'keepEntries ≥ promoteLag'],
  // Else one entry alone would be too many.
  ['keepSize', (s) => s.keepSize >= 4 * s.entrySize, 'keepSize ≥ 4 × entrySize'],
  ['stallMs', (s) => s.stallMs >= s.electionMs, 'stallMs ≥ electionMs'],
]

export function refuseSettings(settings: Settings): Refusal[] {
  return RULES.filter(([, isKept]) => !isKept(settings)).map(([field, , law]) => ({
    code: 'impossible-settings',
    field,
    message: `${field} ${settings[field]} breaks ${law}`,
    hint: `the default is ${DEFAULTS[field]}`,
  }))
}
