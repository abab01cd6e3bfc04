/** Shape faults as sentences, and the file without the values that have them. */
import type * as z from 'zod'
import { suggest } from './nearest.ts'
import { configSchema, type Draft } from './schema.ts'
import type { Path } from './document.ts'

export interface Fault {
  readonly code: string
  readonly path: Path
  /** The fault is about this key below `path`. */
  readonly key?: string
  readonly message: string
  readonly hint?: string
}
type Issue = z.core.$ZodIssue

const NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
}
const show = (value: unknown): string =>
  typeof value === 'string'
    ? `"${value.length > 60 ? `${value.slice(0, 57)}…` : value}"`
    : String(JSON.stringify(value))

function valueAt(data: unknown, path: Path): unknown {
  let value: unknown = data
  for (const part of path)
    value = value === null || typeof value !== 'object' ? undefined : (value as Record<string | number, unknown>)[part]
  return value
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

/** A union of text and mapping: only the branch that the operator meant is worth a sentence. */
function flatten(issue: Issue, data: unknown): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const value = valueAt(data, issue.path as Path)
  const branch =
    value !== null && typeof value === 'object' && !Array.isArray(value) ? issue.errors.at(-1) : issue.errors[0]
  return (branch ?? []).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as Issue)
}

/** Keys that the file once had, or that somebody may look for in it: what to do instead. */
const ELSEWHERE: Readonly<Record<string, Pick<Fault, 'message' | 'hint'>>> = {
  node: {
    message: '"node" does not belong in the file: it is the same on every node',
    hint: 'take the line out; lvsm-agent takes the name of its node from --node NAME, else from the hostname',
  },
}

function unknownKey(path: Path, key: string): Fault {
  const elsewhere = path.length === 0 && Object.hasOwn(ELSEWHERE, key) ? ELSEWHERE[key] : undefined
  if (elsewhere) return { code: 'not-in-file', path, key, ...elsewhere }
  const hint = suggest(key, keysAt(path), 'keys')
  return { code: 'unknown-key', path, key, message: `unknown key "${key}"`, hint }
}

function faultsOf(issue: Issue, data: unknown): Fault[] {
  const path = issue.path as Path
  const value = valueAt(data, path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(path, key))
  }
  if (value === undefined || value === null)
    return [
      {
        code: 'missing',
        path: path.slice(0, -1),
        key: String(path.at(-1) ?? ''),
        message: `"${path.at(-1) ?? 'the file'}" is missing`,
        hint: 'add it',
      },
    ]
  if (issue.code === 'invalid_type') {
    const wanted = NAMES[issue.expected] ?? issue.expected
    const hint = issue.expected === 'string' && typeof value !== 'object' ? 'put it in quotes' : `write ${wanted}`
    return [{ code: 'bad-type', path, message: `${show(value)} is not ${wanted}`, hint }]
  }
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String)
    return [
      {
        code: 'bad-value',
        path,
        message: `${show(value)} is not one of ${allowed.join(', ')}`,
        hint: suggest(String(value), allowed, 'values'),
      },
    ]
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') return [rangeFault(issue, path, value)]
  const params = 'params' in issue ? (issue.params as { code?: string; hint?: string } | undefined) : undefined
  const fault: Fault = { code: params?.code ?? 'bad-value', path, message: `${show(value)} ${issue.message}` }
  return [params?.hint === undefined ? fault : { ...fault, hint: params.hint }]
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
  return { code: 'out-of-range', path, message: `${show(value)} is out of range`, hint: `must be ${bound}` }
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** All shape faults of the data, and the draft that is left when the faulty values are taken out. */
export function checkShape(data: unknown): { readonly faults: Fault[]; readonly draft: Draft } {
  const parsed = configSchema.safeParse(data)
  const root = isMapping(data) ? data : {}
  const copy: unknown = JSON.parse(JSON.stringify(root))
  const draft: Record<string, unknown> = isMapping(copy) ? copy : {}
  if (parsed.success) return { faults: [], draft: draft as Draft }
  if (root !== data)
    return {
      faults: [
        {
          code: 'bad-type',
          path: [],
          message: 'the file is not a mapping of keys to values',
          hint: 'begin with "cluster: NAME"',
        },
      ],
      draft: {},
    }
  const issues = withoutEcho(parsed.error.issues.flatMap((issue) => flatten(issue, data)))
  for (const issue of issues)
    takeOut(
      draft,
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key] as Path) : [issue.path as Path],
    )
  return { faults: issues.flatMap((issue) => faultsOf(issue, data)), draft: draft as Draft }
}

/** A text where a list should be has a length too: of what has the wrong type nothing more is said. */
function withoutEcho(issues: readonly Issue[]): Issue[] {
  const mistyped = new Set(issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => JSON.stringify(path)))
  return issues.filter(
    ({ code, path }) => !['too_small', 'too_big'].includes(code) || !mistyped.has(JSON.stringify(path)),
  )
}

function takeOut(draft: unknown, paths: readonly Path[]): void {
  for (const path of paths) {
    const parent = valueAt(draft, path.slice(0, -1))
    if (parent === null || typeof parent !== 'object' || path.length === 0) continue
    const last = path.at(-1) as string | number
    if (Array.isArray(parent)) parent[last as number] = undefined
    else delete (parent as Record<string, unknown>)[last]
  }
}
