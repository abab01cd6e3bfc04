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
    return { data, refusals: [], place: (path, key) => placeIn(data, before, path, key) }
  } catch {
    return null
  }
}

/** `first`: the line on which it begins. */
function placeIn(data: unknown, first: number, path: Path, key?: string): Place {
  let [value, line, column, depth] = [data, first, 1, 0]
  for (const part of path) {
    const children = childrenOf(value)
    const at = children.findIndex(([name]) => name === part)
    const child = children[at]
    if (!child) return { line, column }
    line += 1 + linesOf(children.slice(0, at))
    depth += 1
    column = depth + 1 + (typeof part === 'number' ? 0 : JSON.stringify(part).length + ': '.length)
    value = child[1]
  }
  if (key === undefined) return { line, column }
  const children = childrenOf(value)
  const at = children.findIndex(([name]) => name === key)
  return at < 0 ? { line, column } : { line: line + 1 + linesOf(children.slice(0, at)), column: depth + 2 }
}

type Children = readonly (readonly [string | number, unknown])[]
const childrenOf = (value: unknown): Children =>
  Array.isArray(value) ? [...value.entries()] : typeof value === 'object' && value !== null ? Object.entries(value) : []

function linesOf(children: Children): number {
  let lines = 0
  for (const [, value] of children) {
    const own = childrenOf(value)
    lines += own.length === 0 ? 1 : linesOf(own) + 2
  }
  return lines
}
