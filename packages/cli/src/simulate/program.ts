/** `lvsm simulate`: parsing, one status, one answer. */
import { type Exit, shortFault, type Supposed } from '@lvsm/protocol'
import { type Command, Option } from 'commander'
import type { Session } from '../commands.ts'
import { Failure } from '../failure.ts'
import { knownText } from '../events/known.ts'
import { type Looked, lookAround } from '../look.ts'
import { type Format, FORMATS, render } from '../output.ts'
import { CHECKED } from '../status-text.ts'
import { simulate } from './simulate.ts'
import { simulationText } from './text.ts'

const HELP = `
What would happen, from what every node says of itself now; nothing is done. A change of the
configuration is tried with --dry-run instead. It ends as status --check would then.

Examples:
  lvsm simulate node dir1              dir1 loses its power
  lvsm simulate node dir1 rs1          both at once
  lvsm simulate server http/rs1        checks of rs1 fail in service http (or: server rs1 http)
`

type Done = (exit: Exit) => void
interface Options {
  readonly output: Format
}

export function simulateProgram(root: Command, session: () => Session, done: Done): void {
  const noun = root
    .command('simulate')
    .description('what would happen if a node died or a server failed now; nothing is done')
    .addHelpText('after', HELP)
  const output = (): Option => new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('table')
  noun
    .command('node')
    .description('nodes that die, all at once')
    .argument('<node...>', 'names of nodes')
    .addOption(output())
    .action(async (names: string[], options: Options) => {
      const found = await lookAround(session(), true)
      for (const name of names) known('node', name, found.seen.nodes)
      done(show(session(), found, { dead: names, failed: [] }, options.output))
    })
  noun
    .command('server')
    .description('a realserver whose checks fail')
    .argument('<server>', 'the realserver: NODE, or SERVICE/NODE')
    .argument('[service]', 'where; in each of its services by default')
    .addOption(output())
    .action(async (server: string, where: string | undefined, options: Options) => {
      const { node, service } = serverIn(server, where)
      const found = await lookAround(session(), true)
      if (service !== undefined) known('service', service, found.seen.services)
      const of = found.seen.services.filter(({ name }) => service === undefined || name === service)
      const servers = of.flatMap(({ realservers }) => realservers.map((one) => ({ name: one.node })))
      known(service === undefined ? 'realserver' : `realserver of ${service}`, node, servers)
      done(show(session(), found, { dead: [], failed: [{ node, service: service ?? null }] }, options.output))
    })
}

/** `http/rs1`, as `lvsm explain` and the other commands have it. */
function serverIn(server: string, where: string | undefined): { readonly node: string; readonly service?: string } {
  const [service = '', node, ...more] = server.split('/')
  if (node === undefined) return { node: server, ...(where === undefined ? {} : { service: where }) }
  if (more.length === 0 && (where === undefined || where === service)) return { node, service }
  throw new Failure(
    'usage',
    `${[server, where ?? ''].join(' ').trim()} names no realserver`,
    `write: lvsm simulate server ${service}/${node}`,
  )
}

function known(kind: string, name: string, all: readonly { readonly name: string }[]): void {
  if (all.some((one) => one.name === name)) return
  const names = [...new Set(all.map((one) => one.name))]
  throw new Failure('refused', `there is no ${kind} ${name}`, names.length > 0 ? knownText(name, names) : 'lvsm status')
}

function show({ terminal }: Session, { seen, faults }: Looked, supposed: Supposed, format: Format): Exit {
  const found = simulate(seen, supposed, faults.map(shortFault))
  terminal.print(render(found, format, (it) => simulationText(it, terminal.paint)))
  return CHECKED[found.later]
}
