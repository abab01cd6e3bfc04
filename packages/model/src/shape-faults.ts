/** One fault of shape as a sentence. */
import type * as z from 'zod'
import { adviceOn, exampleOf } from './advice.ts'
import type { Path } from './document.ts'
import { nearest, suggest } from './nearest.ts'
import { configSchema } from './schema.ts'
import { harmless, mayBeSecret, show } from './show.ts'
import { FOREIGN_KEYS, INSTEAD, SAME_KEYS } from './tables/later.ts'

export interface Fault {
  readonly code: string
  readonly path: Path
  /** The fault is about this key below `path`. */
  readonly key?: string
  readonly message: string
  /** A function: it costs time, and of many faults only the first are printed. */
  readonly hint: string | (() => string)
}
export type Issue = z.core.$ZodIssue

const NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
}

export function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = data
  for (const part of path) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return undefined
    value = Reflect.get(value, part)
  }
  return value
}

interface Schema {
  readonly def: {
    readonly type: string
    readonly innerType?: Schema
    readonly element?: Schema
    readonly options?: readonly Schema[]
  }
  readonly shape?: Readonly<Record<string, Schema>>
}
function mapping(schema: Schema): Schema {
  if (schema.def.innerType) return mapping(schema.def.innerType)
  return schema.def.options?.find((option) => mapping(option).shape) ?? schema
}

/** Keys that the schema knows at a path: unions count with their mapping. */
function keysAt(path: Path): string[] {
  let schema = configSchema as unknown as Schema
  for (const part of path) {
    schema = mapping(schema)
    const next = typeof part === 'number' ? schema.def.element : schema.shape?.[part]
    if (!next) return []
    schema = next
  }
  return Object.keys(mapping(schema).shape ?? {})
}

/** Keys that the file once had, or that somebody may look for in it: what to do instead. */
const ELSEWHERE: Readonly<Record<string, Pick<Fault, 'message' | 'hint'>>> = {
  node: {
    message: '"node" does not belong in the file: it is the same on every node',
    hint: 'take the line out; lvsm-agent takes the name of its node from --node NAME, else from the hostname',
  },
}

/** Keys that a key which is not known was meant for, and that are not there: of them nothing is known, and nothing else is said. */
export function meantKeys(path: Path, key: string, data: unknown): string[] {
  const there = valueAt(data, path)
  if (typeof there !== 'object' || there === null || FOREIGN_KEYS.has(key.toLowerCase())) return []
  return nearest(key, keysAt(path)).filter((one) => !Object.hasOwn(there, one))
}

function unknownKey(path: Path, key: string): Fault {
  const elsewhere = path.length === 0 && Object.hasOwn(ELSEWHERE, key) ? ELSEWHERE[key] : undefined
  if (elsewhere) return { code: 'not-in-file', path, key, ...elsewhere }
  const known = keysAt(path)
  // A secret that lost its key may stand in the place of one.
  if (mayBeSecret(path) && nearest(key, known).length === 0)
    return { code: 'unknown-key', path, message: 'a key here is not known', hint: `known keys: ${known.join(', ')}` }
  const word = key.toLowerCase()
  const same = Object.hasOwn(SAME_KEYS, word) ? (SAME_KEYS[word] ?? '') : ''
  if (known.includes(same)) {
    const message = `the key "${key}" is called "${same}" here`
    return { code: 'unknown-key', path, key, message, hint: `write ${same}` }
  }
  if (Object.hasOwn(INSTEAD, word))
    return { code: 'unknown-key', path, key, message: `there is no key "${key}"`, hint: INSTEAD[word] ?? '' }
  if (FOREIGN_KEYS.has(word)) {
    const hint = `take it out; keys here: ${known.join(', ')}`
    return { code: 'not-in-this-version', path, key, message: `the key "${key}" is not in this version`, hint }
  }
  return {
    code: 'unknown-key',
    path,
    key,
    message: `unknown key "${harmless(key)}"`,
    hint: () => suggest(key, known, 'keys'),
  }
}

export function faultsOf(issue: Issue, data: unknown): Fault[] {
  const path = issue.path as Path
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key))
  const value = valueAt(data, path)
  if (value === undefined || value === null) return [missing(path, value === null)]
  const allowed = issue.code === 'invalid_value' ? issue.values.map(String) : []
  const advice = issue.code === 'too_small' || issue.code === 'too_big' ? null : adviceOn(path, value, allowed)
  if (advice) return [{ path, ...advice }]
  const shown = show(value, path)
  switch (issue.code) {
    case 'invalid_type':
      return [mistyped(issue, path, value)]
    case 'invalid_value': {
      const message = `${shown} is not one of ${allowed.join(', ')}`
      return [{ code: 'bad-value', path, message, hint: () => suggest(String(value), allowed, 'values') }]
    }
    case 'too_small':
    case 'too_big':
      return [rangeFault(issue, path, value)]
    default: {
      const { code = 'bad-value', hint = '' } = paramsOf(issue)
      return [{ code, path, message: `${shown} ${issue.message}`, hint }]
    }
  }
}

/** `there`: the key is, without a value. */
function missing(path: Path, there: boolean): Fault {
  const last = path.at(-1)
  if (last === undefined || typeof last === 'number')
    return { code: 'missing', path, message: 'an entry is empty', hint: 'write it, or take its dash or comma out' }
  const place = { code: 'missing', path: path.slice(0, -1), key: last }
  return there
    ? { ...place, message: `"${last}" has no value`, hint: 'write one behind the colon' }
    : { ...place, message: `"${last}" is missing`, hint: exampleOf(last) }
}

function mistyped(issue: Extract<Issue, { code: 'invalid_type' }>, path: Path, value: unknown): Fault {
  const wanted = NAMES[issue.expected] ?? issue.expected
  const hint = issue.expected === 'string' && typeof value !== 'object' ? 'put it in quotes' : `write ${wanted}`
  return { code: 'bad-type', path, message: `${show(value, path)} is not ${wanted}`, hint }
}

function paramsOf(issue: Issue): { readonly code?: string; readonly hint?: string } {
  const params: unknown = 'params' in issue ? issue.params : undefined
  if (typeof params !== 'object' || params === null) return {}
  const word = (key: string): string | undefined => {
    const value: unknown = valueAt(params, [key])
    return typeof value === 'string' ? value : undefined
  }
  const [code, hint] = [word('code'), word('hint')]
  return { ...(code === undefined ? {} : { code }), ...(hint === undefined ? {} : { hint }) }
}

function rangeFault(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, path: Path, value: unknown): Fault {
  const [bound, count] =
    issue.code === 'too_small'
      ? [`at least ${issue.minimum}`, Number(issue.minimum)]
      : [`at most ${issue.maximum}`, Number(issue.maximum)]
  if (Array.isArray(value)) {
    const message = value.length === 0 ? 'the list is empty' : `the list has ${value.length} entries`
    return { code: 'out-of-range', path, message, hint: `give ${bound} ${count === 1 ? 'entry' : 'entries'}` }
  }
  const long = typeof value === 'string'
  const message = long ? `${show(value, path)} has ${value.length} characters` : `${show(value, path)} is out of range`
  return { code: 'out-of-range', path, message, hint: long ? `use ${bound}` : `must be ${bound}` }
}
