/**
 * A configuration as lines: each value in it, the field that it is of, and the object that has it. The walk takes whatever there is, so a
 * field that is new is told apart like any other.
 */
import type { Config } from './config.ts'

export interface Line {
  /** `services.realservers.port` */
  readonly field: string
  /** `http/rs1`; empty: the cluster. */
  readonly object: string
  readonly value: string
}

/** Each node has its own for a while (a change is on its way), or it stays on the node. */
const ITS_OWN: ReadonlySet<string> = new Set(['revision', 'epoch', 'followed', 'keys.secret'])
/** What may be a secret, or tell one: it is told apart, and never said. */
const UNSAID = ['keys', 'receivers', 'services.check.keys']
/** Lists whose order says nothing. */
const UNORDERED: ReadonlySet<string> = new Set(['groups.ping', 'nodes.roles'])
/** Lists of objects of which the first counts for more: the heartbeat link that is taken where none is named. */
const ORDERED: ReadonlySet<string> = new Set(['nodes.links'])

const known = new WeakMap<Config, readonly Line[]>()
export function linesOf(config: Config): readonly Line[] {
  const lines = known.get(config) ?? walk(config, '', '')
  known.set(config, lines)
  return lines
}

export const mayBeSaid = (field: string): boolean =>
  !UNSAID.some((begin) => field === begin || field.startsWith(`${begin}.`))

function walk(value: unknown, field: string, object: string): Line[] {
  // What nobody says is not there.
  if (value === undefined || value === null || ITS_OWN.has(field)) return []
  if (Array.isArray(value)) return walkList(value, field, object)
  if (typeof value === 'object')
    return Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([key, part]) => walk(part, field === '' ? key : `${field}.${key}`, object))
  return [{ field, object, value: field.endsWith('Ms') ? `${String(value)}ms` : String(value) }]
}

function walkList(list: readonly unknown[], field: string, object: string): Line[] {
  if (list.length === 0) return []
  if (!list.every(isObject)) {
    const words = list.map(String)
    return [{ field, object, value: (UNORDERED.has(field) ? words.toSorted() : words).join(' ') }]
  }
  const named = list.map((entry) => ({ entry, name: nameOf(entry) }))
  const inOrder = ORDERED.has(field) ? named : named.toSorted(byText)
  const times = new Map<string, number>()
  const entries = inOrder.map(({ entry, name }) => {
    const time = (times.get(name) ?? 0) + 1
    times.set(name, time)
    return { entry, name: time === 1 ? name : `${name}#${time}` }
  })
  return [
    { field, object, value: entries.map(({ name }) => name).join(' ') },
    ...entries.flatMap(({ entry, name }) => walk(entry, field, object === '' ? name : `${object}/${name}`)),
  ]
}

type Entry = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Entry => typeof value === 'object' && value !== null
const nameOf = (entry: Entry): string =>
  String(entry['name'] ?? entry['node'] ?? entry['address'] ?? entry['id'] ?? Object.values(entry).join('-'))
interface Named {
  readonly entry: Entry
  readonly name: string
}
const byText = (one: Named, other: Named): number => (textOf(one) < textOf(other) ? -1 : 1)
const textOf = ({ name, entry }: Named): string => `${name} ${JSON.stringify(entry)}`

/** `port of realserver http/rs1`, as people call it. */
export function lineText({ field, object }: Pick<Line, 'field' | 'object'>): string {
  const [top = ''] = field.split('.')
  const depth = object === '' ? 0 : object.split('/').length
  const words = field.split('.').map(wordOf)
  if (depth === 0) return words.join(' ')
  const noun =
    top === 'services' && words[1] === 'realservers' && depth > 1 ? 'realserver' : singular(words[depth - 1] ?? '')
  return `${words.slice(depth).join(' ')} of ${noun} ${object}`
}
const wordOf = (key: string): string =>
  key.replace(/Ms$/, '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const singular = (noun: string): string => noun.replace(/(?<=ss)es$|s$/, '')
