/** What a database holds, each byte of it judged: what is damaged is refused, with its place. */
import type { Refusal } from '@lvsm/base'
import {
  storedEntry,
  storedMembership,
  type StoredEntry,
  storedMeta,
  type StoredMeta,
  storedPart,
} from '@lvsm/protocol'
import type { Entry, Membership } from '@lvsm/raft'
import type { Found } from './job.ts'
import { APPLICATION, type Sqlite, VERSION } from './schema.ts'
import { NOTHING, sumOfEntry, sumOfMeta, sumOfPart, withRows } from './sums.ts'

/** A place that is damaged. */
export class Damage extends Error {}

const demand = (holds: boolean, place: string): void => {
  if (!holds) throw new Damage(place)
}

/** Null: it is one of ours, of a version that is spoken. */
export function refuseStranger(database: Sqlite, path: string): Refusal | null {
  const application = database.pragma('application_id', { simple: true })
  if (application !== APPLICATION) {
    const message = `${path} is a database, and none of lvsm (application_id ${String(application)})`
    return { code: 'store-foreign', message, hint: 'give the coordinator another --state-dir; nothing was changed' }
  }
  const version = database.pragma('user_version', { simple: true })
  if (version === VERSION) return null
  const message = `${path} is of version ${String(version)}, and this lvsm reads version ${VERSION}`
  return { code: 'store-version', message, hint: 'start the version of lvsm that wrote it; nothing was changed' }
}

/** Throws Damage, or SQLite's own error. */
export function examine(database: Sqlite): { meta: StoredMeta; found: Found } {
  const state = String(database.pragma('quick_check(1)', { simple: true }))
  demand(state === 'ok', `the file itself: ${state}`)
  const meta = metaOf(database)
  const entries = entriesOf(database, meta)
  const parts = partsOf(database, meta)
  const [first, last] = [entries[0], entries.at(-1)]
  const whole =
    !first || !last || (first.index === meta.snapshot_index + 1 && last.index === meta.snapshot_index + entries.length)
  demand(whole, 'the log: entries are missing')
  const end = meta.snapshot_index + entries.length
  demand(
    meta.last_applied >= meta.snapshot_index && meta.last_applied <= end,
    'the log: it ends before what is applied',
  )
  const snapshot = {
    index: meta.snapshot_index,
    term: meta.snapshot_term,
    membership: membershipOf(meta.membership, 'the snapshot'),
  }
  const hardState = { currentTerm: meta.term, votedFor: meta.voted_for }
  const stored = { hardState, snapshot, entries, lastApplied: meta.last_applied }
  return { meta, found: { identity: meta.identity, stored, parts } }
}

function metaOf(database: Sqlite): StoredMeta {
  const rows = database.prepare('SELECT * FROM meta').all()
  const read = storedMeta.safeParse(rows[0])
  if (!read.success || rows.length !== 1 || sumOfMeta(read.data) !== read.data.sum) throw new Damage('term and vote')
  return read.data
}

function entriesOf(database: Sqlite, { log_sum }: StoredMeta): Entry[] {
  const entries: Entry[] = []
  let total = NOTHING
  for (const row of database.prepare('SELECT * FROM log ORDER BY "index"').iterate()) {
    const place = `the log, behind entry ${entries.at(-1)?.index ?? 'none'}`
    const read = storedEntry.safeParse(row)
    if (!read.success || sumOfEntry(read.data) !== read.data.sum) throw new Damage(place)
    entries.push(entryOf(read.data, place))
    total = withRows(total, [read.data.sum])
  }
  demand(total === log_sum, 'the log: entries are missing, or too many')
  return entries
}

function entryOf({ index, term, kind, membership, payload }: StoredEntry, place: string): Entry {
  if (kind === 'noop') return { kind, index, term }
  if (payload === null) throw new Damage(place)
  if (kind === 'command') return { kind, index, term, payload }
  return { kind, index, term, membership: membershipOf(membership ?? '', place), payload }
}

function membershipOf(text: string, place: string): Membership {
  try {
    const read = storedMembership.safeParse(JSON.parse(text))
    if (read.success) return read.data
  } catch {}
  throw new Damage(`${place}: its membership`)
}

function partsOf(database: Sqlite, { state_sum }: StoredMeta): Map<string, string> {
  const parts = new Map<string, string>()
  let total = NOTHING
  for (const row of database.prepare('SELECT * FROM state ORDER BY key').iterate()) {
    const read = storedPart.safeParse(row)
    if (!read.success || sumOfPart(read.data) !== read.data.sum)
      throw new Damage(`the applied state: ${read.data?.key ?? 'a row of it'}`)
    parts.set(read.data.key, read.data.body)
    total = withRows(total, [read.data.sum])
  }
  demand(total === state_sum, 'the applied state: parts are missing, or too many')
  return parts
}
