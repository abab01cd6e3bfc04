/**
 * All that the coordinators agree on about the configuration, and what one entry of their log makes of it: the same on each of
 * them, whatever it is, refusals included.
 */
import { invariant, type Refusal, type Warning } from '@lvsm/base'
import { type Config, judge } from '@lvsm/model'
import type {
  Electorate,
  Enrolled,
  Enrolment,
  Entry,
  Fact,
  Facts,
  People,
  Revision,
  Snapshot,
  Token,
} from '@lvsm/protocol'
import type { Context } from './command/command.ts'
import { MODEL_VERSION, refuseAddresses, refuseFinalize } from './command/version.ts'
import { type Document, documentOf, writtenOf } from './document/document.ts'
import { nodeOfServer } from './document/server-ref.ts'
import { applyEnrol, type EnrolEntry, keepEnrolled, NOBODY } from './enrol/enrol.ts'
import { addHalf, type Keyed, stepRing } from './enrol/key-ring.ts'
import { addToken, revokeToken, type Tokened } from './enrol/tokens.ts'
import { applyIntent } from './intent/apply.ts'
import { expireFacts, NO_FACTS } from './intent/facts.ts'
import { commit } from './revision/commit.ts'
import { firstElectorate } from './voters/electorate.ts'
import { applyVoters, type VotersEntry } from './voters/step.ts'
import { applyPeople, NO_PEOPLE, type PeopleEntry } from './users/users.ts'
import { beginHistory, DEFAULT_LIMIT, type History, newestOf, type Signature } from './revision/history.ts'

export interface State {
  readonly history: History
  /** What the newest document means. */
  readonly config: Config
  readonly facts: Facts
  /** Which nodes are in, and how others may come in. */
  readonly enrolled: Enrolled
  readonly electorate: Electorate
  /** Who may look at it and change it over HTTPS. */
  readonly people: People
  /** The newest model version that the cluster has agreed to speak. */
  readonly finalized: number
}

export type Outcome =
  /** `revision` null: everything was so before. */
  | {
      readonly kind: 'changed'
      readonly revision: Revision | null
      readonly warnings: readonly Warning[]
    }
  | {
      readonly kind: 'wanted'
      readonly added: readonly Fact[]
      readonly removed: readonly Fact[]
      /** No fact had it so; but a node is on standby no more now, where it was told so itself. */
      readonly ended?: true
      readonly warnings: readonly Warning[]
    }
  | { readonly kind: 'expired'; readonly over: readonly Fact[] }
  /** Made, or revoked. */
  | { readonly kind: 'token'; readonly token: Token }
  /** `revision` null: the configuration had the node before. */
  | {
      readonly kind: 'enrolled'
      readonly enrolment: Enrolment
      readonly revision: Revision | null
      readonly warnings: readonly Warning[]
    }
  /** Heartbeat keys changed, or nothing about them was new. */
  | { readonly kind: 'keys' }
  | { readonly kind: 'finalized' }
  /** A coordinator may be elsewhere: whoever has its record replaces what that says. */
  | { readonly kind: 'addressed' }
  /** A user, or a token for scripts, was made, changed or removed. */
  | { readonly kind: 'people' }
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] }

export interface Step {
  readonly state: State
  readonly outcome: Outcome
}

const meaningOf = (document: Document, revision: number): Config | null => {
  const { config } = judge(writtenOf(document, revision))
  return config ?? null
}

/** The state of a cluster that begins. The document keeps the rules: it comes from `parseDocument` or a command. */
export function beginState(
  document: Document,
  signature: Signature,
  finalized = MODEL_VERSION,
  limit = DEFAULT_LIMIT,
  { enrolled = NOBODY, people = NO_PEOPLE }: Partial<Pick<State, 'enrolled' | 'people'>> = {},
): State {
  const config = meaningOf(document, 1)
  invariant(config !== null, 'a cluster begins with a document that keeps the rules')
  return {
    history: beginHistory(document, signature, finalized, limit),
    config,
    facts: NO_FACTS,
    enrolled,
    electorate: firstElectorate(document),
    people,
    finalized,
  }
}

export function applyEntry(state: State, entry: Entry, voters: Context['voters'] = 'stay'): Step {
  const { history, facts, config, enrolled, finalized } = state
  switch (entry.kind) {
    case 'change': {
      const result = commit(history, entry, entry, { finalized, voters, facts, enrolled: namesOf(enrolled) })
      if (result.refusals) return { state, outcome: { kind: 'refused', ...result } }
      const { revision, warnings } = result
      const { history: later, config: meaning } = result
      const left = keepEnrolled(enrolled, meaning)
      const next = revision === null ? state : { ...state, history: later, config: meaning, enrolled: left }
      return { state: next, outcome: { kind: 'changed', revision, warnings } }
    }
    case 'intent': {
      const { author, at } = entry
      const result = applyIntent(facts, entry.command, { finalized, author, now: at, config, pooled: pooledIn(state) })
      if (result.refusals) return { state, outcome: { kind: 'refused', refusals: result.refusals } }
      const { facts: after, ...outcome } = result
      return { state: { ...state, facts: after }, outcome: { kind: 'wanted', ...outcome } }
    }
    case 'expire': {
      const left = expireFacts(facts, entry.at)
      return { state: { ...state, facts: left.facts }, outcome: { kind: 'expired', over: left.over } }
    }
    case 'token':
      return tokened(state, addToken(enrolled, entry))
    case 'revoke':
      return tokened(state, revokeToken(enrolled, entry))
    case 'enrol':
      return enrolling(state, entry)
    case 'heartbeat-key':
      return keyed(state, addHalf(enrolled, entry.name, entry.public, entry.lost))
    case 'heartbeat-step':
      return keyed(state, { enrolled: stepRing(enrolled, entry.ring) })
    case 'voters':
      return electing(state, entry)
    case 'finalize': {
      const refusal = refuseFinalize(entry.version, finalized)
      if (refusal) return { state, outcome: { kind: 'refused', refusals: [refusal] } }
      return { state: { ...state, finalized: entry.version }, outcome: { kind: 'finalized' } }
    }
    case 'coordinator-address': {
      const refusal = refuseAddresses(finalized)
      return { state, outcome: refusal ? { kind: 'refused', refusals: [refusal] } : { kind: 'addressed' } }
    }
    default:
      return peopled(state, entry)
  }
}

const namesOf = ({ nodes }: Enrolled): string[] => nodes.map(({ name }) => name)
const pooledIn = ({ history }: State): string[] =>
  Object.values(history.document.pools).flatMap(({ realservers }) => Object.keys(realservers).map(nodeOfServer))

function electing(state: State, entry: VotersEntry): Step {
  const result = applyVoters(state.history, entry, state.finalized)
  if (result.refusals) return { state, outcome: { kind: 'refused', ...result } }
  const { history, config, revision, warnings } = result.done
  const next = { ...state, history, config, electorate: result.electorate }
  return { state: next, outcome: { kind: 'changed', revision, warnings } }
}

function tokened(state: State, result: Tokened): Step {
  if (result.refusal) return { state, outcome: { kind: 'refused', refusals: [result.refusal] } }
  const { enrolled, token } = result
  return { state: { ...state, enrolled }, outcome: { kind: 'token', token } }
}

function keyed(state: State, { refusal, enrolled }: Keyed): Step {
  if (refusal) return { state, outcome: { kind: 'refused', refusals: [refusal] } }
  return { state: enrolled === state.enrolled ? state : { ...state, enrolled }, outcome: { kind: 'keys' } }
}

function peopled(state: State, entry: PeopleEntry): Step {
  const { refusal, people } = applyPeople(state.people, entry)
  if (refusal) return { state, outcome: { kind: 'refused', refusals: [refusal] } }
  return { state: { ...state, people }, outcome: { kind: 'people' } }
}

function enrolling(state: State, entry: EnrolEntry): Step {
  const result = applyEnrol(state, entry)
  if (result.refusals) return { state, outcome: { kind: 'refused', refusals: result.refusals } }
  const { enrolled, enrolment, added } = result
  const next = added ? { ...state, enrolled, history: added.history, config: added.config } : { ...state, enrolled }
  const { revision = null, warnings = [] } = added ?? {}
  return { state: next, outcome: { kind: 'enrolled', enrolment, revision, warnings } }
}

/** To be kept, or sent to a coordinator that is behind. */
export const snapshotOf = ({ history, facts, enrolled, electorate, people, finalized }: State): Snapshot => ({
  file: writtenOf(history.document, newestOf(history)),
  revisions: history.revisions,
  limit: history.limit,
  facts,
  enrolled,
  electorate,
  people,
  finalized,
})

/** Null: its document is no configuration, or its revisions are not one after the other. */
export function stateOf(snapshot: Snapshot): State | null {
  const { file, revisions, limit, facts, enrolled, electorate, people, finalized } = snapshot
  const { config, written } = judge(file)
  const first = revisions[0]?.number ?? 0
  const inRow = revisions.length > 0 && revisions.every(({ number }, at) => number === first + at)
  if (!config || !inRow || config.revision !== revisions.at(-1)?.number) return null
  const history = { document: documentOf(written), revisions, limit }
  return { history, config, facts, enrolled, electorate, people, finalized }
}
