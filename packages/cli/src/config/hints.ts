/** What is advised in the words of the file, in those of the command line: `forward=dr` in place of `forward: dr`. */
import { NOUN_NAMES } from '@lvsm/protocol'
import { Failure } from '../failure.ts'
import { settableKeys } from './values.ts'
import type { CoordinatorSession } from './write.ts'

const KEYS: ReadonlySet<string> = new Set(NOUN_NAMES.flatMap((noun) => settableKeys(noun).map(({ key }) => key)))

/** Lines that advise, and no others; a list of what is known (`known services: http`) names no key; within braces and brackets the command line has YAML too. */
export const inWords = (text: string): string =>
  text
    .split('\n')
    .map((line) => (/^\s*→ /.test(line) ? advised(line) : line))
    .join('\n')

function advised(line: string): string {
  let depth = 0
  return line
    .split(/(?<=[[{\]}])|(?=[[{\]}])/)
    .map((part) => {
      if (/^[[{]/.test(part)) depth += 1
      if (/^[\]}]/.test(part)) depth -= 1
      return depth > 0
        ? part
        : part.replaceAll(/(?<![\w-]|\b(?:known|other) )([a-z][a-z-]*): ?/g, (all, key: string) =>
            KEYS.has(key) ? `${key}=` : all,
          )
    })
    .join('')
}

/** A session whose terminal, and whose failures, speak so. */
export async function spoken<Value>(
  session: CoordinatorSession,
  work: (session: CoordinatorSession) => Promise<Value>,
): Promise<Value> {
  const { terminal } = session
  const speaking = {
    ...terminal,
    print: (text: string) => terminal.print(inWords(text)),
    complain: (text: string) => terminal.complain(inWords(text)),
  }
  try {
    return await work({ ...session, terminal: speaking })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const [hint = ''] = inWords(`→ ${error.hint}`).split('→ ').slice(1)
    throw new Failure(error.exit, inWords(error.message), hint)
  }
}
