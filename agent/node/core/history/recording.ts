/**
 * The flight recorder of this node: what it knew, heard and did in the last minutes, once a second where something changed, in memory
 * (`packages/protocol/src/recorded`); and as a file soon after a group came here or left, for whoever asks later.
 */
import { after, earlier, type Instant, instant, later, NEVER_BEFORE } from '@lvsm/base'
import {
  encodeRecorded,
  isOfLease,
  itemsOf,
  type LeaseEvent,
  type LeaseStatus,
  type OwnRecord,
  Recorder,
  type Recording,
  type RecordedReport,
  serversIn,
  answerOf,
  type Source,
  type Status,
} from '@lvsm/protocol'
import type { NodeInput } from '../events.ts'
import { leaseFault, leaseStatus } from '../lease.ts'
import type { NodeState } from '../state.ts'

/** It is looked so often whether anything changed; where there are very many realservers, a millisecond for each of them. */
const EVERY_MS = 1000
const PER_SERVER_MS = 1
/** A move is written when what comes of it is known, and one after the other where many move. */
const WRITE_IN_MS = 1000
const REST_MS = 5000

export interface FlightRecorder {
  readonly memory: Recorder
  recordAt: Instant
  /** When the file of a move is due; null: nothing moved. */
  writeAt: Instant | null
  writtenAt: Instant
}
export const newFlightRecorder = (at: Instant): FlightRecorder => ({
  memory: new Recorder(),
  recordAt: at,
  writeAt: null,
  writtenAt: NEVER_BEFORE,
})

export const nextRecord = ({ recorder }: NodeState): Instant =>
  recorder.writeAt === null ? recorder.recordAt : earlier(recorder.recordAt, recorder.writeAt)

/** A word of the lease process; with a move the file is due. */
export function recordLeaseEvent({ recorder, now }: NodeState, { kind }: LeaseEvent): void {
  recorder.recordAt = now
  if (isOfLease(kind)) recorder.writeAt ??= later(after(now, WRITE_IN_MS), after(recorder.writtenAt, REST_MS))
}

/** What comes in and matters, in words. */
export function recordInput({ recorder }: NodeState, input: NodeInput): void {
  const text = wordsOf(input)
  if (text !== null) recorder.memory.happened(text)
}
function wordsOf(input: NodeInput): string | null {
  switch (input.kind) {
    case 'config':
      return `configuration: revision ${input.config.revision}, epoch ${input.config.epoch}`
    case 'observe-failed':
      return `the kernel could not be read: ${input.error}`
    case 'applied':
      return input.failures.length === 0
        ? null
        : `the kernel refused: ${input.failures.map(({ message }) => message).join('; ')}`
    case 'lease-up':
      return 'connected to the lease process'
    case 'lease-down':
      return `lost the lease process: ${input.reason}`
    case 'command':
      return `somebody here ordered: ${JSON.stringify(input.command)}`
    case 'confirmed':
      return `the coordinators have revision ${input.revision}`
    default:
      return null
  }
}

/** `status`: made only when it is due. */
export function recordIfDue(state: NodeState, status: () => Status): void {
  const { recorder, now, wallMs } = state
  const isWritten = recorder.writeAt !== null && now >= recorder.writeAt
  if (now < recorder.recordAt && !isWritten) return
  const known = status()
  recorder.memory.record(itemsOf(known, ownRecordOf(state)), now, wallMs(now) - now)
  recorder.recordAt = after(now, Math.max(EVERY_MS, PER_SERVER_MS * serversIn(known.services)))
  if (!isWritten) return
  recorder.writeAt = null
  recorder.writtenAt = now
  const { recording } = recorder.memory
  if (recording) state.effects.push({ kind: 'recording', text: textOf(state, recording) })
}

/** All that is in memory, for the file of an end. Null: there is nothing. */
export function recordedText(state: NodeState): string | null {
  const { recording } = state.recorder.memory
  return recording && textOf(state, recording)
}
const textOf = ({ node, now, wallMs }: NodeState, recording: Recording): string =>
  encodeRecorded({ node, writtenMs: wallMs(now), writtenAt: now, recording })

/** About one moment, from what is in memory, and where that does not have it from what was read of files. */
export function recordedReportOf(state: NodeState, agoMs: number, files: readonly Source[]): RecordedReport {
  const { recorder, node, now, wall, wallMs } = state
  const { recording } = recorder.memory
  const nowMs = wallMs(now)
  const memory: Source[] = recording ? [{ recording, aheadMs: nowMs - now, where: 'memory' }] : []
  const iso = (ms: number): string => wall(instant(ms - (nowMs - now)))
  return answerOf({ node, agoMs, nowMs, iso }, [...memory, ...files])
}

function ownRecordOf(state: NodeState): OwnRecord {
  const status = leaseStatus(state)
  return {
    lease: leaseFault(state),
    peers:
      status?.peers.map(({ name, life, unbelieved, agentless }) => ({
        name,
        life,
        why: whyOf(unbelieved, agentless),
      })) ?? [],
    parts: status ? partsOf(state, status) : [],
  }
}
const whyOf = (unbelieved: string | undefined, agentless: string | undefined): string =>
  [
    unbelieved === undefined ? [] : `what comes from its address is not believed: ${unbelieved}`,
    agentless === undefined ? [] : `its agent is not at work: ${agentless}`,
  ]
    .flat()
    .join('; ')

const partsOf = ({ published }: NodeState, { groups }: LeaseStatus): OwnRecord['parts'] =>
  groups.map(({ name, role, reason }) => ({ group: name, role, reason, unready: published.ready.get(name) ?? null }))
