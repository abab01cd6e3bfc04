/**
 * A document as programs write it: JSON, one value a line, which is YAML too. Read as JSON it is read many times faster, and its places are
 * counted; with a thousand services that is the time until a change is in the kernel.
 */
import type { Path, Place, ReadDocument } from './document.ts'

/** Deeper, it is read as YAML, and refused there. One space for each level. */
const TOO_DEEP = /^ {64}/m
/** Lines of comment before everything else. */
const HEAD = /^(?:#.*\n)*/

export const documentText = (document: unknown): string => `${JSON.stringify(document, null, 1)}\n`

/** Null: it is written otherwise, as a person would. */
export function readOwn(text: string): ReadDocument | null {
  const [head = ''] = HEAD.exec(text) ?? []
  const body = text.slice(head.length)
  if (!body.startsWith('{') || TOO_DEEP.test(body)) return null
  try {
    const data: unknown = JSON.parse(body)
    // A key that stands there twice, a number that JSON cannot hold, an order that it does not keep: all make another text.
    if (documentText(data) !== body) return null
    const before = head.split('\n').length
    const lines = new Lines()
    return { data, refusals: [], place: (path, key) => placeIn(data, lines, before, path, key) }
  } catch {
    return null
  }
}

/** `first`: the line on which it begins. */
function placeIn(data: unknown, lines: Lines, first: number, path: Path, key?: string): Place {
  let [value, line, column, depth] = [data, first, 1, 0]
  for (const part of path) {
    const child = childOf(value, part)
    if (!child) return { line, column }
    line += 1 + lines.before(value, child.at)
    depth += 1
    column = depth + 1 + (typeof part === 'number' ? 0 : JSON.stringify(part).length + ': '.length)
    value = child.value
  }
  const child = key === undefined ? null : childOf(value, key)
  return child ? { line: line + 1 + lines.before(value, child.at), column: depth + 2 } : { line, column }
}

function childOf(parent: unknown, part: string | number): { readonly at: number; readonly value: unknown } | null {
  if (Array.isArray(parent)) {
    const value: unknown = parent[Number(part)]
    return typeof part === 'number' && value !== undefined ? { at: part, value } : null
  }
  if (typeof parent !== 'object' || parent === null) return null
  const entries = Object.entries(parent)
  const at = entries.findIndex(([name]) => name === part)
  return at < 0 ? null : { at, value: entries[at]?.[1] }
}

/** Each container is counted once: a file with a thousand services is asked for thousands of places. */
class Lines {
  readonly #known = new Map<object, readonly number[]>()

  /** Of what stands in `parent` before its child number `at`. */
  before(parent: unknown, at: number): number {
    return (typeof parent === 'object' && parent !== null ? this.#sums(parent)[at] : undefined) ?? 0
  }
  #sums(parent: object): readonly number[] {
    const known = this.#known.get(parent)
    if (known) return known
    const sums = [0]
    for (const child of Object.values(parent)) sums.push((sums.at(-1) ?? 0) + this.#of(child))
    this.#known.set(parent, sums)
    return sums
  }
  #of(value: unknown): number {
    if (typeof value !== 'object' || value === null) return 1
    const inside = this.#sums(value).at(-1) ?? 0
    return inside === 0 ? 1 : inside + 2
  }
}
