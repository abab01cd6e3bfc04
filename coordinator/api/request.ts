/** From what came in to what was asked for, or to what is wrong with it. */
import type { Refusal } from '@lvsm/base'
import { type ApiRoute, type AskedOf, type CONFIG_ROUTES, type ConfigRouteName, isTooDeep } from '@lvsm/protocol'
import { type Reply, refusedWith } from './reply.ts'

/** Twice a document, which may come with every character escaped. */
export const LONGEST_BODY = 4 << 20
/** Of whoever may change nothing: to look what a document of 500 services would do. */
export const LONGEST_LOOK = 1 << 19

export type Asked<Name extends ConfigRouteName> = AskedOf<(typeof CONFIG_ROUTES)[Name]>
type Shapes = Pick<ApiRoute, 'query' | 'body'>
export type ReadRequest<Route extends Shapes> =
  | { readonly ok: true; readonly asked: AskedOf<Route> }
  | { readonly ok: false; readonly reply: Reply }

/** `query`: the words behind the path, each as often as it was said. `text`: the body. */
export function readRequest<Route extends Shapes>(
  route: Route,
  query: readonly (readonly [string, string])[],
  text: string,
): ReadRequest<Route> {
  const twice = query.find(([word], at) => query.findIndex(([other]) => other === word) !== at)
  if (twice) return malformed({ field: twice[0], message: 'is there twice' })
  const read = route.query.safeParse(Object.fromEntries(query))
  if (!read.success) return unread(read.error.issues)
  if (route.body === null) return { ok: true, asked: { query: read.data, body: null } as AskedOf<Route> }
  if (isTooDeep(text)) return malformed({ message: 'the request is nested too deeply' })
  const value = parsed(text)
  if (value === undefined) return malformed({ code: 'bad-json', message: 'the request is no JSON' })
  const body = route.body.safeParse(value)
  if (!body.success) return unread(body.error.issues)
  // Of the very row: the compiler does not see that both schemas are of the same one.
  return { ok: true, asked: { query: read.data, body: body.data } as AskedOf<Route> }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

interface Issue {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
  /** Of a union: what each of its members says against the value. */
  readonly errors?: readonly (readonly Issue[])[]
}
const MOST_TOLD = 20

const unread = (issues: readonly Issue[]): { readonly ok: false; readonly reply: Reply } => ({
  ok: false,
  reply: refusedWith(400, issues.flatMap((one) => tell(one, [])).slice(0, MOST_TOLD)),
})

const HINT = 'nothing was done; the protocol of this version has no such field'
function tell(issue: Issue, above: readonly PropertyKey[]): Refusal[] {
  const path = [...above, ...issue.path]
  const nearest = issue.errors && nearestOf(issue.errors)
  if (nearest) return nearest.flatMap((one) => tell(one, path))
  if (issue.keys)
    return issue.keys.map((key) => ({
      code: 'unknown-field',
      field: [...path, key].map(String).join('.'),
      message: 'is not known',
      hint: HINT,
    }))
  return [
    {
      code: 'bad-request',
      ...(path.length > 0 ? { field: path.map(String).join('.') } : {}),
      message: issue.message,
    },
  ]
}
/** The member that was probably meant: it looked the deepest into the value before it found something. */
const nearestOf = (errors: readonly (readonly Issue[])[]): readonly Issue[] | undefined => {
  const depth = (issues: readonly Issue[]): number => Math.max(0, ...issues.map(({ path }) => path.length))
  return errors.toSorted((one, other) => depth(other) - depth(one))[0]
}

const malformed = (
  refusal: Partial<Refusal> & Pick<Refusal, 'message'>,
): { readonly ok: false; readonly reply: Reply } => ({
  ok: false,
  reply: refusedWith(400, [{ code: 'bad-request', ...refusal }]),
})

export type Base = { readonly base: number | null | undefined } | { readonly reply: Reply }

/** On which revision a change was made, by its body or by If-Match; undefined: it does not say. */
export function baseOf(said: number | null | undefined, ifMatch: string | undefined): Base {
  if (ifMatch === undefined) return { base: said }
  const [, digits] = /^"([0-9]{1,15})"$/.exec(ifMatch) ?? []
  if (ifMatch !== '*' && digits === undefined)
    return wrongBase(
      'If-Match is neither the entity tag of a document nor *',
      'write If-Match: "N", with the number of the revision',
    )
  const tag = digits === undefined ? null : Number(digits)
  return said === undefined || said === tag
    ? { base: tag }
    : wrongBase('If-Match and base say different revisions', 'give one of them')
}
const wrongBase = (message: string, hint: string): { readonly reply: Reply } => ({
  reply: refusedWith(400, [{ code: 'bad-base', field: 'base', message, hint }]),
})
