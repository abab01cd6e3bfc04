/** The exit codes of `lvsm`: stable, for scripts. The help prints this table. */
export const EXITS = {
  ok: { code: 0, meaning: 'done' },
  refused: { code: 1, meaning: 'refused by the cluster; nothing was changed' },
  usage: { code: 2, meaning: 'wrong command line; nothing was sent' },
  unreachable: { code: 3, meaning: 'no agent answered, or not in time' },
  unhealthy: { code: 4, meaning: 'status --check: the cluster needs attention' },
  bug: { code: 70, meaning: 'a fault of lvsm itself: please report it' },
} as const

export type Exit = keyof typeof EXITS

export const exitTable = (): string =>
  Object.values(EXITS)
    .map(({ code, meaning }) => `  ${code}  ${meaning}`)
    .join('\n')

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
