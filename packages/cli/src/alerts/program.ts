/** The command line of alerts: what is told, to whom, and what is not told for a while. Parsing only. */
import type { Exit } from '@lvsm/protocol'
import { type Command, Option } from 'commander'
import type { Session } from '../commands.ts'
import type { Run } from '../config/access-program.ts'
import { intend, type IntentOptions } from '../config/intents.ts'
import { Failure } from '../failure.ts'
import { FORMATS, type Format } from '../output.ts'
import { listAlerts, testReceiver } from './commands.ts'

const output = (): Option => new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('table')

interface SilenceOptions extends Omit<IntentOptions, 'comment'> {
  readonly reason?: string
  readonly end: boolean
}

export function alertProgram(root: Command, session: () => Session, run: Run, done: (exit: Exit) => void): void {
  const noun = root.command('alert').description('alerts: what is wrong, who is told of it, and who is not for a while')
  noun
    .command('list')
    .description('each cause, since when, who was told, who silenced it; and whether receivers can be told')
    .addOption(output())
    .action(async (options: { output: Format }) => done(await listAlerts(session(), options.output)))
  noun
    .command('test')
    .description('tell a receiver now that somebody tries it: nothing is wrong')
    .argument('<receiver>', 'its name; lvsm receiver show has them')
    .option('--on <node>', 'from this node; from the one that is asked by default')
    .addOption(output())
    .action(async (receiver: string, options: { output: Format; on?: string }) =>
      done(await testReceiver(session(), receiver, options)),
    )
  noun
    .command('silence')
    .description('tell nobody that such alerts fire, until the time is over; who was told hears that one is over')
    .argument(
      '<match>',
      'the code of a trouble, LABEL=VALUE (group, service, node, severity, …), several with commas, or *',
    )
    .option('--for <duration>', 'over by itself after this: 30m, 2h, 1d')
    .option('--reason <text>', 'why, for whoever wonders')
    .option('--end', 'it is over now', false)
    .option('--dry-run', 'only show what would be', false)
    .option('-y, --yes', 'without a question', false)
    .addOption(output())
    .action((match: string, { reason, end, ...options }: SilenceOptions) => {
      if (!end && (options.for === undefined || reason === undefined))
        throw new Failure(
          'usage',
          'a silence has an end, and a reason',
          `lvsm alert silence ${match} --for 2h --reason 'new switch'`,
        )
      const verb = end ? 'enable' : 'silence'
      return run((coordinator) =>
        intend(coordinator, verb, { kind: 'alerts', match }, { ...options, comment: reason ?? '' }),
      )
    })
}
