import type { Exit } from '@lvsm/protocol'
import { CommanderError } from 'commander'

/** What ends a command early: a message for a person, the next step, and the exit code for a script. */
export class Failure extends Error {
  override name = 'Failure'
  readonly exit: Exit
  readonly hint: string
  /** Of refusals, for the caller: `unknown-check`. */
  readonly codes: readonly string[]

  constructor(exit: Exit, message: string, hint: string, codes: readonly string[] = []) {
    super(message)
    this.exit = exit
    this.hint = hint
    this.codes = codes
  }
}

/** Of a command whose answer is a verdict, and whose exit says it: to be refused is no verdict. */
export const asQuestion = <Value>(work: Promise<Value>): Promise<Value> =>
  work.catch((error: unknown) => {
    if (!(error instanceof Failure) || error.exit !== 'refused') throw error
    const exit = error.codes.some((code) => code.startsWith('unknown-')) ? 'nameless' : 'unasked'
    throw new Failure(exit, error.message, error.hint, error.codes)
  })

/** How a command ended that threw: its exit, and what is said on standard error. */
export function explained(error: unknown): { readonly exit: Exit; readonly text: string } {
  // Commander has printed its message already; help and version end with its exit code 0.
  if (error instanceof CommanderError) return { exit: error.exitCode === 0 ? 'ok' : 'usage', text: '' }
  if (error instanceof Failure)
    return { exit: error.exit, text: `lvsm: ${error.message}\n${error.hint ? `  → ${error.hint}\n` : ''}` }
  return { exit: 'bug', text: `lvsm: ${error instanceof Error ? error.stack : String(error)}\n` }
}
