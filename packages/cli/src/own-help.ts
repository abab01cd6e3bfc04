/** A wrong command line reads as every other error does, and its next step is the help of the command that was meant. */
import type { Command } from 'commander'

export const asOtherErrors = (text: string, write: (text: string) => void): void =>
  write(text.replace(/^error: /, 'lvsm: '))

/** Of the command and of all below it. */
export function adviseOwnHelp(command: Command, path = command.name()): void {
  command.showHelpAfterError(`  → its words: ${path} --help`)
  for (const one of command.commands) adviseOwnHelp(one, `${path} ${one.name()}`)
}
