/** Functions stay short: what is in them is read at once. Closures count as part of what they stand in. */
import type { Node, Source } from '../mutants/syntax.ts'
import type { Found } from './laws.ts'

export const LONGEST_FUNCTION = 60

/** Longer ones that are there: they may only shrink, and leave this table when they are short enough. */
export const LONG_FUNCTIONS: Readonly<Record<string, number>> = {
  'agent/node/core/fixture.ts kernel': 76,
  'agent/node/core/fixture.ts node': 87,
}

const FUNCTION =
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|ClassMethod|PrivateMethod|Constructor|MethodProperty|GetterProperty|SetterProperty|StaticBlock)$/

/** `known`: functions that may be longer, by file and name. */
export function longFunctions(file: string, source: Source, known = LONG_FUNCTIONS): Found[] {
  const present = new Map<string, number>()
  const findings: Found[] = []
  for (const node of source.nodes(() => false)) {
    if (!FUNCTION.test(node.type)) continue
    const line = source.lineOf(node.place.start)
    const lines = source.lineOf(node.place.end) - line + 1
    const name = nameOf(node)
    if (lines <= LONGEST_FUNCTION) continue
    present.set(`${file} ${name}`, lines)
    const most = known[`${file} ${name}`] ?? LONGEST_FUNCTION
    if (lines > most) findings.push({ line, message: `${name} has ${lines} lines, at most ${most}: split it` })
  }
  return [...findings, ...outdated(file, present, known)]
}

function nameOf(node: Node): string {
  const named = node.child('identifier') ?? node.child('key')
  return named ? named.text : 'a function'
}

/** The table follows what is there, so that nothing grows again. */
const outdated = (
  file: string,
  present: ReadonlyMap<string, number>,
  known: Readonly<Record<string, number>>,
): Found[] =>
  Object.entries(known)
    .filter(([key, most]) => key.startsWith(`${file} `) && (present.get(key) ?? 0) < most)
    .map(([key]) => ({
      line: 1,
      message: `${key} has ${present.get(key) ?? `at most ${LONGEST_FUNCTION}`} lines now: say so in scripts/tidy/functions.ts`,
    }))
