/** The command line: names, options, help. Parsing only; `commands.ts` does the work. */
import { EXITS, type Exit, exitTable } from '@lvsm/protocol'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { alertProgram } from './alerts/program.ts'
import * as commands from './commands.ts'
import { askedOf, explainWhat } from './explain/command.ts'
import { type Kind, KINDS } from './explain/subject.ts'
import { checkProgram } from './checks/program.ts'
import { bashCompletion } from './completion.ts'
import { accessProgram, type Run } from './config/access-program.ts'
import { configProgram } from './config/program.ts'
import { countsProgram } from './counts/program.ts'
import { doctorProgram } from './doctor/program.ts'
import { events, type EventsOptions } from './events/command.ts'
import { FORMATS, type Format } from './output.ts'
import { adviseOwnHelp, asOtherErrors } from './own-help.ts'
import { leaveProgram, setupProgram } from './setup/program.ts'
import { recipeProgram } from './recipe/program.ts'
import { simulateProgram } from './simulate/program.ts'
import {
  coordinatorPaths,
  DEFAULT_COORDINATOR_SOCKET,
  DEFAULT_SOCKET,
  placesOfCluster,
  type SocketChoice,
  socketPaths,
} from './sockets.ts'
import type { Terminal } from './terminal.ts'

const HELP = `
Examples:
  lvsm status                      who owns what, and what is wrong
  lvsm status -o json | jq -r '.groups[] | "\\(.name) \\(.owner)"'
  lvsm status --watch              the same, each second, until Ctrl-C
  lvsm switchover web dir2         move group web to dir2, no connection lost
  lvsm standby on dir1             give up everything that dir1 owns, before maintenance
  lvsm check run web/rs1 --explain what a check sends, what comes back, and why that is well or not
  lvsm explain web                 what it is, since when, why, and what would change it
  lvsm explain web --at 10m        the same of ten minutes ago
  lvsm simulate node dir1          what would happen if dir1 died now
  lvsm events -n 50                what happened, and why, the newest last
  lvsm events --follow --group web each event of group web as it comes, until Ctrl-C
  lvsm events --since 10m --kind trouble --kind over
  lvsm stats --sort bytes-in/s -w  which service and realserver has how much, each second
  lvsm connections --server rs1    connections to rs1: how many in which state, and the first of them
  lvsm --node dir1 fence status    what the kernel of dir1 lets pass, and for how long yet
  lvsm config diff 40              what changed since revision 40; config rollback 40 brings it back
  lvsm server set rs1 service=http weight=5 -m 'new memory' --dry-run
  lvsm token create                the command that lets one new machine in
  lvsm doctor --fix                what is wrong on this machine, and mend what is safe to mend
  lvsm drain rs1 --for 2h          no new connections there, for two hours at most
  lvsm alert list                  what is wrong, and who was told of it

Which agent: --socket PATH, else --node NAME (/run/lvsm/NAME/agent.sock), else
LVSM_SOCKET, else ${DEFAULT_SOCKET}. A list of paths is separated by colons:
the first agent with quorum is asked, for orders the first director.
status and events come from the coordinator of the same node where there is one,
unless --socket or LVSM_SOCKET names an agent.
Which coordinator (config, the nouns, drain, stop, enable, intents, coordinators,
token, user, api-token, audit):
--coordinator-socket PATH, else --node NAME, else LVSM_COORDINATOR_SOCKET, else
${DEFAULT_COORDINATOR_SOCKET}; of a list the first that is there. Where none is on
this node, its agent passes on what is asked.

Exit codes:
${exitTable(EXITS)}
`

/** `done` receives the exit of the command that ran; a wrong command line throws CommanderError. */
export function program(version: string, terminal: Terminal, done: (exit: Exit) => void): Command {
  const root = new Command('lvsm')
    .description('Look at and steer a cluster of Linux Virtual Server directors and realservers.')
    .version(version, '-V, --version', 'print the version')
    .option('--socket <path>', "the agent's unix socket, or a list separated by colons")
    .option('--coordinator-socket <path>', "the coordinator's unix socket, or a list separated by colons")
    .option('--node <name>', 'agent and coordinator of this node, where several run on one machine')
    .addHelpText('after', HELP)
    .configureOutput({ outputError: asOtherErrors })
    .exitOverride()
  const session = (): commands.Session => {
    const choice = root.opts<SocketChoice>()
    const coordinators = placesOfCluster(choice, process.env)
    const coordinatorPaths = [...coordinators, ...passingAgents(choice)]
    return { terminal, socketPaths: socketPaths(choice, process.env['LVSM_SOCKET']), coordinators, coordinatorPaths }
  }
  const output = (): Option => new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('table')

  root
    .command('status')
    .description('groups with their owners, services with their realservers, nodes, troubles')
    .addOption(output())
    .option('-w, --watch', 'draw again each second until Ctrl-C', false)
    .option('--check', 'exit 4 when something needs attention, 6 when something is not served (for monitoring)', false)
    .action(async (options: commands.StatusOptions) => done(await commands.status(session(), options)))
  root
    .command('switchover')
    .description('move a group to another director, planned: no connection is lost')
    .argument('<group>', 'name of the group')
    .argument('[node]', 'director that takes it; the next in preference order by default')
    .addOption(output())
    .action(async (group: string, node: string | undefined, options: { output: Format }) =>
      done(await commands.switchover(session(), group, node, options.output)),
    )
  root
    .command('standby')
    .description('on: the node gives up its groups and takes none; off: it may own groups again')
    .addArgument(new Argument('<on|off>').choices(['on', 'off']))
    .argument('[node]', "name of the node; the asked agent's own by default")
    .addOption(output())
    .action(async (word: string, node: string | undefined, options: { output: Format }) =>
      done(await commands.standby(session(), word === 'on', node, options.output)),
    )
  telling(root, session, output, done)
  simulateProgram(root, session, done)
  countsProgram(root, session, output, done)
  const asked: Run = async (command, choice = root.opts<SocketChoice>()) => {
    const own = coordinatorPaths(choice, process.env['LVSM_COORDINATOR_SOCKET'])
    done(await command({ terminal, own, paths: [...own, ...passingAgents(choice)] }))
  }
  coordinated(root, asked)
  checkProgram(root, session, asked, done)
  alertProgram(root, session, asked, done)
  setupProgram(root, async (command) => done(await command(terminal)))
  doctorProgram(root, terminal, () => ({ node: root.opts<SocketChoice>().node, sockets: session().socketPaths }), done)
  completion(root, terminal, done)
  fence(root, output, async (format) => done(await commands.fenceStatus(session(), format)))
  adviseOwnHelp(root)
  return root
}

/** What happened, and why. */
function telling(
  root: Command,
  session: () => commands.Session,
  output: () => Option,
  done: (exit: Exit) => void,
): void {
  root
    .command('explain')
    .description('what is, since when, why, and what would change it; with the words of the nodes below')
    .argument(
      '<name...>',
      'a group, a service, a node, or a realserver that is no node; or its kind and name: node dir1',
    )
    .addOption(new Option('--kind <kind>', 'where several are called so').choices(KINDS))
    .option('--at <time|ago>', 'as it was then: 90s or 2h ago, 03:12 (the last one), 2026-11-28T03:12:05Z')
    .addOption(output())
    .action(async (words: string[], { kind, at, output: format }: { kind?: Kind; at?: string; output: Format }) =>
      done(await explainWhat(session(), { ...askedOf(words, kind), at }, format)),
    )
  root
    .command('events')
    .description('what happened, and why: the newest last, in the order of cause')
    .addOption(new Option('-n, --number <count>', 'how many of the newest').argParser(positive).default(20))
    .option('-f, --follow', 'and each as it comes, until Ctrl-C; with -o json one object per line', false)
    .option('--of <node...>', 'only what these nodes tell of themselves')
    .option('--group <group...>', 'only of these groups')
    .option('--kind <kind...>', 'only of these kinds: took, lost, trouble, over, started, ended, …')
    .option('--since <duration>', 'only what happened within this time: 90s, 10m, 2h, 1d')
    .addOption(output())
    .action(async (options: EventsOptions) => done(await events(session(), options)))
}

/** Where no coordinator is on this node, its agent passes on what is asked; not where somebody named another place. */
function passingAgents(choice: SocketChoice): string[] {
  const [agent, coordinator] = [process.env['LVSM_SOCKET'], process.env['LVSM_COORDINATOR_SOCKET']]
  const isNamed = choice.coordinatorSocket !== undefined || (coordinator !== undefined && choice.node === undefined)
  return isNamed && choice.socket === undefined && agent === undefined ? [] : socketPaths(choice, agent)
}

function completion(root: Command, terminal: Terminal, done: (exit: Exit) => void): void {
  root
    .command('completion')
    .description('a script that completes commands and options: eval "$(lvsm completion bash)"')
    .addArgument(new Argument('<shell>').choices(['bash']))
    .action(() => {
      terminal.print(bashCompletion(root))
      done('ok')
    })
}

/** Whatever a coordinator is asked for. */
function coordinated(root: Command, run: Run): void {
  configProgram(root, run)
  accessProgram(root, run)
  recipeProgram(root, run)
  leaveProgram(root, run)
}

/** A noun of its own: more verbs will follow. */
function fence(root: Command, output: () => Option, show: (format: Format) => Promise<void>): void {
  root
    .command('fence')
    .description("the kernel's own fence around the groups' addresses on one node")
    .command('status')
    .description('elements with the time left, dropped packets, addresses; what is missing. Works without lvsm-lease')
    .addOption(output())
    .action(async (options: { output: Format }) => show(options.output))
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 to 999999 is needed.')
  return Number(text)
}
