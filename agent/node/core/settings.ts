/**
 * What exactly a node has otherwise, for the words of a disagreement. Nodes tell each other digests of parts all the time; only of parts in
 * which they differ they tell each field, and only of fields in which they differ the values: so it has room, however large the cluster is.
 */
import { between, digest64, type Instant } from '@lvsm/base'
import { type Line, linesOf, lineText, mayBeSaid, subjectOf, type Subject } from '@lvsm/model'
import { cut, encodeMessage, LONGEST_MESSAGE, LONGEST_SETTING, type Settings } from '@lvsm/protocol'
import { bytesOf } from './publish/packing.ts'
import { stateOf } from './peers.ts'
import type { NodeState } from './state.ts'

export interface HeardSettings {
  readonly at: Instant
  readonly settings: Settings
}
/** They are told every two seconds, while there is something to tell. */
const FRESH_MS = 6000
/** For what stands around them. */
const ENVELOPE = 200

export function heardSettings(state: NodeState, from: string, settings: Settings): void {
  if (state.states.has(from)) state.settings.set(from, { at: state.now, settings })
}
const settingsOf = ({ settings, now }: NodeState, node: string): Settings | null => {
  const heard = settings.get(node)
  return heard && between(heard.at, now) < FRESH_MS ? heard.settings : null
}

/** `subjects`: in which others differ. One message; null: there is nothing to say. */
export function settingsSaid(state: NodeState, subjects: ReadonlySet<Subject>): string | null {
  if (subjects.size === 0) return null
  const others = [...state.differs.keys()].map((node) => settingsOf(state, node)).filter((one) => one !== null)
  const settings: Record<string, Settings[string]> = {}
  const fields = fieldsIn(state, subjects)
  for (const other of others)
    for (const field of Object.keys(other))
      if (subjects.has(subjectOf(field)) && !fields.has(field)) fields.set(field, [])
  for (const [field, lines] of fields) settings[field] = { sum: sumOf(lines) }
  let room = LONGEST_MESSAGE - ENVELOPE - bytesOf(JSON.stringify(settings))
  for (const [field, lines] of fields) {
    const sum = sumOf(lines)
    if (!mayBeSaid(field) || others.every((other) => sumIn(other, field) === sum)) continue
    const values = valuesOf(lines)
    room -= bytesOf(JSON.stringify(values)) + 10
    if (room < 0) break
    settings[field] = { sum, values }
  }
  const text = encodeMessage({ kind: 'more', ready: {}, events: [], settings })
  return bytesOf(text) > LONGEST_MESSAGE ? null : text
}

function fieldsIn({ config }: NodeState, subjects: ReadonlySet<Subject>): Map<string, Line[]> {
  const fields = new Map<string, Line[]>()
  for (const line of config ? linesOf(config) : []) {
    if (!subjects.has(subjectOf(line.field))) continue
    const before = fields.get(line.field)
    if (before) before.push(line)
    else fields.set(line.field, [line])
  }
  return fields
}
/** The same lines in the same order: the walk's. */
const sumOf = (lines: readonly Line[]): string =>
  digest64(
    lines
      .map(({ object, value }) => `${object} ${value}`)
      .toSorted()
      .join('\n'),
  )
const NOTHING = sumOf([])
const sumIn = (settings: Settings, field: string): string =>
  Object.hasOwn(settings, field) ? (settings[field]?.sum ?? NOTHING) : NOTHING

/** In words; empty: not known yet, or it may not be said. `odd`: who has something else; where there are several, they differ among each other. */
export function differenceText(state: NodeState, odd: readonly string[], subjects: readonly Subject[]): string {
  const [one = '', second] = odd
  const names = state.config?.nodes.map(({ name }) => name) ?? []
  const other = second ?? names.find((name) => !odd.includes(name) && toldBy(state, name, subjects) !== null)
  if (other === undefined) return ''
  const [here, there] = [toldBy(state, one, subjects), toldBy(state, other, subjects)]
  if (!here || !there) return ''
  const among = new Set(subjects)
  const fields = new Set([...Object.keys(here), ...Object.keys(there)].filter((field) => among.has(subjectOf(field))))
  const differing = [...fields].filter((field) => sumIn(here, field) !== sumIn(there, field))
  const pairs = differing.flatMap((field) => pairsOf(field, valuesIn(here, field), valuesIn(there, field)))
  // Of what only one of them has at all, its list says enough.
  const both = pairs.filter(({ at }) => at.every((value) => value !== undefined))
  const told = (both.length > 0 ? both : pairs).map(
    ({ line, at: [mine, theirs] }) =>
      `${lineText(line)}: ${mine ?? NOT_SAID} at ${one}, ${theirs ?? NOT_SAID} at ${other}`,
  )
  const texts = told.length > 0 ? told : differing.map((field) => lineText({ field, object: '' }))
  return texts.length > MOST_TOLD
    ? `${texts.slice(0, MOST_TOLD).join('; ')}; and ${texts.length - MOST_TOLD} more`
    : texts.join('; ')
}
const MOST_TOLD = 2
const NOT_SAID = 'not said'

/** Of each field in these; null: it did not tell. */
function toldBy(state: NodeState, node: string, subjects: readonly Subject[]): Settings | null {
  const among = new Set(subjects)
  if (node !== state.node) {
    const settings = stateOf(state, node) ? settingsOf(state, node) : null
    return settings && Object.keys(settings).some((field) => among.has(subjectOf(field))) ? settings : null
  }
  const fields = fieldsIn(state, among)
  // What others have and this node has not is known here.
  for (const heard of state.settings.values())
    for (const field of Object.keys(heard.settings))
      if (among.has(subjectOf(field)) && !fields.has(field)) fields.set(field, [])
  return Object.fromEntries(
    [...fields].map(([field, lines]) => [
      field,
      { sum: sumOf(lines), ...(mayBeSaid(field) ? { values: valuesOf(lines) } : {}) },
    ]),
  )
}
const valuesOf = (lines: readonly Line[]): Record<string, string> =>
  Object.fromEntries(lines.map(({ object, value }) => [object, cut(value, LONGEST_SETTING)]))
const valuesIn = (settings: Settings, field: string): Values | undefined =>
  Object.hasOwn(settings, field) ? settings[field]?.values : undefined

type Values = Readonly<Record<string, string>>
interface Pair {
  readonly line: Pick<Line, 'field' | 'object'>
  readonly at: readonly [string | undefined, string | undefined]
}
/** Where one of them did not tell its values, nothing is known of them. */
function pairsOf(field: string, mine: Values | undefined, theirs: Values | undefined): Pair[] {
  if (!mine || !theirs) return []
  return [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].flatMap((object): Pair[] => {
    const at = [own(mine, object), own(theirs, object)] as const
    return at[0] === at[1] ? [] : [{ line: { field, object }, at }]
  })
}
const own = (values: Values, object: string): string | undefined =>
  Object.hasOwn(values, object) ? values[object] : undefined
