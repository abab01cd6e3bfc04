/** JSON whose writer is another program of this tree: each field that its reader relies on must be there, and of its kind. */

/** With `?`: it may be absent. */
type Base = 'text' | 'number' | 'truth' | 'list' | 'record' | 'any'
export type Kind = Base | `${Base}?`
/** A kind for every field, so that none is forgotten. */
export type Fields<Shape> = { readonly [Key in keyof Shape]-?: Kind }

const IS: Readonly<Record<Base, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  truth: (value) => typeof value === 'boolean',
  list: Array.isArray,
  record: isRecord,
  any: () => true,
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Throws what is wrong with it; `what` names it in that. Fields that nobody reads may be there too. */
export function readFields<Shape>(what: string, text: string, fields: Fields<Shape>): Shape {
  const value: unknown = JSON.parse(text)
  demandFields(what, value, fields)
  return value
}

function demandFields<Shape>(what: string, value: unknown, fields: Fields<Shape>): asserts value is Shape {
  if (!isRecord(value)) throw new TypeError(`${what} is no JSON object`)
  for (const [name, kind] of Object.entries<Kind>(fields)) {
    const found = value[name]
    if (found === undefined && kind.endsWith('?')) continue
    const base = kind.replace('?', '') as Base
    if (found === undefined || !IS[base](found)) throw new TypeError(`${what}: ${name} is no ${base}`)
  }
}
