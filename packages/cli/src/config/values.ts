/** `KEY=VALUE` of the command line: what each value is, by the schema of the noun. What makes sense is for the cluster to say. */
import { NOUNS } from '@lvsm/changes'
import { type KeyRow, keysOfNoun } from '@lvsm/model'
import type { Noun } from '@lvsm/protocol'
import { parse } from 'yaml'
import { Failure } from '../failure.ts'
import { exampleHelp } from './examples.ts'
import { isHostName, type Resolver } from './names.ts'

export interface Read {
  /** Where it stands: `service=http` of a server. */
  readonly which: Readonly<Record<string, string>>
  readonly values: Readonly<Record<string, unknown>>
}

/** The last word of `which` of a noun is its name, and is said without a key; others are said as keys are. */
export const placeWords = (noun: Noun): string[] =>
  NOUNS[noun].which.slice(0, -1).flatMap((words) => words.split(' or '))
export const nameWord = (noun: Noun): string | undefined => NOUNS[noun].which.at(-1)

export const nameHelp = (noun: Noun): string =>
  noun === 'vip' || noun === 'gateway'
    ? 'its address'
    : noun === 'key'
      ? 'its number'
      : `name of the ${noun === 'server' ? 'node' : (nameWord(noun) ?? noun)}`

/** Keys that can be said of it; the others say which one it is, or have a noun of their own. */
export const settableKeys = (noun: Noun): KeyRow[] =>
  keysOfNoun(noun).filter(({ key }) => !NOUNS[noun].fixed.includes(key))

export async function readWords(
  noun: Noun,
  name: string | undefined,
  words: readonly string[],
  resolve: Resolver,
): Promise<Read> {
  const pairs = words.map(pairOf)
  const twice = pairs.find(([key], at) => pairs.findIndex(([other]) => other === key) !== at)
  if (twice) throw new Failure('usage', `${twice[0]} is there twice`, 'say each key once')
  const places = placeWords(noun)
  const which = Object.fromEntries(pairs.filter(([key]) => places.includes(key)))
  const own = nameWord(noun)
  const rows = new Map(settableKeys(noun).map((row) => [row.key, row]))
  const given = pairs.filter(([key]) => !places.includes(key))
  // A service is over TCP unless it says so; which service a server, a check or a link is of, is not known here.
  const protocol = given.find(([key]) => key === 'protocol')?.[1] ?? (noun === 'service' ? 'tcp' : null)
  const values: Record<string, unknown> = {}
  for (const [key, text] of given) values[key] = await valueOf(rows.get(key), key, text, protocol, resolve)
  return { which: { ...which, ...(own === undefined || name === undefined ? {} : { [own]: name }) }, values }
}

function pairOf(word: string): readonly [string, string] {
  const [, key, value] = /^([A-Za-z][A-Za-z0-9_-]*)=(.*)$/s.exec(word) ?? []
  if (key === undefined || value === undefined)
    throw new Failure(
      'usage',
      `${JSON.stringify(word)} is not KEY=VALUE`,
      'for example weight=5; --help lists the keys',
    )
  return [key, value]
}

/** Nothing behind the sign: the key goes out, so that its default holds. A key that is not known is for the cluster to refuse. */
async function valueOf(
  row: KeyRow | undefined,
  key: string,
  text: string,
  protocol: string | null,
  resolve: Resolver,
): Promise<unknown> {
  if (text === '') return null
  if (/^[[{]/.test(text) || row?.kind === 'mapping') return yamlOf(key, text)
  if (row?.list) {
    const parts = text.split(',').map((part) => part.trim())
    return Promise.all(parts.map(async (part) => scalarOf(row, part, protocol, resolve)))
  }
  return scalarOf(row, text, protocol, resolve)
}

async function scalarOf(
  row: KeyRow | undefined,
  text: string,
  protocol: string | null,
  resolve: Resolver,
): Promise<unknown> {
  const isNumber = /^-?\d{1,15}$/.test(text)
  switch (row?.kind) {
    case 'port':
      return isNumber ? Number(text) : resolve.port(text, protocol)
    case 'number':
      return /^-?\d{1,15}(\.\d{1,6})?$/.test(text) ? Number(text) : text
    case 'flag':
      return FLAGS.get(text.toLowerCase()) ?? text
    case 'address':
    case 'network':
      return isHostName(text) ? resolve.address(text) : text
    case 'word':
    case 'text':
    case 'duration':
    case 'mapping':
    case undefined:
      return text
  }
}
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['no', false],
  ['off', false],
])

function yamlOf(key: string, text: string): unknown {
  try {
    const value: unknown = parse(text, { maxAliasCount: 0 })
    return value
  } catch (error) {
    throw new Failure(
      'usage',
      `the value of ${key} is no YAML: ${(error as Error).message.split('\n')[0]}`,
      `for example ${key}='[{name: lan, address: 10.0.0.1}]'`,
    )
  }
}

const KINDS: Readonly<Record<KeyRow['kind'], string>> = {
  text: 'text',
  number: 'number',
  flag: 'yes or no',
  word: '',
  address: 'address, or a host name',
  network: 'address/prefix length',
  port: 'port, or a name of /etc/services',
  duration: 'time: 100ms, 1.5s, 2m',
  mapping: 'YAML',
}
/** A line for each key, from the schema. */
export function keysHelp(noun: Noun): string {
  const places = placeWords(noun).map((word): readonly [string, string] => [word, 'where it stands'])
  const keys = settableKeys(noun).map(({ key, kind, list, required, words }): readonly [string, string] => {
    const what = kind === 'word' ? words.join(', ') : KINDS[kind]
    const several = list && kind !== 'mapping' ? ', or several with commas' : ''
    return [key, `${what}${several}${required ? '  (required)' : ''}`]
  })
  const all = [...places, ...keys]
  const width = Math.max(...all.map(([key]) => key.length))
  return `\nKeys:\n${all.map(([key, what]) => `  ${key.padEnd(width)}  ${what}`).join('\n')}\n`
}
export const verbHelp = (noun: Noun, verb: string): string => keysHelp(noun) + exampleHelp(noun, verb)
