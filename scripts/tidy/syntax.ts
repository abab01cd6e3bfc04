/** The laws that need a parser. In a file of their own: swc ends a process in which several threads have loaded it. */
import { Source } from '../mutants/syntax.ts'
import { castJson } from './casts.ts'
import { longFunctions } from './functions.ts'
import { circles, type Edge, edgesOf, passedOn } from './imports.ts'
import { type Finding, type Found, isTest } from './laws.ts'

/** Path → text; what is no TypeScript is left out. */
export function inspectSyntax(texts: ReadonlyMap<string, string>): Finding[] {
  const modules = new Map<string, readonly Edge[]>()
  const findings: Finding[] = []
  for (const [file, text] of texts) {
    if (!/\.tsx?$/.test(file)) continue
    const source = new Source(text, file.endsWith('x'))
    const edges = edgesOf(source)
    modules.set(file, edges)
    if (isTest(file)) continue
    const say = (law: string, found: readonly Found[]): void => {
      for (const one of found) findings.push({ law, file, ...one })
    }
    say('short-function', longFunctions(source))
    say('checked-json', castJson(source))
    say('own-exports', passedOn(file, edges))
  }
  return [...findings, ...circles(modules)]
}
