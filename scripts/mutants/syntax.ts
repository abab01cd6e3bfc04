/** TypeScript as a tree of nodes with places (TypeScript 7 has no usable API of its own, so swc reads it). */
import { parseSync } from '@swc/core'

/** Bytes of the source, from 0; the end is behind the last one. */
export interface Place {
  readonly start: number
  readonly end: number
}
export interface Node {
  readonly type: string
  readonly place: Place
  /** A field of the node as swc has it. */
  field(name: string): unknown
  /** A field that is a node; what only wraps one (the argument of a call) is left out. */
  child(name: string): Node | null
  children(name: string): readonly Node[]
  readonly text: string
}

type Raw = Readonly<Record<string, unknown>>

/** Types are no behaviour, and keys no values. Of what only asserts a type the expression is behaviour. */
const UNREAD = /^(type.*|superType.*|implements|returnType|decorators|key|span|ctxt)$/
const ASSERTIONS = /^Ts(As|NonNull|Satisfies|ConstAssertion)/

const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value)

export class Source {
  readonly bytes: Buffer
  readonly #module: Raw

  /** Throws what swc says of a source that is none. `tsx`: with JSX in it. */
  constructor(text: string, tsx = false) {
    this.bytes = Buffer.from(text)
    this.#module = parseSync(text, { syntax: 'typescript', target: 'es2024', tsx }) as unknown as Raw
  }

  text({ start, end }: Place): string {
    return this.bytes.toString('utf8', start, end)
  }
  lineOf(at: number): number {
    return this.bytes.toString('utf8', 0, at).split('\n').length
  }

  /** Every node that can behave, outermost first; `skips` leaves out a node with all that is in it. */
  *nodes(skips: (node: Node) => boolean): Generator<Node> {
    yield* this.#walk(this.#module, skips)
  }

  *#walk(value: unknown, skips: (node: Node) => boolean): Generator<Node> {
    if (Array.isArray(value)) for (const item of value) yield* this.#walk(item, skips)
    if (!isRaw(value)) return
    const { type } = value
    if (typeof type === 'string') {
      if (type.startsWith('Ts') && !ASSERTIONS.test(type)) return
      const node = this.#node(value)
      if (skips(node)) return
      yield node
    }
    for (const [name, inner] of Object.entries(value)) if (!UNREAD.test(name)) yield* this.#walk(inner, skips)
  }

  #node(raw: Raw, place = placeOf(raw)): Node {
    const wrap = (value: unknown): Node | null => {
      if (!isRaw(value)) return null
      if (typeof value['type'] === 'string') return this.#node(value)
      // Arguments and elements stand in a wrapper without a type, together with their dots.
      const inner = value['expression']
      return isRaw(inner) ? this.#node(inner, placeOf(value)) : null
    }
    const text = (): string => this.text(place)
    return {
      type: raw['type'] as string,
      place,
      field: (name) => raw[name],
      child: (name) => wrap(raw[name]),
      children: (name) => {
        const values = raw[name]
        return Array.isArray(values) ? values.map(wrap).filter((node) => node !== null) : []
      },
      get text() {
        return text()
      },
    }
  }
}

/** swc counts from 1, and gives some nodes no place but those of their parts. */
function placeOf(raw: Raw): Place {
  const span = raw['span']
  if (isRaw(span)) return { start: (span['start'] as number) - 1, end: (span['end'] as number) - 1 }
  const places = Object.entries(raw)
    .filter(([, part]) => isRaw(part))
    .map(([name, part]) => placeOf(name === 'spread' ? { span: part } : (part as Raw)))
    .filter((place) => place.end > 0)
  return places.length === 0
    ? { start: 0, end: 0 }
    : { start: Math.min(...places.map(({ start }) => start)), end: Math.max(...places.map(({ end }) => end)) }
}
