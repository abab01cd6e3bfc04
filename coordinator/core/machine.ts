/**
 * What the coordinators agree on, and what an entry of their log makes of it: the configuration, and who they are. The same on
 * each of them, whatever the entry is.
 */
import { invariant, type Refusal } from '@lvsm/base'
import {
  applyEntry,
  beginState,
  DEFAULT_LIMIT,
  documentOf,
  MODEL_VERSION,
  type Outcome,
  refuseLeaving,
  type State,
} from '@lvsm/changes'
import { judge } from '@lvsm/model'
import {
  type AddressEntry,
  decodeEntry,
  decodeMember,
  decodeWhole,
  encodeWhole,
  type MemberRecord,
  memberRecord,
  type User,
} from '@lvsm/protocol'
import type { Entry, NodeId } from '@lvsm/raft'
import type { StateMachine } from '../ports.ts'
import { configurationOf, partsOfConfiguration } from './configuration-parts.ts'

export interface Coordinated {
  /** Null: the first entry of the log is not here yet. */
  readonly configured: State | null
  readonly members: ReadonlyMap<NodeId, MemberRecord>
}
export const NOTHING: Coordinated = { configured: null, members: new Map() }

export type Result =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  /** The members are these now. */
  | { readonly kind: 'members' }
  | { readonly kind: 'nothing' }

/**
 * Why this program must not apply the entry: others make of it what this one cannot. Whoever skipped it would have another
 * configuration than they from then on.
 */
export function doubtEntry(entry: Entry): string | null {
  switch (entry.kind) {
    case 'noop':
      return null
    case 'command': {
      const reason = unreadEntry(entry.payload)
      return reason === null ? null : `entry ${entry.index} is ${reason}`
    }
    case 'membership':
      return doubtMember(entry)
  }
}

function doubtMember({ index, payload }: Extract<Entry, { kind: 'membership' }>): string | null {
  if (payload === '') return null
  const member = decodeMember(payload)
  if (!member) return `entry ${index} is not understood`
  const { finalized = 0 } = member.founding ?? {}
  return finalized > MODEL_VERSION ? `entry ${index} begins with version ${finalized}` : null
}

/** Why a change must not get into the log. Of members only one that comes has a payload. */
export function refuseChange(wish: { readonly kind: 'write' | 'change'; readonly payload: string }): Refusal | null {
  const reason = wish.kind === 'write' ? unreadEntry(wish.payload) : unreadMember(wish.payload)
  if (reason === null) return null
  return {
    code: 'not-understood',
    message: `the coordinators do not understand this change: it is ${reason}`,
    hint: 'use an lvsm of their version, and report it if it is',
  }
}
function unreadEntry(payload: string): string | null {
  const read = decodeEntry(payload)
  if (!read.ok) return read.reason
  const { entry } = read
  // What comes behind it may mean what this program does not know.
  return entry.kind === 'finalize' && entry.version > MODEL_VERSION ? `the agreement on version ${entry.version}` : null
}
/** A cluster begins once: nobody asks for that. */
function unreadMember(payload: string): string | null {
  const entry = payload === '' ? null : decodeMember(payload)
  return payload !== '' && (entry === null || entry.founding) ? 'no record of a coordinator' : null
}

/** Of an entry without a doubt. */
export function applyLogEntry(state: Coordinated, entry: Entry): { state: Coordinated; result: Result } {
  switch (entry.kind) {
    case 'noop':
      return { state, result: { kind: 'nothing' } }
    case 'membership':
      return { state: withMembers(state, entry), result: { kind: 'members' } }
    case 'command':
      return withChange(state, entry.payload)
  }
}

function withChange(state: Coordinated, payload: string): { state: Coordinated; result: Result } {
  const read = decodeEntry(payload)
  const { configured } = state
  invariant(read.ok && configured, 'what is applied is understood, and comes after the beginning')
  const { state: next, outcome } = applyEntry(configured, read.entry)
  if (outcome.kind === 'addressed' && read.entry.kind === 'coordinator-address') return withAddress(state, read.entry)
  const left = outcome.kind === 'changed' ? refuseLeaving(state.members.values(), outcome.revision?.change ?? []) : null
  if (left) return { state, result: { kind: 'outcome', outcome: { kind: 'refused', refusals: [left] } } }
  return {
    state: next === configured ? state : { ...state, configured: next },
    result: { kind: 'outcome', outcome },
  }
}

/** Of the coordinator that is there by that id and that key; whoever was removed meanwhile is nowhere. */
function withAddress(state: Coordinated, entry: AddressEntry): { state: Coordinated; result: Result } {
  const { id, key, addresses, api } = entry
  const record = state.members.get(id)
  if (record?.key !== key)
    return { state, result: { kind: 'outcome', outcome: { kind: 'refused', refusals: [OTHER] } } }
  const moved = { name: record.name, addresses, key, ...(api ? { api } : {}) }
  // In the order of the ids, as a database has them.
  const members = new Map([...state.members].map(([one, known]) => [one, one === id ? moved : known]))
  return { state: { ...state, members }, result: { kind: 'outcome', outcome: { kind: 'addressed' } } }
}
const OTHER: Refusal = {
  code: 'no-such-coordinator',
  message: 'there is no coordinator with this id and this key: it was removed, or set up anew',
  hint: 'lvsm coordinators says who there is; on a node that is to be one: lvsm coordinators join',
}

function withMembers(state: Coordinated, { index, membership, payload }: Extract<Entry, { kind: 'membership' }>) {
  const entry = payload === '' ? null : decodeMember(payload)
  const ids = new Set(membership.members.map(({ id }) => id))
  const members = new Map([...state.members].filter(([id]) => ids.has(id)))
  // An id is the index of the entry that added it.
  if (entry && ids.has(index)) members.set(index, entry.member)
  if (!entry?.founding) return { ...state, members }
  invariant(state.configured === null, 'a cluster begins once')
  const { file, author, at, finalized, enrolment, admin } = entry.founding
  const { config, written } = judge(file)
  invariant(config, 'a cluster begins with a document that keeps the rules')
  const { heartbeat } = enrolment ?? {}
  const ring = heartbeat ? { ring: heartbeat.since } : {}
  const enrolled = { tokens: [], nodes: enrolment ? [enrolment] : [], ...ring }
  const users: User[] = admin ? [{ ...admin, role: 'admin', author, at }] : []
  const begun = { enrolled, people: { users, tokens: [] } }
  const signature = { author, at, comment: '' }
  return { members, configured: beginState(documentOf(written), signature, finalized, DEFAULT_LIMIT, begun) }
}

/** By the configuration as it is now. */
export function isDirector({ configured, members }: Coordinated, id: NodeId): boolean {
  const [name, nodes] = [members.get(id)?.name, configured?.history.document.nodes]
  if (nodes === undefined || name === undefined || !Object.hasOwn(nodes, name)) return false
  return nodes[name]?.roles.includes('director') === true
}

const MEMBER = 'member/'

export const MACHINE: StateMachine<Coordinated, Result> = {
  apply: applyLogEntry,
  partsOf: ({ configured, members }) =>
    new Map<string, unknown>([
      ...partsOfConfiguration(configured),
      ...[...members].map(([id, record]): [string, unknown] => [`${MEMBER}${id}`, record]),
    ]),
  stateOf(parts) {
    const all = [...parts]
    const configuration = configurationOf(new Map(all.filter(([key]) => !key.startsWith(MEMBER))))
    const members = membersOf(all.filter(([key]) => key.startsWith(MEMBER)))
    return configuration && members && { state: { configured: configuration.state, members } }
  },
}

function membersOf(parts: readonly (readonly [string, unknown])[]): Map<NodeId, MemberRecord> | null {
  const members = new Map<NodeId, MemberRecord>()
  for (const [key, value] of parts) {
    const id = Number(key.slice(MEMBER.length))
    const read = memberRecord.safeParse(value)
    if (!Number.isSafeInteger(id) || id < 1 || !read.success) return null
    members.set(id, read.data)
  }
  return new Map([...members].toSorted(([a], [b]) => a - b))
}

/** For a coordinator that is too far behind for the log. */
export const textOf = (state: Coordinated): string => encodeWhole(MACHINE.partsOf(state))

/** Null: no state of this version. Never throws, whatever the text. */
export function readText(text: string): Coordinated | null {
  const parts = decodeWhole(text)
  return (parts && MACHINE.stateOf(parts)?.state) ?? null
}
