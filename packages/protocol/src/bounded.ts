/** Lists and records of others with so many items at most: a longer one is refused before a single item of it is looked at. */
import * as z from 'zod'

const lengthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? (Array.isArray(value) ? value.length : Object.keys(value).length) : 0

/** What is none of both is left to the schema behind it. */
const few = (most: number) =>
  z.unknown().refine((value) => lengthOf(value) <= most, { error: `more than ${most} items` })

export const boundedList = <Item extends z.ZodType>(item: Item, most: number) =>
  few(most).pipe(z.array(item).readonly())

export const boundedRecord = <Item extends z.ZodType>(key: z.ZodType<string>, item: Item, most: number) =>
  few(most).pipe(z.record(key, item).readonly())
