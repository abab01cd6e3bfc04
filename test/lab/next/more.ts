/** Codecs with one more optional field, which is always there, or one more kind. */
import { type Codec, struct, text, union } from '../../../packages/protocol/src/codec.ts'

const FIELD_TAG = 201
const KIND_TAG = 202
export const LATELY = 'of a later version'
export const NEXT_KIND = 'lately'

/** The struct says `lately` with every value; who reads it skips it, or has it. */
export function withField<T extends object>(codec: Codec<T>): Codec<T> {
  const { form } = codec
  if (form.type !== 'struct') throw new Error(`a ${form.type} has no fields`)
  const more = struct<Record<string, unknown>>(
    form.fields as never,
    { ...form.later, lately: [FIELD_TAG, text] } as never,
  )
  return {
    form: more.form,
    write: (w, v) => more.write(w, { ...v, lately: LATELY }),
    read: (r) => more.read(r) as T,
  }
}

/** The union with one more kind, and one more field in these of its kinds. */
export function withKind<T extends { readonly kind: string }>(codec: Codec<T>, grown: readonly T['kind'][]): Codec<T> {
  const { form } = codec
  if (form.type !== 'union') throw new Error(`a ${form.type} has no kinds`)
  const cases = Object.entries(form.cases).map(([kind, [tag, fields]]) => [
    kind,
    [tag, grown.includes(kind) ? withField(fields as Codec<object>) : fields],
  ])
  const next = [KIND_TAG, struct<{ word: string }>({ word: text })]
  return union({ ...Object.fromEntries(cases), [NEXT_KIND]: next } as never) as unknown as Codec<T>
}

/** A value of the kind that there is more. */
export const newKind = <T>(): T => ({ kind: NEXT_KIND, word: LATELY }) as T
