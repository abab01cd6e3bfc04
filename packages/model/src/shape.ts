/** The shape of the file: every fault of it, and the draft that is left when the faulty values are taken out. */
import { type Fault, faultsOf, type Issue, meantKeys, valueAt } from './shape-faults.ts'
import { configSchema, type Draft } from './schema.ts'
import type { Path } from './document.ts'

export type { Fault } from './shape-faults.ts'

/** A union of text and mapping: only the branch that the operator meant is worth a sentence. */
function flatten(issue: Issue, data: unknown): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const value = valueAt(data, issue.path)
  const mapping = value !== null && typeof value === 'object' && !Array.isArray(value)
  // A text that is wrong as a text is no number that has another type.
  const fits = issue.errors.find((one) => !one.some(({ code, path }) => code === 'invalid_type' && path.length === 0))
  const branch = mapping ? issue.errors.at(-1) : (fits ?? issue.errors[0])
  return (branch ?? []).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as Issue)
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

const NO_MAPPING: Fault = {
  code: 'bad-type',
  path: [],
  message: 'the file is not a mapping of keys to values',
  hint: 'begin with "cluster: NAME"',
}

const EMPTY: Fault = { ...NO_MAPPING, message: 'the file is empty, or has nothing but comments' }

/** All shape faults of the data, and the draft: what could not be read is undefined there, what is missing is not there. */
export function checkShape(data: unknown): { readonly faults: Fault[]; readonly draft: Draft } {
  if (!isMapping(data)) return { faults: [data === null ? EMPTY : NO_MAPPING], draft: {} }
  const parsed = configSchema.safeParse(data)
  const copy: unknown = JSON.parse(JSON.stringify(data))
  const draft: Record<string, unknown> = isMapping(copy) ? copy : {}
  if (parsed.success) return { faults: [], draft: draft as Draft }
  const all = withoutEcho(parsed.error.issues.flatMap((issue) => flatten(issue, data)))
  const meant = new Set<string>()
  for (const issue of all) {
    const path = issue.path as Path
    if (issue.code !== 'unrecognized_keys') takeOut(draft, path)
    else
      for (const key of issue.keys) {
        remove(draft, path, key)
        for (const one of meantKeys(path, key, data)) {
          meant.add(JSON.stringify([...path, one]))
          unread(draft, path, one)
        }
      }
  }
  const issues = all.filter(({ path }) => !meant.has(JSON.stringify(path)))
  return { faults: once(issues.flatMap((issue) => faultsOf(issue, data))), draft: draft as Draft }
}

/** A number beyond all bounds is beyond several. */
const once = (faults: readonly Fault[]): Fault[] => [
  ...new Map(faults.map((fault) => [JSON.stringify([fault.path, fault.key, fault.message]), fault])).values(),
]

/** A text where a list should be has a length too: of what has the wrong type nothing more is said. */
function withoutEcho(issues: readonly Issue[]): Issue[] {
  const mistyped = new Set(issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => JSON.stringify(path)))
  return issues.filter(
    ({ code, path }) => !['too_small', 'too_big'].includes(code) || !mistyped.has(JSON.stringify(path)),
  )
}

/** A rule must know that something stood there: it says nothing about what it cannot know. */
function takeOut(draft: unknown, path: Path): void {
  const parent = valueAt(draft, path.slice(0, -1))
  const last = path.at(-1)
  if (parent === null || typeof parent !== 'object' || last === undefined) return
  if (Object.hasOwn(parent, last)) Object.assign(parent, { [last]: undefined })
}

/** A mistyped key: a rule must know that it stands there. */
function unread(draft: unknown, path: Path, key: string): void {
  const parent = valueAt(draft, path)
  if (isMapping(parent)) parent[key] = undefined
}

function remove(draft: unknown, path: Path, key: string): void {
  const parent = valueAt(draft, path)
  if (isMapping(parent)) delete parent[key]
}
