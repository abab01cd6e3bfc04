/** The mistakes: for each kind of node, what somebody could have written instead. */
import type { Node, Place } from './syntax.ts'

export interface Edit extends Place {
  readonly text: string
}

const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>'],
  '<=': ['<', '>'],
  '>': ['>=', '<'],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '&&': ['||'],
  '||': ['&&'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '&': ['|'],
  '|': ['&'],
  '^': ['|'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
  '+=': ['-='],
  '-=': ['+='],
  '|=': ['&='],
  '&=': ['|='],
  '??=': ['='],
}
const pairs = (...names: readonly [string, string][]): ReadonlyMap<string, string> =>
  new Map(names.flatMap(([one, other]) => [[one, other] as const, [other, one] as const]))
const METHODS = pairs(
  ['some', 'every'],
  ['startsWith', 'endsWith'],
  ['find', 'findLast'],
  ['push', 'unshift'],
  ['min', 'max'],
  ['floor', 'ceil'],
)
const FUNCTIONS = pairs(['later', 'earlier'])
const ASKS = new Set(['filter', 'find', 'findLast', 'findIndex', 'some', 'every'])
/** Without them the value passes as it was. */
const PASSES = new Set(['filter', 'slice', 'sort', 'toSorted', 'reverse', 'toReversed', 'trim', 'flat', 'concat'])
/** What stands for something that was done. */
const DOES = new Set(['CallExpression', 'AssignmentExpression', 'UpdateExpression', 'AwaitExpression'])
const NOTHING = '{}'

const replaced = ({ place }: Node, text: string): Edit => ({ ...place, text })
const gone = (start: number, end: number, text = ''): Edit => ({ start, end, text })
const isBlock = (node: Node): boolean => node.type === 'BlockStatement' || node.type === 'FunctionBody'
/** Texts are added with `+` too, and a difference of texts is no mistake that anybody makes. */
const isText = (node: Node | null): boolean =>
  node?.type === 'StringLiteral' ||
  node?.type === 'TemplateLiteral' ||
  (node?.type === 'BinaryExpression' && (isText(node.child('left')) || isText(node.child('right'))))

/** Its own edits negate it already. */
const flips = (node: Node): boolean =>
  (node.type === 'UnaryExpression' && node.text.startsWith('!')) ||
  (node.type === 'BinaryExpression' && ['===', '!=='].includes(node.field('operator') as string))

function operator(node: Node): Edit[] {
  const sign = node.field('operator') as string
  const left = node.child('left')
  const right = node.child('right')
  if (!left || !right || (sign === '+' && isText(node))) return []
  const between = node.text.slice(left.text.length, -right.text.length)
  const start = left.place.end + Buffer.byteLength(between.slice(0, between.indexOf(sign)))
  const edits = (OPERATORS[sign] ?? []).map((text): Edit => ({ start, end: start + sign.length, text }))
  if (['&&', '||', '??'].includes(sign)) edits.push(gone(left.place.end, node.place.end))
  if (['&&', '||'].includes(sign)) edits.push(gone(node.place.start, right.place.start))
  return edits
}

function number(node: Node): Edit[] {
  const value = node.field('value') as number
  const others = [value + 1, value === 0 ? '(-1)' : value - 1, ...(value > 2 ? [value * 2] : [])]
  return others.map((other) => replaced(node, String(other)))
}

function call(node: Node): Edit[] {
  const callee = node.child('callee')
  const twin = callee?.type === 'Identifier' ? FUNCTIONS.get(callee.text) : undefined
  if (callee && twin !== undefined) return [replaced(callee, twin)]
  const object = callee?.child('object')
  const method = callee?.child('property')
  if (callee?.type !== 'MemberExpression' || !object || method?.type !== 'Identifier') return []
  const other = METHODS.get(method.text)
  const [first] = node.children('arguments')
  const body = first?.type === 'ArrowFunctionExpression' ? first.child('body') : null
  return [
    ...(other === undefined ? [] : [replaced(method, other)]),
    ...(ASKS.has(method.text) && body && !isBlock(body) && !flips(body) ? [replaced(body, `!(${body.text})`)] : []),
    ...(PASSES.has(method.text) ? [gone(object.place.end, node.place.end)] : []),
    ...(method.text === 'slice' && first && first.type !== 'NumericLiteral'
      ? [replaced(first, `${first.text} + 1`)]
      : []),
  ]
}

function condition(node: Node): Edit[] {
  const test = node.child('test')
  const then = node.child('consequent')
  const otherwise = node.child('alternate')
  if (!test || !then) return []
  if (node.type === 'ConditionalExpression') return otherwise ? [swapped(node, then, otherwise)] : []
  if (otherwise) return flips(test) ? [] : [replaced(test, `!(${test.text})`)]
  // An emptied block says the same as a guard that is gone.
  return [replaced(test, 'true'), ...(isBlock(then) ? [] : [replaced(node, NOTHING)])]
}

/** Both arms change their places; what stands between them stays. */
function swapped(node: Node, one: Node, other: Node): Edit {
  const bytes = Buffer.from(node.text)
  const at = (place: number): number => place - node.place.start
  const between = bytes.subarray(at(one.place.end), at(other.place.start)).toString()
  return { start: one.place.start, end: node.place.end, text: `${other.text}${between}${one.text}` }
}

/** Each part of a list that can be left out, with the comma that goes along. */
function leftOut(parts: readonly Node[], may: (part: Node) => boolean = () => true): Edit[] {
  return parts.flatMap((part, at) => {
    const next = parts[at + 1]
    const before = parts[at - 1]
    if (!may(part)) return []
    if (next) return [gone(part.place.start, next.place.start)]
    return before ? [gone(before.place.end, part.place.end)] : [gone(part.place.start, part.place.end)]
  })
}

function statement(node: Node): Edit[] {
  const expression = node.child('expression')
  const inner = expression?.type === 'UnaryExpression' ? expression.child('argument') : expression
  const does = inner && (DOES.has(inner.type) || inner.type === 'OptionalChainingExpression')
  return does && inner.child('callee')?.type !== 'Super' && !inner.text.startsWith('super(')
    ? [replaced(node, NOTHING)]
    : []
}

const left = (node: Node): Edit[] => [replaced(node, NOTHING)]

/** A function that gives nothing instead of its value would be noticed by anybody. */
function block(node: Node): Edit[] {
  const last = node.children('stmts').at(-1)
  const gives = node.type === 'FunctionBody' && last?.type === 'ReturnStatement' && last.child('argument') !== null
  return last && !gives ? [replaced(node, NOTHING)] : []
}

/** By the type of a node. */
export const EDITS: Readonly<Record<string, (node: Node) => readonly Edit[]>> = {
  BinaryExpression: operator,
  AssignmentExpression: operator,
  UnaryExpression: (node) => {
    const argument = node.child('argument')
    return argument && ['!', '-'].includes(node.field('operator') as string)
      ? [replaced(node, ` ${argument.text}`)]
      : []
  },
  UpdateExpression: (node) => [
    replaced(node, node.text.includes('++') ? node.text.replace('++', '--') : node.text.replace('--', '++')),
  ],
  NumericLiteral: number,
  BooleanLiteral: (node) => [replaced(node, node.field('value') === true ? 'false' : 'true')],
  CallExpression: call,
  ConditionalExpression: condition,
  IfStatement: condition,
  Computed: (node) => {
    const inner = node.child('expression')
    return inner && !inner.type.endsWith('Literal') ? [replaced(inner, `(${inner.text}) + 1`)] : []
  },
  ObjectExpression: (node) => {
    const parts = node.children('properties')
    const spreads = parts.some((part) => part.type === 'SpreadElement')
    return leftOut(parts, () => spreads)
  },
  ArrayExpression: (node) => {
    const parts = node.children('elements')
    // Two of them are a pair, without which nothing runs; one that is a hole has no place.
    const isList = parts.length !== 2 || parts.some((part) => part.text.startsWith('...'))
    return isList && parts.length === (node.field('elements') as unknown[]).length ? leftOut(parts) : []
  },
  ExpressionStatement: statement,
  ReturnStatement: (node) => (node.child('argument') ? [] : left(node)),
  ContinueStatement: left,
  BreakStatement: left,
  ThrowStatement: left,
  BlockStatement: block,
  FunctionBody: block,
}
