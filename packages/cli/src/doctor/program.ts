/** `lvsm doctor`: names, options, help. */
import { parseInet } from '@lvsm/base'
import type { Exit } from '@lvsm/protocol'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { FORMATS, type Format } from '../output.ts'
import { directoriesOf, placed, type Placed } from '../setup/places.ts'
import type { Terminal } from '../terminal.ts'
import { doctor, doctorExplain, doctorFacts, doctorList, type Surroundings } from './command.ts'
import type { Given } from './core/part.ts'
import { examiner } from './examiner.ts'
import { toldBy } from './told.ts'
import { ownView, viewOfAgent } from './own-view.ts'

const HELP = `
It reads /proc, /sys and netlink of this machine, as root everything, and needs no agent and no cluster.
In a cluster it knows what the machine is for, and says what the agent here tells of it; elsewhere it goes by what the kernel shows, and by --as and --vip:
  lvsm doctor                                    what is wrong here
  lvsm doctor --as realserver --vip 10.11.0.50   is this machine fit to be a realserver by DR, before it is one?
  lvsm doctor --fix                              changes what is safe to change, and says the former values
  lvsm doctor facts > node7.json                 then, elsewhere: lvsm doctor --from node7.json

Exit codes: 0 nothing wrong (what is only worth knowing counts as nothing), 8 something is wrong,
9 nothing wrong was found and not everything could be looked at.
`

interface Words extends Placed {
  readonly output: Format
  readonly fix: boolean
  readonly only: readonly string[]
  readonly as: Given['as']
  readonly vip: readonly string[]
  readonly gateway?: string
  readonly from?: string
  readonly alone: boolean
}

function address(text: string): string {
  if (!parseInet(text)) throw new InvalidArgumentError('an address without a prefix length is needed, e.g. 10.11.0.50.')
  return text
}
const addresses = (text: string, before: readonly string[]): string[] => [...before, address(text)]
const output = (): Option => new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('table')

export function doctorProgram(
  root: Command,
  terminal: Terminal,
  asked: () => { readonly node: string | undefined; readonly sockets: readonly string[] },
  done: (exit: Exit) => void,
): void {
  const around = (words: Pick<Words, 'alone'> & Placed): Surroundings => ({
    terminal,
    examiner,
    view: () => (words.alone ? null : ownView(directoriesOf(words), asked().node)),
    ofAgent: (agent) => (words.alone ? null : viewOfAgent(agent, directoriesOf(words), asked().node)),
  })
  const noun = root
    .command('doctor')
    .description('what is wrong on this machine: every known trap as a check, with what was seen and what helps')
  const told = (command: Command): Command =>
    placed(command)
      .addOption(
        new Option('--as <what...>', 'what it is to be, in no cluster')
          .choices(['director', 'realserver', 'tunnelled'])
          .default([]),
      )
      .addOption(new Option('--vip <address>', 'what clients ask; again for each').argParser(addresses).default([]))
      .addOption(new Option('--gateway <address>', 'the NAT gateway that must be its default route').argParser(address))
      .option('--alone', 'as a machine in no cluster, also where it is in one', false)
  told(noun)
    .addOption(output())
    .option('--fix', 'change what is safe to change, and say the former values', false)
    .option('--only <check...>', 'these checks (lvsm doctor list)', [])
    .option('--from <file>', 'look at the facts in a file, and not at this machine')
    .addHelpText('after', HELP)
    .action(async (words: Words) => {
      const { output: format, fix, only, from, alone } = words
      const told = alone || only.length > 0 || from !== undefined ? null : await toldBy(asked().sockets)
      done(doctor(around(words), { output: format, fix, only, from, told, given: givenOf(words) }))
    })
  noun
    .command('list')
    .description('every check, with its row of the traps')
    .addOption(output())
    .action(({ output: format }: Words) => done(doctorList({ terminal }, format)))
  noun
    .command('explain')
    .description('how one trap shows, why it is one, and what helps')
    .argument('<check>', 'its name')
    .addOption(output())
    .action((name: string, { output: format }: Words) => done(doctorExplain({ terminal }, name, format)))
  told(noun.command('facts').description('all that is read of this machine, as JSON: no secret is in it')).action(
    (words: Words) => done(doctorFacts(around(words), givenOf(words))),
  )
}

const givenOf = ({ as, vip, gateway }: Words): Given => ({ as, vips: vip, gateway: gateway ?? null })
