/**
 * The lease's voters, and their change: one more or one less, with the number of the next set (packages/lease/PROTOCOL.md,
 * section 8). When that is allowed is for whoever leads the coordinators to say; what it makes of the document is here.
 */
import type { Refusal } from '@lvsm/base'
import { type Electorate, type Entry, LONGEST_COMMENT } from '@lvsm/protocol'
import { type Document, writtenOf } from '../document/document.ts'
import { COMMAND_MODEL } from '../command/version.ts'
import { type Committed, commit } from '../revision/commit.ts'
import { epochOf, votersOf } from './electorate.ts'
import { type History, refuseStale } from '../revision/history.ts'

export type VotersEntry = Extract<Entry, { kind: 'voters' }>
export type VotersStep =
  | { readonly refusals?: never; readonly done: Committed; readonly electorate: Electorate }
  | { readonly refusals: readonly Refusal[]; readonly done?: never }

export function applyVoters(history: History, entry: VotersEntry, finalized: number): VotersStep {
  const { document } = history
  const before = votersOf(document)
  const { epoch, add, remove, author, at, base = null, comment: said = '' } = entry
  const stale = base === null ? null : refuseStale(history, base)
  if (stale) return { refusals: [stale] }
  const wrong = refuseStep(document, entry)
  if (wrong) return { refusals: [wrong] }
  const written = writtenOf(document, 0)
  const nodes = written.nodes.map((node) =>
    node.name === add ? { ...node, voter: true } : node.name === remove ? { ...node, voter: false } : node,
  )
  const command = { verb: 'apply', file: { ...written, epoch, nodes }, model: COMMAND_MODEL } as const
  const step = `${add === null ? `${remove} votes no more` : `${add} votes`}: epoch ${epoch}`
  const comment = said === '' ? step : `${step}: ${said}`.slice(0, LONGEST_COMMENT)
  const signature = { author, at, comment }
  const done = commit(history, { command, base: null }, signature, { finalized, voters: 'may-change' })
  return done.refusals ? { refusals: done.refusals } : { done, electorate: { before } }
}

function refuseStep(document: Document, { epoch, add, remove }: VotersEntry): Refusal | null {
  const voters = votersOf(document)
  if (epoch !== epochOf(document) + 1)
    return refusal('stale-epoch', `epoch ${epoch} does not follow ${epochOf(document)}`, 'look at the voters again')
  const name = add ?? remove
  if (name === null || (add !== null && remove !== null))
    return refusal('one-voter', 'one voter is added, or one is removed, at a time', 'make two steps of it')
  if (!Object.hasOwn(document.nodes, name))
    return refusal('unknown-node', `there is no node ${name}`, 'lvsm node list names those that there are')
  if (voters.includes(name) === (add !== null))
    return refusal('no-step', `${name} is ${add === null ? 'no' : 'a'} voter already`, 'nothing has to be done')
  if (remove !== null && voters.length === 1)
    return refusal('last-voter', `${name} is the only voter: nobody could own a group`, 'add another one first')
  return null
}

const refusal = (code: string, message: string, hint: string): Refusal => ({ code, field: 'voters', message, hint })
