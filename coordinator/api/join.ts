/** How a machine comes in, as far as it is values: the entry of the log, why it stays outside, and what it is told. */
import { applyEntry, entriesOf, newestOf, type Outcome, refuseToken, type State, writtenOf } from '@lvsm/changes'
import type { Refusal } from '@lvsm/base'
import type { Entry, KeyFile, JoinBody, JoinPreview, JoinPreviewBody, JoinReport, MemberRecord } from '@lvsm/protocol'
import type { Written } from '../configuration.ts'
import { notNow, type Reply, refusedWith } from './reply.ts'
import { checked, type Made } from './writes.ts'

type EnrolEntry = Extract<Entry, { kind: 'enrol' }>
/** What of a request the log gets in place of secrets. */
export interface Shown {
  /** SHA-256 of the token's secret. */
  readonly digest: string
  /** SHA-256 of the machine's public key (SubjectPublicKeyInfo, DER). */
  readonly key: string
  /** Milliseconds of the coordinator's wall clock. */
  readonly at: number
}

const entryOf = ({ token, name, node, model }: JoinBody | JoinPreviewBody, shown: Shown): EnrolEntry => ({
  kind: 'enrol',
  id: token.id,
  name,
  node,
  model,
  ...shown,
})
export const enrolEntry = (body: JoinBody, shown: Shown): Made =>
  checked({ ...entryOf(body, shown), ...(body.heartbeat === undefined ? {} : { heartbeat: body.heartbeat }) })

/** Of a machine that did not come in; null: it did. */
export function outsideReply(written: Written): Reply | null {
  if (written.kind === 'refused') return notNow(written)
  if (written.kind === 'unknown') return refusedWith(202, [UNKNOWN])
  return refusedOutcome(written.outcome)
}
/** What would become of it now; null: it would come in. */
export const refusalOf = (state: State, entry: Entry): Reply | null => refusedOutcome(applyEntry(state, entry).outcome)

/** Before the token is used up: a machine without a key of the heartbeats is heard by nobody. Another coordinator may have it. */
export function secretRefusal(
  state: State,
  { has = [] }: Pick<JoinBody, 'has'>,
  known: readonly KeyFile[],
): Reply | null {
  const missing = keysOf(state, known).filter(({ id, digits }) => digits === null && !has.includes(id))
  if (missing.length === 0) return null
  const names = missing.map(({ id, file }) => `key ${id}, ${file}`).join('; ')
  return refusedWith(503, [
    {
      code: 'no-heartbeat-key',
      message: `this coordinator has no secret of ${names}`,
      hint: 'on its node, as root: lvsm coordinators secrets; or copy that file to this machine from another node (mode 0600, root). The token is as good as before',
    },
  ])
}

/** Of a token that nothing is done with yet. */
export function tokenRefusal(
  { enrolled }: State,
  { token: { id }, name }: Pick<JoinBody, 'token' | 'name'>,
  shown: Pick<Shown, 'digest' | 'at'>,
): Reply | null {
  const token = enrolled.tokens.find((one) => one.id === id)
  // Its key is not shown yet.
  const isIn = enrolled.nodes.some((one) => one.name === name) && token?.used.includes(name) === true
  const refusal = refuseToken(token, { id, name, ...shown }, isIn)
  return refusal && refusedWith(statusOf([refusal]), [refusal])
}

const refusedOutcome = (outcome: Outcome): Reply | null =>
  outcome.kind === 'refused' ? refusedWith(statusOf(outcome.refusals), outcome.refusals) : null

/** No other key asks for it: whoever comes again is let in again. */
const UNKNOWN: Refusal = {
  code: 'unknown',
  message: 'whether this machine was let in is not known',
  hint: 'ask again with the same token and the same key: who is in already is let in again',
}

function statusOf([first]: readonly Refusal[]): number {
  const code = first?.code ?? ''
  if (code.startsWith('token-')) return 403
  return code.endsWith('-taken') ? 409 : 422
}
/** The token itself is no good, or is for somebody else. */
export const isFailedTry = ({ status }: Reply): boolean => status === 403

const NOBODY = '0'.repeat(64)

/** What would be, and nothing is changed. The key is not shown yet: a node that the token let in is asked about as itself. */
export function joinPreviewReply(
  state: State,
  body: JoinPreviewBody,
  shown: Pick<Shown, 'digest' | 'at'>,
  { members, heartbeatKeys }: Pick<Welcome, 'members' | 'heartbeatKeys'>,
): Reply {
  const known = state.enrolled.nodes.find(({ name }) => name === body.name)
  const token = state.enrolled.tokens.find(({ id }) => id === body.token.id)
  // Also by a later one for this node than that with which it came in; an earlier one let in a machine that this one replaced.
  const cameBy = state.enrolled.tokens.find(({ id }) => id === known?.token)
  const isItsToken = token?.node === body.name && token.used.includes(body.name) && token.at >= (cameBy?.at ?? token.at)
  const key = known && (known.token === body.token.id || isItsToken) ? known.key : NOBODY
  const { state: next, outcome } = applyEntry(state, entryOf(body, { ...shown, key }))
  const refused = refusedOutcome(outcome)
  if (refused) return refused
  const report: JoinPreview = {
    cluster: state.config.cluster,
    node: nodeIn(next, body.name),
    present: nodeIn(state, body.name) !== null,
    coordinators: coordinatorsOf(members),
    clock: shown.at,
    missing: keysOf(state, heartbeatKeys).flatMap(({ id, file, digits }) => (digits === null ? [{ id, file }] : [])),
  }
  return { status: 200, body: report }
}

/** As its file says it, without the name; null: there is none. */
function nodeIn({ history }: State, name: string): unknown {
  const [found] = entriesOf(writtenOf(history.document, newestOf(history)), 'node', { node: name })
  if (!found) return null
  const { name: _, ...node } = found.entry
  return JSON.parse(JSON.stringify(node))
}
const coordinatorsOf = (members: Iterable<MemberRecord>): JoinReport['coordinators'] =>
  [...members].map(({ addresses, key }) => ({ addresses, key }))

export interface Welcome {
  /** PEM. */
  readonly certificate: string
  readonly authority: string
  readonly members: Iterable<MemberRecord>
  readonly heartbeatKeys: readonly KeyFile[]
}
/** Those that stand in files, with their secrets where this coordinator has them. */
const keysOf = ({ config }: State, known: readonly KeyFile[]): JoinReport['keys'] =>
  config.keys.flatMap(({ id, file }) => {
    const key = known.find((one) => one.id === id && one.file === file)
    return file === null ? [] : [{ id, file, digits: key?.digits ?? null }]
  })

export function joinReply(
  state: State,
  name: string,
  { certificate, authority, members, heartbeatKeys }: Welcome,
): Reply {
  const { config, history } = state
  const report: JoinReport = {
    cluster: config.cluster,
    name,
    certificate,
    authority,
    coordinators: coordinatorsOf(members),
    keys: keysOf(state, heartbeatKeys),
    revision: newestOf(history),
  }
  return { status: 200, body: report }
}
