/** Functions stay short: what is in them is read at once. Closures count as part of what they stand in. */
import type { Node, Source } from '../mutants/syntax.ts'
import type { Found } from './laws.ts'

export const LONGEST_FUNCTION = 60

const FUNCTION =
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|ClassMethod|PrivateMethod|Constructor|MethodProperty|GetterProperty|SetterProperty|StaticBlock)$/

export function longFunctions(source: Source): Found[] {
  return [...source.nodes(() => false)]
    .filter((node) => FUNCTION.test(node.type))
    .flatMap((node) => {
      const line = source.lineOf(node.place.start)
      const lines = source.lineOf(node.place.end) - line + 1
      return lines <= LONGEST_FUNCTION
        ? []
        : [{ line, message: `${nameOf(node)} has ${lines} lines, at most ${LONGEST_FUNCTION}: split it` }]
    })
}

function nameOf(node: Node): string {
  const named = node.child('identifier') ?? node.child('key')
  return named ? named.text : 'a function'
}
