/** The command line of checks, beside what sets and removes them. Parsing only. */
import type { Exit } from '@lvsm/protocol'
import { type Command, Option } from 'commander'
import type { Run } from '../config/access-program.ts'
import type { Session } from '../commands.ts'
import { FORMATS, type Format } from '../output.ts'
import { listChecks, runCheck, type RunOptions, showCheck } from './commands.ts'

const output = (): Option => new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('table')

export function checkProgram(root: Command, session: () => Session, run: Run, done: (exit: Exit) => void): void {
  const noun = root.commands.find((one) => one.name() === 'check')
  if (!noun) return
  noun
    .command('list')
    .description('the checks that a director makes: how each stands, when it was last asked, what came back')
    .argument('[name]', 'only this service, realserver, or SERVICE/SERVER')
    .addOption(output())
    .action(async (name: string | undefined, options: { output: Format }) =>
      done(await listChecks(session(), name, options.output)),
    )
  noun
    .command('show')
    .description('as it stands in the document, and how it stands')
    .argument('<name>', 'a service; a realserver, or SERVICE/SERVER, for how it stands alone')
    .addOption(output())
    .option('--stale', 'as this coordinator has it, the newest or not', false)
    .action((name: string, options: { output: Format; stale: boolean }) =>
      run((coordinator) => showCheck(session(), coordinator, name, options)),
    )
  noun
    .command('run')
    .description('ask now, beside the checks that go on; it decides nothing')
    .argument('<name>', 'a service, a realserver, or SERVICE/SERVER')
    .option('--explain', 'what was sent, what came back, when, and the certificate', false)
    .option('--on <node>', 'from this director; from the one that is asked by default')
    .addOption(output())
    .action(async (name: string, options: RunOptions) => done(await runCheck(session(), name, options)))
}
