/** What JSON.parse gives is unknown: a schema or a reader says what it is, never an assertion. */
import type { Node, Source } from '../mutants/syntax.ts'
import type { Found } from './laws.ts'

const WRAPPER = /^(ParenthesisExpression|Ts(As|NonNull|Satisfies|ConstAssertion|TypeAssertion).*|AwaitExpression)$/
const ASSERTION = /^Ts(AsExpression|TypeAssertion)$/

export function castJson(source: Source): Found[] {
  const nodes = [...source.nodes(() => false)]
  const parsed = new Set(nodes.flatMap(parsedName))
  return nodes
    .filter((node) => isCast(node) || isLateCast(node, parsed))
    .map((node) => ({
      line: source.lineOf(node.place.start),
      message: 'parsed JSON is asserted to be a type: read it with a schema, or check it field by field',
    }))
}

/** `JSON.parse(…) as T`, or a variable declared as T that it is given to. */
function isCast(node: Node): boolean {
  if (ASSERTION.test(node.type)) return !isUnknown(node.field('typeAnnotation')) && isParsed(node.child('expression'))
  if (node.type !== 'VariableDeclarator') return false
  const declared = node.child('id')?.field('typeAnnotation')
  return isRaw(declared) && !isUnknown(declared['typeAnnotation']) && isParsed(node.child('init'))
}

/** A variable that parsed JSON is given to. */
const parsedName = (node: Node): string[] => {
  const name =
    node.type === 'VariableDeclarator' && isParsed(node.child('init')) ? node.child('id')?.field('value') : undefined
  return typeof name === 'string' ? [name] : []
}
/** The same in two steps: such a variable, asserted later on. */
function isLateCast(node: Node, parsed: ReadonlySet<string>): boolean {
  if (!ASSERTION.test(node.type) || isUnknown(node.field('typeAnnotation'))) return false
  let inner = node.child('expression')
  while (inner && WRAPPER.test(inner.type)) inner = inner.child('expression') ?? inner.child('argument')
  return inner?.type === 'Identifier' && parsed.has(inner.text)
}

function isParsed(node: Node | null): boolean {
  if (node === null) return false
  if (WRAPPER.test(node.type)) return isParsed(node.child('expression') ?? node.child('argument'))
  return node.type === 'CallExpression' && /^JSON\s*\.\s*parse$/.test(node.child('callee')?.text ?? '')
}

const isRaw = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
const isUnknown = (type: unknown): boolean => isRaw(type) && type['kind'] === 'unknown'
