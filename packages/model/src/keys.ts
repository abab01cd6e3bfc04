/** The keys of each noun, as the schema has them: for help, and for whoever reads `KEY=VALUE`. No list beside the schema. */
import type { Noun } from '@lvsm/protocol'
import * as z from 'zod'
import * as schema from './schema.ts'

export interface KeyRow {
  readonly key: string
  readonly kind: 'text' | 'number' | 'flag' | 'word' | 'address' | 'network' | 'port' | 'duration' | 'mapping'
  readonly list: boolean
  /** Has no default. */
  readonly required: boolean
  /** Of a word: those that there are. */
  readonly words: readonly string[]
}

const floating = schema.floatingSchema.options[1]
const SCHEMAS: Readonly<Record<Noun, z.ZodType>> = {
  cluster: schema.configSchema,
  timing: schema.timingSchema,
  // Documents go without secrets.
  key: schema.keySchema.omit({ secret: true }),
  node: schema.nodeSchema,
  link: schema.linkSchema,
  group: schema.groupSchema,
  vip: floating,
  gateway: floating,
  pool: schema.poolSchema,
  service: schema.serviceSchema,
  check: schema.checkSchema,
  server: schema.realserverSchema,
  override: schema.overrideSchema,
  receiver: schema.receiverSchema,
}

/** In the order of the schema. */
export function keysOfNoun(noun: Noun): KeyRow[] {
  const { properties = {}, required = [] } = z.toJSONSchema(SCHEMAS[noun], { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties).map(([key, value]) => ({
    key,
    required: required.includes(key),
    ...typeOf(typeof value === 'object' ? value : {}),
  }))
}

type Described = z.core.JSONSchema.BaseSchema
type Type = Pick<KeyRow, 'kind' | 'list' | 'words'>
const FORMATS: readonly KeyRow['kind'][] = ['address', 'network', 'port', 'duration']

function typeOf(described: Described): Type {
  // Where there is a short form and a long one, the short.
  const [first] = described.anyOf ?? []
  if (first) return typeOf(first)
  if (described.type === 'array') {
    const { items } = described
    return { ...typeOf(typeof items === 'object' && !Array.isArray(items) ? items : {}), list: true }
  }
  const words = (described.enum ?? []).filter((word) => typeof word === 'string')
  if (words.length > 0) return { kind: 'word', list: false, words }
  const kind = FORMATS.find((one) => one === described.format)
  return { kind: kind ?? KINDS[String(described.type)] ?? 'text', list: false, words: [] }
}
const KINDS: Readonly<Record<string, KeyRow['kind']>> = {
  string: 'text',
  integer: 'number',
  number: 'number',
  boolean: 'flag',
  object: 'mapping',
}
