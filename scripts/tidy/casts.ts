/** What JSON.parse gives is unknown: a schema or a reader says what it is, never an assertion. */
import type { Node, Source } from '../mutants/syntax.ts'
import type { Found } from './laws.ts'

/** Files that still trust it; each leaves this list when it has a reader. */
export const TRUSTING: readonly string[] = []

const WRAPPER = /^(ParenthesisExpression|Ts(As|NonNull|Satisfies|ConstAssertion|TypeAssertion).*|AwaitExpression)$/
const ASSERTION = /^Ts(AsExpression|TypeAssertion)$/

export function castJson(file: string, source: Source, trusting = TRUSTING): Found[] {
  const findings = [...source.nodes(() => false)].filter(isCast).map((node) => ({
    line: source.lineOf(node.place.start),
    message: 'parsed JSON is asserted to be a type: read it with a schema, or check it field by field',
  }))
  if (!trusting.includes(file)) return findings
  if (findings.length > 0) return []
  return [{ line: 1, message: 'trusts no JSON any more: take it out of the list in scripts/tidy/casts.ts' }]
}

/** `JSON.parse(…) as T`, or a variable declared as T that it is given to. */
function isCast(node: Node): boolean {
  if (ASSERTION.test(node.type)) return !isUnknown(node.field('typeAnnotation')) && isParsed(node.child('expression'))
  if (node.type !== 'VariableDeclarator') return false
  const declared = node.child('id')?.field('typeAnnotation')
  return isRaw(declared) && !isUnknown(declared['typeAnnotation']) && isParsed(node.child('init'))
}

function isParsed(node: Node | null): boolean {
  if (node === null) return false
  if (WRAPPER.test(node.type)) return isParsed(node.child('expression') ?? node.child('argument'))
  return node.type === 'CallExpression' && /^JSON\s*\.\s*parse$/.test(node.child('callee')?.text ?? '')
}

const isRaw = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
const isUnknown = (type: unknown): boolean => isRaw(type) && type['kind'] === 'unknown'
