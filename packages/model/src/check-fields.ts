/** The schema of a check, from the table of check types: each type has keys of its own beside those of all. */
import * as z from 'zod'
import type { CheckKeys, CheckRow } from './tables/checks.ts'
import { namesOf } from './tables/table.ts'

type Fields = Readonly<Record<string, z.ZodType>>
type Rows = Readonly<Record<string, CheckRow>>
type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never
type FieldsOf<T extends Rows> = Intersection<T[keyof T]['fields']> extends infer All extends Fields ? All : never

const fieldsOf = <T extends Rows>(rows: T): FieldsOf<T> =>
  Object.assign({}, ...Object.values(rows).map(({ fields }) => fields))

/** Who goes by another service's check asks nobody. */
const saysHow = (check: unknown): boolean =>
  typeof check !== 'object' || check === null || Object.hasOwn(check, 'type') || Object.hasOwn(check, 'track')

/** A mapping with `type`, the keys of all types, and those of its own type: any other is refused with the type's hint. */
export const checkFields = <T extends Rows, Common extends Fields>(rows: T, common: Common) =>
  z
    .strictObject({ type: z.enum(namesOf(rows)).optional(), ...common, ...fieldsOf(rows) })
    // Told beside all other faults, as of a key that is not optional.
    .refine(saysHow, { path: ['type'], when: () => true })
    .superRefine((check: Readonly<Record<string, unknown>>, context) => {
      if (check.type === undefined) return
      const type = String(check.type)
      const row = rows[type]
      const known = new Set(['type', ...Object.keys(common), ...Object.keys(row?.fields ?? {})])
      for (const key of Object.keys(check).filter((one) => !known.has(one)))
        context.addIssue({
          code: 'custom',
          path: [key],
          message: `belongs to a check of another type than ${type}`,
          params: { code: 'key-of-other-check', hint: row?.hint ?? '' },
        })
      const fault = row?.refuse(check)
      if (fault)
        context.addIssue({
          code: 'custom',
          path: [fault.key],
          message: fault.message,
          params: { code: fault.code, hint: fault.hint },
        })
    })

/** What a checked mapping says under the keys of its own type. */
export function keysOf(rows: Rows, check: (CheckKeys & { readonly type?: string | undefined }) | undefined): CheckKeys {
  const own = Object.keys(rows[check?.type ?? '']?.fields ?? {})
  return Object.fromEntries(Object.entries(check ?? {}).filter(([key]) => own.includes(key)))
}
