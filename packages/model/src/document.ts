/** The YAML text as plain data, with the place of every value. */
import type { Refusal } from '@lvsm/base'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { readOwn } from './own-document.ts'
import { MOST_VALUES, refuseText, sentenceOf, TOO_DEEP, TOO_MANY, TOO_MUCH } from './yaml-faults.ts'

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

const DEEPEST = 64

/** Parses a file. Faults of the text itself come back as refusals: of bad YAML the first, since the others follow from it. */
export function readDocument(text: string): ReadDocument {
  const refused = refuseText(text)
  if (refused) return { data: null, refusals: [refused], place: () => ({ line: 1, column: 1 }) }
  return readOwn(text) ?? readYaml(text)
}

function readYaml(text: string): ReadDocument {
  const lines = new LineCounter()
  const options = {
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    uniqueKeys: false,
    logLevel: 'error',
  } as const
  const document = parseDocument(text, { ...options, stringKeys: true })
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(Math.max(offset, 0), text.length))
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const targets = targetsOf(document)
  const places = new Places(document, targets)
  const place = (path: Path, key?: string): Place => at(places.offset(path, key))
  const [first] = [...document.errors, ...document.warnings].toSorted((one, other) => one.pos[0] - other.pos[0])
  if (first) return { data: null, refusals: [{ ...at(first.pos[0]), ...sentenceOf(first.code) }], place }
  const reader = new Reader(targets)
  const data = reader.read(document.contents, 0)
  return { data, refusals: reader.faults.map(({ offset, ...sentence }) => ({ ...at(offset), ...sentence })), place }
}

/** Where one value of a file stands. */
export const placeOf = (text: string, path: Path): Place => readDocument(text).place(path)

const offsetOf = (node: Node | null | undefined, otherwise: number): number => node?.range?.[0] ?? otherwise
const nodeOf = (value: unknown): Node | null =>
  isMap(value) || isSeq(value) || isScalar(value) || isAlias(value) ? value : null

type Targets = ReadonlyMap<Node, Node>

/** What each alias stands for: the last thing before it with that anchor. The parser's own search looks through the whole file for each. */
function targetsOf(document: Document): Targets {
  const anchors = new Map<string, Node>()
  const targets = new Map<Node, Node>()
  visit(document, (_, node) => {
    const target = isAlias(node) ? anchors.get(node.source) : undefined
    if (isAlias(node) && target) targets.set(node, target)
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) anchors.set(node.anchor, node)
  })
  return targets
}

class Places {
  readonly #document: Document
  readonly #targets: Targets
  /** Keys of a mapping with their values: a file with faults is asked for many places. */
  readonly #known = new Map<Node, ReadonlyMap<string, { readonly key: Node | null; readonly value: Node | null }>>()

  constructor(document: Document, targets: Targets) {
    this.#document = document
    this.#targets = targets
  }

  offset(path: Path, key?: string): number {
    let node = nodeOf(this.#document.contents)
    let offset = offsetOf(node, 0)
    for (const part of path) {
      const child = this.#childOf(node, part)
      if (!child) return offset
      offset = offsetOf(child.value, offsetOf(child.key, offset))
      node = child.value
    }
    return key === undefined ? offset : offsetOf(this.#childOf(node, key)?.key, offset)
  }

  #childOf(parent: Node | null, part: string | number): { key: Node | null; value: Node | null } | undefined {
    const node = isAlias(parent) ? (this.#targets.get(parent) ?? null) : parent
    if (isSeq(node))
      return typeof part === 'number' && part in node.items ? { key: null, value: nodeOf(node.items[part]) } : undefined
    if (!isMap(node)) return undefined
    const known =
      this.#known.get(node) ??
      new Map(node.items.map(({ key, value }) => [textOf(key), { key: nodeOf(key), value: nodeOf(value) }]))
    this.#known.set(node, known)
    return known.get(String(part))
  }
}

const textOf = (key: unknown): string => (isScalar(key) ? String(key.value) : '')

interface TextFault {
  readonly offset: number
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** A copy without shared or circular parts: the shape check and the rules walk it freely. */
class Reader {
  readonly #targets: Targets
  readonly faults: TextFault[] = []
  #values = 0
  /** The outermost alias that is being written out. */
  #alias: Node | null = null

  constructor(targets: Targets) {
    this.#targets = targets
  }

  read(value: unknown, depth: number): unknown {
    this.#values += 1
    const node = nodeOf(value)
    if (!node) return null
    if (depth > DEEPEST || this.#values > MOST_VALUES)
      return this.#alias
        ? this.#refuse(this.#alias, TOO_MUCH)
        : this.#refuse(node, depth > DEEPEST ? TOO_DEEP : TOO_MANY)
    if (isAlias(node)) return this.#written(node, depth)
    if (node.tag !== undefined) return this.#refuse(node, sentenceOf('TAG_RESOLVE_FAILED'))
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1))
    if (isScalar(node)) return this.#scalar(node.value, node.source ?? '', node)
    return isMap(node) ? this.#mapping(node.items, depth) : null
  }

  #written(alias: Node, depth: number): unknown {
    const named = this.#targets.get(alias)
    if (!named) return this.#refuse(alias, sentenceOf('BAD_ALIAS'))
    const outer = this.#alias
    this.#alias ??= alias
    const value = this.read(named, depth + 1)
    this.#alias = outer
    return value
  }

  #mapping(items: readonly { readonly key: unknown; readonly value: unknown }[], depth: number): unknown {
    const found = new Map<string, unknown>()
    for (const { key, value } of items) {
      const name = textOf(key)
      const again = { code: 'duplicate-key', message: 'this key stands here twice', hint: 'keep one of them' }
      if (found.has(name)) this.#refuse(nodeOf(key), again)
      else found.set(name, this.read(value, depth + 1))
    }
    return Object.fromEntries(found)
  }

  /** Numbers as JSON has them: what is none stays the text that it was written as. */
  #scalar(value: unknown, source: string, node: Node): unknown {
    if (typeof value !== 'number') return typeof value === 'bigint' ? source : value
    if (!Number.isFinite(value)) return source
    // 080 is 80 here and an octal number elsewhere: nobody is to guess.
    const octal = /^[-+]?0[0-9]+$/.test(source)
    if (octal)
      this.#refuse(node, {
        code: 'bad-number',
        message: 'a number begins with 0',
        hint: 'take the 0 away, or put it in quotes',
      })
    return value
  }

  /** Once for each kind of fault that would come back with every value. */
  #refuse(node: Node | null, sentence: Omit<TextFault, 'offset'>): null {
    const { code, message, hint } = sentence
    const isOnce = [TOO_DEEP, TOO_MANY, TOO_MUCH].some((one) => one === sentence)
    if (!isOnce || !this.faults.some((one) => one.code === code))
      this.faults.push({ offset: offsetOf(node, 0), code, message, hint })
    return null
  }
}
