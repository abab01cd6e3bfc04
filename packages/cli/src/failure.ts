import type { Exit } from '@lvsm/protocol'

/** What ends a command early: a message for a person, the next step, and the exit code for a script. */
export class Failure extends Error {
  override name = 'Failure'
  readonly exit: Exit
  readonly hint: string

  constructor(exit: Exit, message: string, hint: string) {
    super(message)
    this.exit = exit
    this.hint = hint
  }
}
