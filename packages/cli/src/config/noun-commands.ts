/** `lvsm NOUN VERB`: one thing of the document listed, shown, added, changed, removed. */
import { entriesOf, COMMAND_MODEL, type NounEntry } from '@lvsm/changes'
import { defaultsOf } from '@lvsm/model'
import type { ConfigCommand, Exit, Noun } from '@lvsm/protocol'
import { stringify } from 'yaml'
import { Failure } from '../failure.ts'
import { render } from '../output.ts'
import type { Paint } from '../paint.ts'
import { table } from '../table.ts'
import { ask } from './ask.ts'
import type { ReadOptions } from './commands.ts'
import { spoken } from './hints.ts'
import { isHostName, resolver } from './names.ts'
import { outgoing } from './outgoing.ts'
import { beforeRemoval, type RemovalOptions } from './removal.ts'
import { nameWord, type Read, readWords } from './values.ts'
import { type CoordinatorSession, write } from './write.ts'

export type NounVerb = 'add' | 'set' | 'remove'

const readAll = (session: CoordinatorSession, noun: Noun, name: string | undefined, words: readonly string[]) =>
  readWords(
    noun,
    name,
    words,
    resolver((text) => session.terminal.complain(text)),
  )

/** Where words say more than where it stands, nothing is found by them. */
async function placeOf(session: CoordinatorSession, noun: Noun, name: string | undefined, words: readonly string[]) {
  const { which, values } = await readAll(session, noun, name, words)
  const [more] = Object.keys(values)
  if (more !== undefined)
    throw new Failure('usage', `${more} does not say where a ${noun} stands`, `lvsm ${noun} --help lists what does`)
  return which
}

export async function list(
  session: CoordinatorSession,
  noun: Noun,
  words: readonly string[],
  { output, stale }: ReadOptions,
): Promise<Exit> {
  const which = await placeOf(session, noun, undefined, words)
  const { file } = await ask(session.paths, { route: 'document', query: { stale }, body: null })
  const found = entriesOf(file, noun, which)
  const out = noun === 'server' && output === 'table' ? await outgoing(session, file, found) : null
  session.terminal.print(render(found.map(flat), output, () => listText(noun, found, session.terminal.paint, out)))
  return 'ok'
}

const flat = ({ which, entry }: NounEntry): Readonly<Record<string, unknown>> => ({ ...which, ...entry })

/** Columns: what says which one, every key that one of them has in a word, and what `out` says of each. */
function listText(noun: Noun, found: readonly NounEntry[], paint: Paint, out: readonly string[] | null): string {
  if (found.length === 0) return `There is no ${noun}.\n`
  const own = nameWord(noun)
  const rows = found.map(({ which, entry }) => {
    const { name: _name, node, id: _id, ...rest } = entry
    return { which, entry: which[own ?? ''] === node || node === undefined ? rest : { ...rest, node } }
  })
  const places = [...new Set(rows.flatMap(({ which }) => Object.keys(which)))]
  const keys = [...new Set(rows.flatMap(({ entry }) => Object.keys(entry)))]
  const body = rows.map(({ which, entry }, at) => [
    ...places.map((word) => which[word] ?? '-'),
    ...keys.map((key) => cellOf(entry[key])),
    ...(out ? [paint('warn', out[at] ?? '')] : []),
  ])
  return `${table([...places, ...keys, ...(out ? ['out'] : [])], body, paint)}\n`
}

function cellOf(value: unknown): string {
  if (value === undefined) return '-'
  if (!Array.isArray(value)) return typeof value === 'object' && value !== null ? wordsOf(value) : String(value)
  const parts: readonly unknown[] = value
  return parts.map((part) => (typeof part === 'object' && part !== null ? nameIn(part) : String(part))).join(',')
}
const wordsOf = (value: object): string =>
  Object.entries(value)
    .map(([key, one]) => `${key} ${String(one)}`)
    .join(', ')
const nameIn = (part: object): string => {
  const { name, node, address }: { name?: unknown; node?: unknown; address?: unknown } = part
  return String(name ?? node ?? address ?? wordsOf(part))
}

export async function show(
  session: CoordinatorSession,
  noun: Noun,
  name: string | undefined,
  words: readonly string[],
  options: ReadOptions,
): Promise<Exit> {
  const { value, text } = await shown(session, noun, name, words, options)
  session.terminal.print(render(value, options.output, () => text))
  return 'ok'
}

/** As it stands in the document, and how that reads. */
export async function shown(
  session: CoordinatorSession,
  noun: Noun,
  name: string | undefined,
  words: readonly string[],
  { stale }: Pick<ReadOptions, 'stale'>,
): Promise<{ readonly value: Entry | readonly Entry[]; readonly text: string }> {
  const which = await placeOf(session, noun, name, words)
  const { file } = await ask(session.paths, { route: 'document', query: { stale }, body: null })
  const found = entriesOf(file, noun, which)
  const about = noun === 'check' && name !== undefined ? { service: name } : {}
  const defaults = defaultsOf(noun, {
    profile: entriesOf(file, 'cluster')[0]?.entry['profile'],
    track: noun === 'check' ? found[0]?.entry['track'] : undefined,
    protocol: noun === 'check' ? entriesOf(file, 'service', about)[0]?.entry['protocol'] : undefined,
  })
  const isAbsent = found.length === 0 && Object.keys(defaults).length > 0 && isPlace(noun, name, file)
  if (found.length === 0 && name !== undefined && !isAbsent) throw notThere(noun, name, file)
  const entries = (isAbsent ? [{ which, entry: {} }] : found).map(flat)
  const [one, ...more] = entries.map((entry) => withDefaults(entry, defaults))
  const value = more.length > 0 || !one ? entries : one
  return { value, text: yamlText(value, defaults) }
}

/** A mapping that may be absent stands in a service that is there, or in the document itself. */
const isPlace = (noun: Noun, name: string | undefined, file: unknown): boolean =>
  name === undefined || (noun === 'check' && entriesOf(file, 'service', { service: name }).length > 0)

type Entry = Readonly<Record<string, unknown>>
/** What was not said, beside what was. */
function withDefaults(entry: Entry, defaults: Entry): Entry {
  const left = Object.entries(defaults).filter(([key]) => entry[key] === undefined)
  return left.length === 0 ? entry : { ...entry, defaults: Object.fromEntries(left) }
}

/** For eyes: one list, in which what nobody said is marked. */
function yamlText(value: Entry | readonly Entry[], known: Entry): string {
  if (Array.isArray(value) || Object.keys(known).length === 0) return stringify(value)
  const { defaults = {}, ...said } = value as Entry & { readonly defaults?: Entry }
  const marked = Object.entries(defaults).map(([key, one]) => `${key}: ${String(one)} # by default\n`)
  return (Object.keys(said).length === 0 ? '' : stringify(said)) + marked.join('')
}

function notThere(noun: Noun, name: string, file: unknown): Failure {
  const own = nameWord(noun) ?? ''
  const names = [...new Set(entriesOf(file, noun).map(({ which }) => which[own] ?? ''))]
  const hint = names.length === 0 ? `there is none at all` : `there are: ${names.slice(0, 20).join(', ')}`
  return new Failure('refused', `there is no ${noun} ${JSON.stringify(name)} here`, hint)
}

export async function change(
  session: CoordinatorSession,
  noun: Noun,
  verb: NounVerb,
  said: { readonly name: string | undefined; readonly words: readonly string[] },
  options: RemovalOptions,
): Promise<Exit> {
  const read = await readAll(session, noun, await nameOf(session, noun, verb, said.name), said.words)
  if (verb === 'set' && Object.keys(read.values).length === 0)
    throw new Failure('usage', 'nothing to set', `give KEY=VALUE: lvsm ${noun} set --help lists the keys`)
  const command = { ...commandOf(noun, verb, read), ...(options.force === true ? { force: true } : {}) }
  return spoken(session, async (speaking) => {
    if (noun !== 'server' || verb !== 'remove') return write(speaking, { command }, options)
    return write(speaking, { command }, await beforeRemoval(speaking, { command }, read.which, options))
  })
}

/** Of a new VIP or gateway: its address. */
async function nameOf({ terminal }: CoordinatorSession, noun: Noun, verb: NounVerb, name: string | undefined) {
  const isAddress = verb === 'add' && (noun === 'vip' || noun === 'gateway')
  if (!isAddress || name === undefined || !isHostName(name)) return name
  return resolver((text) => terminal.complain(text)).address(name)
}

function commandOf(noun: Noun, verb: NounVerb, { which, values }: Read): Extract<ConfigCommand, { noun: Noun }> {
  const model = COMMAND_MODEL
  if (verb !== 'remove') return { verb, noun, which, values, model }
  const [more] = Object.keys(values)
  if (more === undefined) return { verb, noun, which, model }
  throw new Failure('usage', `remove takes no ${more}`, `to take the key out: lvsm ${noun} set … ${more}=`)
}
