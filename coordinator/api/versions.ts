/** Which version of the model the coordinators speak, and on which they can agree. */
import type { Refusal } from '@lvsm/base'
import { beginsBetween, type State } from '@lvsm/changes'
import type { ConfigResponse, Speaks, VersionsReport } from '@lvsm/protocol'
import type { CoordinatorStatus, MemberId, Written } from '../configuration.ts'
import { against, notNow, ok, type Reply } from './reply.ts'
import { checked, type Made, NOT_KNOWN_IF, type Signature } from './writes.ts'

/** What was heard lately of who speaks which versions. The others hold nobody up. */
export interface Heard {
  versions(): ReadonlyMap<MemberId, Speaks>
  agentVersions(): ReadonlyMap<string, Speaks>
}

export function versionsOf(
  { finalized, config }: State,
  { raft, members }: CoordinatorStatus,
  heard: Heard,
): VersionsReport {
  const versions = heard.versions()
  const speaking = heard.agentVersions()
  const coordinators = raft.membership.members.map(({ id }) => {
    const { model = null, lvsm = null } = versions.get(id) ?? {}
    return { name: members.get(id)?.name ?? String(id), model, lvsm }
  })
  const agents = config.nodes.map(({ name }) => {
    const { model = null, lvsm = null } = speaking.get(name) ?? {}
    return { name, model, lvsm }
  })
  const known = [...coordinators, ...agents].flatMap(({ model }) => (model === null ? [] : [model]))
  // An old one that is back takes nothing back.
  const next = known.length === 0 ? finalized : Math.max(finalized, Math.min(...known))
  return { finalized, next, begins: beginsBetween(finalized, next), coordinators, agents }
}

/** Or what was agreed on already. Whoever is heard and knows less would end at the first entry of that version. */
export function finalizeEntry(
  asked: number | null,
  { finalized, next, coordinators, agents = [] }: VersionsReport,
  by: Signature,
): Made {
  const version = asked ?? next
  const unknown = refuseUnknown(version, { finalized, next, coordinators, agents })
  if (unknown) return { reply: against([unknown]) }
  const done: ConfigResponse<'finalize'> = { outcome: 'done', finalized, begins: [] }
  return version === finalized ? { reply: ok(done) } : checked({ kind: 'finalize', ...by, version })
}

/** Why not everybody who is heard would understand it; null: everybody does. */
export function refuseUnknown(
  version: number,
  { next, coordinators, agents = [] }: Omit<VersionsReport, 'begins'>,
): Refusal | null {
  if (version <= next) return null
  const less = [...coordinators, ...agents].filter(({ model }) => model !== null && model < version)
  const names = [...new Set(less.map(({ name }) => name))]
  const who = names.length === 0 ? 'nobody is heard who knows it' : `${names.slice(0, 5).join(', ')} know less`
  return {
    code: 'not-known-by-all',
    field: 'version',
    message: `the cluster cannot agree on version ${version}: ${who}, and ${next} is the most that everybody knows who answers`,
    hint: 'upgrade those, or take out what is gone for good; lvsm cluster finalize --dry-run shows who knows which',
  }
}

/** `before`: what was agreed on until then. */
export function finalizeReply(written: Written, before: number): Reply {
  if (written.kind === 'refused') return notNow(written)
  if (written.kind === 'unknown' || (written.outcome.kind !== 'finalized' && written.outcome.kind !== 'refused'))
    return MAYBE
  const { outcome, state } = written
  if (outcome.kind === 'refused') return against(outcome.refusals)
  const { finalized } = state
  return ok({
    outcome: 'done',
    finalized,
    begins: beginsBetween(before, finalized),
  } satisfies ConfigResponse<'finalize'>)
}
const MAYBE: Reply = {
  status: 202,
  body: {
    outcome: 'unknown',
    message: NOT_KNOWN_IF,
    hint: 'look before you repeat it: lvsm cluster finalize --dry-run',
  },
}
