#!/usr/bin/env node
/** `lvsm`: wires the terminal to the commands and turns every end into an exit code. */
import { VERSION } from '@lvsm/base'
import { EXITS, type Exit } from '@lvsm/protocol'
import { explained } from './failure.ts'
import { program } from './program.ts'
import { terminal as openTerminal } from './terminal.ts'

const terminal = openTerminal()
// Node's own exit code for this, 1, would tell a script that the cluster refused.
process.on('uncaughtException', (error) => process.exit(EXITS[explain(error)].code))
let exit: Exit = 'ok'
try {
  await program(VERSION, terminal, (result) => {
    exit = result
  }).parseAsync(process.argv)
} catch (error) {
  exit = explain(error)
}
process.exitCode = EXITS[exit].code

function explain(error: unknown): Exit {
  const { exit, text } = explained(error)
  terminal.complain(text)
  return exit
}
