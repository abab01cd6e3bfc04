/** The YAML text with the place of every value. */
import type { Refusal } from '@lvsm/base'
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'

export type Path = readonly (string | number)[]

export interface Place {
  readonly line: number
  readonly column: number
}
export interface ReadDocument {
  readonly data: unknown
  readonly refusals: readonly Refusal[]
  /** Place of the value at `path`, or of the nearest thing above it; with `key`, of that key itself. */
  place(path: Path, key?: string): Place
}

/** `['groups', 0, 'vips', 1]` → `groups[0].vips[1]`. */
export const describePath = (path: Path): string =>
  path.map((part, at) => (typeof part === 'number' ? `[${part}]` : at === 0 ? part : `.${part}`)).join('')

function childOf(node: unknown, part: string | number): { key: Node | null; value: Node | null } | null {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part))
    return pair ? { key: pair.key as Node, value: (pair.value as Node | null) ?? null } : null
  }
  if (isSeq(node) && typeof part === 'number') {
    const value = node.items[part]
    return value ? { key: null, value: value as Node } : null
  }
  return null
}

/** Parses a file. Faults of the text itself (bad indentation, a key twice) come back as refusals, all of them. */
export function readDocument(text: string): ReadDocument {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    uniqueKeys: true,
    logLevel: 'error',
  })
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(Math.max(offset, 0), text.length))
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const refusals: Refusal[] = document.errors.map((fault) => ({
    code: fault.code === 'DUPLICATE_KEY' ? 'duplicate-key' : 'bad-yaml',
    ...at(fault.pos[0]),
    message: fault.code === 'DUPLICATE_KEY' ? 'this key stands here twice' : fault.message,
    hint: fault.code === 'DUPLICATE_KEY' ? 'keep one of them' : 'the file must be one YAML document',
  }))
  const place = (path: Path, key?: string): Place => {
    let node: unknown = document.contents
    let offset = offsetOf(node, 0)
    for (const part of path) {
      const child = childOf(isAlias(node) ? node.resolve(document) : node, part)
      if (!child) return at(offset)
      offset = offsetOf(child.value, offsetOf(child.key, offset))
      node = child.value
    }
    if (key === undefined) return at(offset)
    return at(offsetOf(childOf(isAlias(node) ? node.resolve(document) : node, key)?.key, offset))
  }
  let data: unknown = null
  try {
    // A copy without shared or circular parts: the shape check and the rules walk it freely.
    data = JSON.parse(JSON.stringify(document.toJS() ?? null))
  } catch (error) {
    refusals.push({
      code: 'bad-yaml',
      ...at(0),
      message: error instanceof Error ? error.message : String(error),
      hint: 'write the value out instead of an alias',
    })
  }
  return { data, refusals, place }
}

function offsetOf(node: unknown, otherwise: number): number {
  const range = (node as { range?: readonly number[] | null } | null | undefined)?.range
  return range?.[0] ?? otherwise
}
