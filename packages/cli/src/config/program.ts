/** The command line of the configuration: names, options, help. Parsing only. */
import { NOUNS } from '@lvsm/changes'
import { type Exit, type Noun, NOUN_NAMES } from '@lvsm/protocol'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { FORMATS, type Format } from '../output.ts'
import { backup } from './backup.ts'
import * as commands from './commands.ts'
import { type AddressOptions, moveCoordinator } from '../setup/address.ts'
import { giveSecrets } from '../setup/secrets.ts'
import { becomeCoordinator, type CoordinateOptions } from '../setup/coordinate.ts'
import { directoriesOf, placed, type Placed } from '../setup/places.ts'
import { coordinators, removeCoordinator } from './coordinators.ts'
import { edit } from './edit.ts'
import { finalize, type FinalizeOptions } from './finalize.ts'
import { type IntentOptions, intend, intents } from './intents.ts'
import { change, list, type NounVerb, show } from './noun-commands.ts'
import { withRemoval } from './removal.ts'
import { keysHelp, nameHelp, nameWord, placeWords, verbHelp } from './values.ts'
import type { CoordinatorSession, WriteOptions } from './write.ts'

type Run = (command: (session: CoordinatorSession) => Promise<Exit>) => Promise<void>

const revision = (text: string): number => {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('the number of a revision is needed.')
  return Number(text)
}
const output = (): Option => new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('table')
const reading = (command: Command): Command =>
  command.addOption(output()).option('--stale', 'as this coordinator has it, the newest or not', false)
const asking = (command: Command): Command =>
  command
    .addOption(output())
    .option('-m, --comment <text>', 'why: it stays with the change', '')
    .option('--dry-run', 'show what would be, and change nothing', false)
    .option('-y, --yes', 'do not ask', false)
const waiting = (command: Command): Command => asking(command).option('--no-wait', 'do not wait until the nodes use it')
const writing = (command: Command): Command =>
  waiting(command).option('--if-revision <number>', 'refuse it unless this is the newest revision', revision)

const forced = (command: Command): Command =>
  command.option('--force', 'also if it leaves a service without realserver, or a group without director', false)

/** `run` opens the session and takes the exit code. */
export function configProgram(root: Command, run: Run): void {
  config(root, run)
  for (const noun of NOUN_NAMES) nounProgram(root, noun, run)
  intentProgram(root, run)
  coordinatorProgram(root, run)
}

function coordinatorProgram(root: Command, run: Run): void {
  root
    .command('backup')
    .description("a copy of a coordinator's database with its keys: what recovery needs. On the node of a coordinator")
    .argument('<file>', 'where to; a new file, for its owner only')
    .action((file: string) => run((session) => backup(session, file)))
  const noun = root.command('coordinators').description('who keeps the configuration')
  noun
    .command('list', { isDefault: true })
    .description('who leads, who is silent, and what to do about it')
    .addOption(output())
    .action((options: { output: Format }) => run((session) => coordinators(session, options.output)))
  noun
    .command('remove')
    .description('take out one whose machine is lost for good, or is to leave; refused where no majority would be left')
    .argument('<node>', 'its name, or its id')
    .option('-y, --yes', 'do not ask', false)
    .action((which: string, options: { yes: boolean }) => run((session) => removeCoordinator(session, which, options)))
  placed(noun.command('join').description('make this node one of them: a director, or one with coordinator=true'))
    .option('--listen <address:port>', 'where nodes reach it; port 7446 of its first link by default')
    .option('--api <address:port>', 'where people and joining machines reach it; port 7445 there by default')
    .option('--anew', 'move away what a coordinator that was removed left here', false)
    .option('--no-start', 'set it up, and start nothing')
    .action((options: Omit<CoordinateOptions, 'directories'> & Placed) =>
      run((session) => becomeCoordinator(session, { ...options, directories: directoriesOf(options) })),
    )
  addressProgram(noun, run)
  placed(
    noun
      .command('secrets')
      .description('give the coordinator of this node the heartbeat keys of its files: after lvsm key add'),
  ).action((options: Placed) => run((session) => giveSecrets(session, directoriesOf(options))))
}

function addressProgram(noun: Command, run: Run): void {
  placed(
    noun.command('address').description('the coordinator of this node is elsewhere from now on: it starts anew there'),
  )
    .argument('<address...>', 'ADDRESS[:PORT] where nodes reach it: all of them. The port stays unless one is named')
    .option(
      '--api <address...>',
      'ADDRESS[:PORT] where people and joining machines reach it; it goes along by default',
      [],
    )
    .option('--no-probe', 'do not try before whether it can listen there')
    .option('--force', 'also where it is the only one, and its old address goes', false)
    .option('--no-start', 'neither stop it nor start it')
    .option('-y, --yes', 'do not ask', false)
    .action((addresses: string[], options: Omit<AddressOptions, 'directories'> & Placed) =>
      run((session) => moveCoordinator(session, addresses, { ...options, directories: directoriesOf(options) })),
    )
}

function config(root: Command, run: Run): void {
  const noun = root.command('config').description('the configuration of the whole cluster, and its revisions')
  reading(noun.command('show').description('the whole document'))
    .argument('[revision]', 'as it was then; the newest by default', revision)
    .option('--revision <number>', 'the same', revision)
    .action((one: number | undefined, options: commands.ReadOptions & { revision?: number }) =>
      run((session) => commands.show(session, { ...options, revision: one ?? options.revision })),
    )
  reading(noun.command('history').description('who changed what, newest first'))
    .argument('[revision]', 'only this one, with all that it changed', revision)
    .addOption(new Option('-n, --number <count>', 'how many').argParser(revision).default(20))
    .option('--before <revision>', 'only older ones', revision)
    .action((one: number | undefined, options: commands.ReadOptions & { number: number; before?: number }) =>
      run((session) =>
        one === undefined ? commands.history(session, options) : commands.revision(session, one, options),
      ),
    )
  reading(noun.command('diff').description('what differs; exits as diff(1): 0 nothing, 1 something, 2 not compared'))
    .argument('[from]', 'revision; the one before the newest by default', revision)
    .argument('[to]', 'revision; the newest by default', revision)
    .action((from: number | undefined, to: number | undefined, options: commands.ReadOptions) =>
      run((session) => commands.diff(session, from, to, options)),
    )
  writing(noun.command('apply').description('make this file the document, as one revision'))
    .argument('<file>', 'YAML; - for standard input. Its revision says what it was made on')
    .action((file: string, options: WriteOptions) => run((session) => commands.apply(session, file, options)))
  writing(noun.command('edit').description('the document in $VISUAL or $EDITOR')).action((options: WriteOptions) =>
    run((session) => edit(session, options)),
  )
  noun
    .command('export')
    .description('the document as the file that apply takes')
    .argument('[file]', 'where to; standard output by default')
    .option('--revision <number>', 'as it was then', revision)
    .option('--stale', 'as this coordinator has it, the newest or not', false)
    .action((file: string | undefined, options: { revision?: number; stale: boolean }) =>
      run((session) => commands.exported(session, file, options)),
    )
  writing(noun.command('rollback').description('make the document of an earlier revision the newest'))
    .argument('<revision>', 'which', revision)
    .action((number: number, options: WriteOptions) => run((session) => commands.rollback(session, number, options)))
}

const VERBS: Readonly<Record<NounVerb, string>> = {
  add: 'make a new one',
  set: 'change keys; nothing behind the sign takes a key out, so that its default holds',
  remove: 'take it out of the configuration',
}

/** What is there of these is known to agents, too (`checks/program.ts`). */
const SHOWN_ELSEWHERE: ReadonlySet<Noun> = new Set(['check'])

/** From the table of nouns: names, verbs and keys are written down there only. */
function nounProgram(root: Command, noun: Noun, run: Run): void {
  const row = NOUNS[noun]
  const own = nameWord(noun)
  const places = placeWords(noun).map((word) => `${word}=NAME`)
  const command = root
    .command(noun)
    .description(`${row.title}${places.length > 0 ? ` (of ${places.join(' or ')})` : ''}`)
  command.addHelpText('after', () => keysHelp(noun))
  const isShown = !SHOWN_ELSEWHERE.has(noun)
  if (own !== undefined && isShown)
    reading(command.command('list').description('all of them'))
      .argument('[where...]', places.join(', '))
      .action((where: string[], options: commands.ReadOptions) => run((session) => list(session, noun, where, options)))
  const named = (verb: string): Command => {
    const sub = command.command(verb)
    return own === undefined ? sub : sub.argument(`<${own}>`, nameHelp(noun))
  }
  /** A noun of which there is one has no name. */
  const split = (args: readonly unknown[]): { name: string | undefined; words: string[] } => {
    const [name, words] = own === undefined ? [undefined, args[0]] : args
    return { name: typeof name === 'string' ? name : undefined, words: Array.isArray(words) ? words.map(String) : [] }
  }
  if (isShown)
    reading(named('show').description('as it stands in the document'))
      .argument('[where...]', places.join(', '))
      .action((...args: unknown[]) => {
        const { name, words } = split(args)
        return run((session) => show(session, noun, name, words, optionsIn<commands.ReadOptions>(args)))
      })
  for (const verb of row.verbs)
    withRemoval(noun, verb, forced(writing(named(verb).description(VERBS[verb]))))
      .argument('[key=value...]', 'any of the keys below')
      .addHelpText('after', () => verbHelp(noun, verb))
      .action((...args: unknown[]) =>
        run((session) => change(session, noun, verb, split(args), optionsIn<WriteOptions>(args))),
      )
  if (noun === 'cluster')
    command
      .command('finalize')
      .description('speak the newest version of the model that all coordinators know that answer; there is no way back')
      .addOption(output())
      .option('--dry-run', 'show who knows which, and change nothing', false)
      .option('-y, --yes', 'do not ask', false)
      .action((options: FinalizeOptions) => run((session) => finalize(session, options)))
  if (noun === 'group' || noun === 'node') standing(command, noun, run)
}

const optionsIn = <Options>(args: readonly unknown[]): Options => args.at(-2) as Options // Commander: then the command itself.

/** What is wanted of a group or a director for a while. */
function standing(command: Command, noun: 'group' | 'node', run: Run): void {
  const verb = noun === 'group' ? 'stop' : 'standby'
  const about = (name: string) =>
    noun === 'group' ? ({ kind: 'group', group: name } as const) : ({ kind: 'node', node: name } as const)
  const what = noun === 'group' ? 'nobody owns it' : 'the director gives up its groups and takes none'
  const begin = waiting(command.command(verb).description(`${what}, until it is enabled or the time is over`))
  const beginning = noun === 'node' ? forced(begin) : begin
  beginning
    .argument(`<${noun}>`, 'which')
    .option('--for <duration>', 'over by itself after this: 30m, 2h, 1d')
    .action((name: string, options: IntentOptions) => run((session) => intend(session, verb, about(name), options)))
  waiting(command.command('enable').description(`end ${verb}`))
    .argument(`<${noun}>`, 'which')
    .action((name: string, options: IntentOptions) => run((session) => intend(session, 'enable', about(name), options)))
}

const ON_SERVERS = {
  drain: 'the realserver takes no new connections; those that it has go on',
  stop: 'the realserver serves nobody',
  enable: 'end drain and stop of the realserver',
} as const

const DEADLINES = {
  drain: 'connections that are left after this are cut off: the drain becomes a stop',
  stop: 'so long established connections may go on before they are cut off; 3s by default',
} as const

function intentProgram(root: Command, run: Run): void {
  for (const verb of ['drain', 'stop', 'enable'] as const) {
    const command = waiting(root.command(verb).description(ON_SERVERS[verb]))
      .argument('<server>', 'name of its node')
      .option('--service <name>', 'only there; everywhere by default')
    if (verb !== 'enable')
      forced(command)
        .option('--for <duration>', 'over by itself after this: the server serves again. 30m, 2h, 1d')
        .option('--deadline <duration>', DEADLINES[verb])
    command.action((node: string, options: IntentOptions & { service?: string }) =>
      run((session) => intend(session, verb, { kind: 'server', node, service: options.service ?? null }, options)),
    )
  }
  reading(
    root.command('intents').description('what is drained, stopped, under maintenance: by whom, since when, until when'),
  ).action((options: commands.ReadOptions) => run((session) => intents(session, options)))
}
