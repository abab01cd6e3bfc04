/**
 * What exactly a node has otherwise, for the words of a disagreement. Nodes tell each other digests of parts all the time; only of parts in
 * which they differ they tell each field, and only of fields in which they differ the values: so it has room, however large the cluster is.
 */
import { between, type Instant } from '@lvsm/base'
import { type Field, fieldsOf, type Line, lineText, mayBeSaid, NO_LINES, subjectOf, type Subject } from '@lvsm/model'
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
  const own = fieldsHere(state)
  const fields = [...new Set([...own.keys(), ...others.flatMap(Object.keys)])].filter((field) =>
    subjects.has(subjectOf(field)),
  )
  const settings: Record<string, Settings[string]> = {}
  for (const field of fields) settings[field] = { sum: own.get(field)?.sum ?? NO_LINES }
  let room = LONGEST_MESSAGE - ENVELOPE - bytesOf(JSON.stringify(settings))
  for (const field of fields) {
    const sum = own.get(field)?.sum ?? NO_LINES
    if (!mayBeSaid(field) || others.every((other) => sumIn(other, field) === sum)) continue
    const values = valuesOf(own.get(field)?.lines ?? NOTHING)
    room -= bytesOf(JSON.stringify(values)) + 10
    if (room < 0) break
    settings[field] = { sum, values }
  }
  const text = encodeMessage({ kind: 'more', ready: {}, events: [], settings })
  return bytesOf(text) > LONGEST_MESSAGE ? null : text
}

const NONE: ReadonlyMap<string, Field> = new Map()
const NOTHING: readonly Line[] = []
const fieldsHere = ({ config }: NodeState): ReadonlyMap<string, Field> => (config ? fieldsOf(config) : NONE)
const sumIn = (settings: Settings, field: string): string =>
  Object.hasOwn(settings, field) ? (settings[field]?.sum ?? NO_LINES) : NO_LINES

/** In words; empty: not known yet, or it may not be said. `odd`: who has something else; where there are several, they differ among each other. */
export function differenceText(state: NodeState, odd: readonly string[], subjects: readonly Subject[]): string {
  const [one = '', second] = odd
  const among = new Set(subjects)
  const names = state.config?.nodes.map(({ name }) => name) ?? []
  const other = second ?? names.find((name) => !odd.includes(name) && toldBy(state, name, among) !== null)
  if (other === undefined) return ''
  const [here, there] = [toldBy(state, one, among), toldBy(state, other, among)]
  if (!here || !there) return ''
  const differing = [...new Set([...here.fields, ...there.fields])].filter(
    (field) => among.has(subjectOf(field)) && here.sum(field) !== there.sum(field),
  )
  const pairs = differing.flatMap((field) => pairsOf(field, here.values(field), there.values(field)))
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

interface Told {
  readonly fields: readonly string[]
  sum(field: string): string
  values(field: string): Values | undefined
}
/** null: it did not tell of any of these. */
function toldBy(state: NodeState, node: string, among: ReadonlySet<Subject>): Told | null {
  if (node === state.node) return toldHere(fieldsHere(state))
  const settings = stateOf(state, node) ? settingsOf(state, node) : null
  if (!settings || !Object.keys(settings).some((field) => among.has(subjectOf(field)))) return null
  return {
    fields: Object.keys(settings),
    sum: (field) => sumIn(settings, field),
    values: (field) => (Object.hasOwn(settings, field) ? settings[field]?.values : undefined),
  }
}
const toldHere = (own: ReadonlyMap<string, Field>): Told => ({
  fields: [...own.keys()],
  sum: (field) => own.get(field)?.sum ?? NO_LINES,
  // What others have and this node has not is known here.
  values: (field) => (mayBeSaid(field) ? valuesOf(own.get(field)?.lines ?? NOTHING) : undefined),
})
/** Asked for with every event of a node, as long as it differs: as many as it has realservers. */
const known = new WeakMap<readonly Line[], Values>()
function valuesOf(lines: readonly Line[]): Values {
  const values =
    known.get(lines) ?? Object.fromEntries(lines.map(({ object, value }) => [object, cut(value, LONGEST_SETTING)]))
  known.set(lines, values)
  return values
}

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
