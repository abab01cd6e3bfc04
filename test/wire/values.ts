/** Any value of a shape, from its codec or its schema alone; and the same shape as a later version may have it. */
import fc from 'fast-check'
import * as z from 'zod'
import {
  type Codec,
  list,
  nullable,
  oneOf,
  pair,
  record,
  struct,
  text,
  union,
} from '../../packages/protocol/src/codec.ts'

type Any = Codec<unknown>
/** What a later version has more: a field, a kind, a word. */
export const MORE = 'lately'
const FREE_TAG = 251

const entries = <Value, Result>(
  of: Readonly<Record<string, Value>>,
  make: (value: Value) => Result,
): Record<string, Result> => Object.fromEntries(Object.entries(of).map(([name, value]) => [name, make(value)]))

export function valuesOf({ form }: Any): fc.Arbitrary<unknown> {
  switch (form.type) {
    case 'u8':
      return fc.nat(0xff)
    case 'u16':
      return fc.nat(0xffff)
    case 'u32':
      return fc.integer({ min: 0, max: 0xffff_ffff })
    case 'flag':
      return fc.boolean()
    case 'number':
      return fc.double({ noNaN: true })
    case 'milliseconds':
      return fc.double({ min: 0, max: 3_600_000, noNaN: true })
    case 'counter':
      return fc.maxSafeNat()
    case 'bytes':
      return fc.uint8Array({ maxLength: 40 })
    case 'text':
      return fc.string({ unit: 'grapheme', maxLength: 20 })
    case 'hex':
      return fc
        .uint8Array({ minLength: form.size, maxLength: form.size })
        .map((bytes) => Buffer.from(bytes).toString('hex'))
    case 'word':
      return fc.constantFrom(...form.names)
    case 'nullable':
      return fc.option(valuesOf(form.inner))
    case 'list':
      return fc.array(valuesOf(form.inner), { maxLength: 4 })
    case 'record':
      return fc.dictionary(fc.string({ maxLength: 9 }), valuesOf(form.inner), { maxKeys: 4, noNullPrototype: true })
    case 'pair':
      return fc.tuple(valuesOf(form.first), valuesOf(form.second))
    case 'struct': {
      const later = entries(form.later, ([, codec]) => valuesOf(codec))
      return fc.record({ ...entries(form.fields, valuesOf), ...later }, { requiredKeys: Object.keys(form.fields) })
    }
    case 'union':
      return fc.oneof(
        ...Object.entries(form.cases).map(([kind, [, codec]]) =>
          valuesOf(codec).map((value) => ({ kind, ...(value as object) })),
        ),
      )
  }
}

/** One more optional field in every struct, one more kind in every union, one more word in every list of words. */
export function grown(codec: Any): Any {
  const { form } = codec
  switch (form.type) {
    case 'word':
      return oneOf([...form.names, MORE]) as Any
    case 'nullable':
      return nullable(grown(form.inner))
    case 'list':
      return list(grown(form.inner)) as Any
    case 'record':
      return record(grown(form.inner)) as Any
    case 'pair':
      return pair(grown(form.first), grown(form.second)) as Any
    case 'struct': {
      const later = entries(form.later, ([tag, inner]) => [tag, grown(inner)] as const)
      return struct<Record<string, unknown>>(
        entries(form.fields, grown) as never,
        { ...later, [MORE]: [FREE_TAG, text] } as never,
      ) as Any
    }
    case 'union': {
      const cases = entries(form.cases, ([tag, inner]) => [tag, grown(inner)] as const)
      return union<{ kind: string }>({ ...cases, [MORE]: [FREE_TAG, struct({ word: text })] } as never) as Any
    }
    default:
      return codec
  }
}

/** Thrown where this version must refuse the value by the name of unknown kind. */
export class Unknown extends Error {}
type Fields = Readonly<Record<string, unknown>>

/** What this version must understand of a value of the grown codec. */
export function understood({ form }: Any, value: unknown): unknown {
  switch (form.type) {
    case 'word':
      if (value !== MORE) return value
      if (form.fallback === undefined) throw new Unknown()
      return form.fallback
    case 'nullable':
      return value === null ? null : understood(form.inner, value)
    case 'list':
      return (value as unknown[]).map((one) => understood(form.inner, one))
    case 'record':
      return entries(value as Fields, (one) => understood(form.inner, one))
    case 'pair': {
      const [first, second] = value as [unknown, unknown]
      return [understood(form.first, first), understood(form.second, second)]
    }
    case 'struct': {
      const known = { ...form.fields, ...entries(form.later, ([, codec]) => codec) }
      const present = Object.entries(value as Fields).filter(([name]) => Object.hasOwn(known, name))
      return Object.fromEntries(present.map(([name, one]) => [name, understood(known[name] as Any, one)]))
    }
    case 'union': {
      const { kind, ...fields } = value as Fields & { kind: string }
      const entry = form.cases[kind]
      if (!entry) throw new Unknown()
      return { kind, ...(understood(entry[1], fields) as object) }
    }
    default:
      return value
  }
}

const limits = (checks: readonly z.core.$ZodCheck[] = []): { min: number; max: number } => {
  const all = checks.map((check): Readonly<Record<string, unknown>> => ({ ...check._zod.def }))
  const bounds = (name: string, field: string): number[] =>
    all.flatMap((check) => (check['check'] === name && typeof check[field] === 'number' ? check[field] : []))
  const least = [...bounds('greater_than', 'value'), ...bounds('min_length', 'minimum')]
  const most = [...bounds('less_than', 'value'), ...bounds('max_length', 'maximum')]
  // Of several on one value, all hold.
  return { min: Math.max(0, ...least), max: most.length === 0 ? 40 : Math.min(...most) }
}

/** A look at anything, before a schema that says more (`bounded.ts`). */
const isGate = ({ in: before, out }: z.core.$ZodPipeDef): boolean =>
  before._zod.def.type === 'unknown' && out._zod.def.type !== 'transform'

/** Any value that has the schema's shape, as JSON can carry it. */
export function valuesOfSchema(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const { def } = (schema as z.core.$ZodTypes)._zod
  const { min, max } = limits(def.checks)
  switch (def.type) {
    case 'string':
      return fc.string({ unit: 'grapheme', minLength: min, maxLength: Math.min(max, 12) })
    case 'number':
      return fc.integer({ min, max: Math.min(max, 1_000_000) })
    case 'boolean':
      return fc.boolean()
    case 'unknown':
      return fc.jsonValue()
    case 'literal':
      return fc.constantFrom(...def.values)
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries))
    case 'array':
      return fc.array(valuesOfSchema(def.element), { minLength: min, maxLength: Math.min(max, 3) })
    case 'tuple':
      return fc.tuple(...def.items.map(valuesOfSchema))
    case 'record':
      return fc.dictionary(fc.string({ maxLength: 9 }), valuesOfSchema(def.valueType), {
        maxKeys: 3,
        noNullPrototype: true,
      })
    case 'union':
      return fc.oneof(...def.options.map(valuesOfSchema))
    case 'nullable':
      return fc.option(valuesOfSchema(def.innerType))
    case 'pipe':
      return valuesOfSchema(isGate(def) ? def.out : def.in)
    case 'readonly':
      return valuesOfSchema(def.innerType).filter((value) => z.safeParse(schema, value).success)
    case 'catch':
    case 'optional':
      return valuesOfSchema(def.innerType)
    case 'object': {
      const required = Object.keys(def.shape).filter((key) => def.shape[key]?._zod.def.type !== 'optional')
      return fc.record(entries(def.shape, valuesOfSchema), { requiredKeys: required })
    }
    default:
      throw new Error(`no values for ${def.type}: teach them`)
  }
}

/** The same value with one more field in every object that the schema names, those aside of which nothing may be skipped. */
export function withMore(schema: z.core.$ZodType, value: unknown): unknown {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'array':
      return (value as unknown[]).map((one) => withMore(def.element, one))
    case 'tuple':
      return (value as unknown[]).map((one, at) => {
        const item = def.items[at]
        return item ? withMore(item, one) : one
      })
    case 'record':
      return entries(value as Fields, (one) => withMore(def.valueType, one))
    case 'nullable':
      return value === null ? null : withMore(def.innerType, value)
    case 'catch':
    case 'readonly':
    case 'optional':
      return withMore(def.innerType, value)
    case 'pipe':
      return isGate(def) ? withMore(def.out, value) : value
    case 'union': {
      const fits = def.options.find((option) => z.safeParse(option, value).success)
      return fits ? withMore(fits, value) : value
    }
    case 'object': {
      const known = Object.entries(value as Fields).map(([name, one]) => {
        const inner = def.shape[name]
        return [name, inner ? withMore(inner, one) : one]
      })
      const isStrict = def.catchall?._zod.def.type === 'never'
      return { ...Object.fromEntries(known), ...(isStrict ? {} : { [MORE]: { any: ['thing'] } }) }
    }
    default:
      return value
  }
}
