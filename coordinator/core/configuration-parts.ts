/** The configuration's state in parts: a revision that stays is not written again. */
import { snapshotOf, type State, stateOf } from '@lvsm/changes'
import { type Revision, snapshot, type Snapshot } from '@lvsm/protocol'

/** Null: nothing was applied yet. */
export type Configured = State | null

const REVISION = 'revision/'
const keyOf = ({ number }: Revision): string => `${REVISION}${String(number).padStart(16, '0')}`

/** A document's file is made once. */
const files = new WeakMap<object, { readonly revision: number; readonly file: Snapshot['file'] }>()

function fileOf(state: State): Snapshot['file'] {
  const { document } = state.history
  const { revision } = state.config
  const known = files.get(document)
  if (known?.revision === revision) return known.file
  const { file } = snapshotOf(state)
  files.set(document, { revision, file })
  return file
}

export function partsOfConfiguration(state: Configured): ReadonlyMap<string, unknown> {
  if (state === null) return new Map()
  const { history, facts, enrolled, electorate, people, finalized } = state
  return new Map<string, unknown>([
    ['file', fileOf(state)],
    ['facts', facts],
    ['enrolled', enrolled],
    ['electorate', electorate],
    ['people', people],
    ['finalized', finalized],
    ['limit', history.limit],
    ...history.revisions.map((revision): [string, unknown] => [keyOf(revision), revision]),
  ])
}

const PARTS = ['file', 'facts', 'enrolled', 'electorate', 'people', 'finalized', 'limit'] as const
export function configurationOf(parts: ReadonlyMap<string, unknown>): { readonly state: Configured } | null {
  if (parts.size === 0) return { state: null }
  const revisions = [...parts].filter(([key]) => key.startsWith(REVISION)).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const rest = Object.fromEntries(PARTS.map((key) => [key, parts.get(key)]))
  const kept = revisions.map(([, value]) => value)
  const read = snapshot.safeParse({ ...rest, revisions: kept })
  const state = read.success ? stateOf(read.data) : null
  return state && { state }
}
