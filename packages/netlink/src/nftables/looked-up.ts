/** What an element of a set, or of a map, names of the packets that it stands for. */
import { type Found, placeOf } from './dropping.ts'
import type { Expression } from './expression.ts'
import type { ListedElement } from './set.ts'

interface Field {
  readonly loaded: Expression
  /** In the key. */
  readonly from: number
  readonly to: number
}

/** `loaded`: what stands before the lookup. Of a range, and of what has no name here, it says only that more is asked for. */
export function namedBy(loaded: readonly Expression[], element: ListedElement): Found {
  const fields = element.many ? null : fieldsOf(loaded, element.key.length)
  if (fields === null) return { more: true }
  let found: Found = {}
  for (const field of fields) found = { ...found, ...named(field, element) }
  return found
}
function named({ loaded, from, to }: Field, { key, last = key }: ListedElement): Found {
  const data = key.subarray(from, to)
  if (data.join() !== last.subarray(from, to).join()) return { more: true }
  if (loaded.kind === 'meta' && loaded.key === 'l4proto') return { protocol: data[0] ?? 0 }
  return placeOf(loaded)?.(data) ?? { more: true }
}

/** Several things in one key fill whole registers, one after the other; null: the key has something else in it. */
function fieldsOf(loaded: readonly Expression[], length: number): Field[] | null {
  const [nearest] = loaded.slice(-1)
  if (nearest && lengthOf(nearest) === length) return [{ loaded: nearest, from: 0, to: length }]
  const fields: Field[] = []
  let begin = length
  for (const one of loaded.toReversed()) {
    const size = lengthOf(one)
    if (size === null) return null
    begin -= Math.ceil(size / REGISTER) * REGISTER
    if (begin < 0) return null
    fields.unshift({ loaded: one, from: begin, to: begin + size })
    if (begin === 0) return fields
  }
  return null
}
const REGISTER = 4
const META: Readonly<Record<string, number>> = {
  l4proto: 1,
  nfproto: 1,
  pkttype: 1,
  protocol: 2,
  iiftype: 2,
  iifname: 16,
  oifname: 16,
}
function lengthOf(loaded: Expression): number | null {
  if (loaded.kind === 'payload') return loaded.length
  return loaded.kind === 'meta' ? (META[loaded.key] ?? REGISTER) : null
}
