/** The words of `lvsm stats` and `lvsm connections`. */
import { networkOf } from '@lvsm/base'
import { CONNECTIONS_TOLD, type Exit, MOST_CONNECTIONS_TOLD } from '@lvsm/protocol'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Session } from '../commands.ts'
import type { Format } from '../output.ts'
import { COLUMN_NAMES, type ColumnName } from './columns.ts'
import { connections, type ConnectionsOptions, stats, statsHistory } from './command.ts'

interface StatsWords {
  readonly output: Format
  readonly sort?: ColumnName
  readonly totals: boolean
  readonly exact: boolean
  readonly watch: boolean
  readonly history: boolean
}

export function countsProgram(
  root: Command,
  session: () => Session,
  output: () => Option,
  done: (exit: Exit) => void,
): void {
  root
    .command('stats')
    .description(
      "connections, packets and bytes of groups, services and realservers by the kernel of the asked agent's node, and rates of all nodes",
    )
    .argument('[name...]', 'only of these groups, services and realservers')
    .addOption(
      new Option('--sort <column>', 'the most first; by default as the configuration has them').choices(COLUMN_NAMES),
    )
    .option('-t, --totals', 'since the kernel has them, in place of rates', false)
    .option('--exact', 'whole numbers, in place of 12.3k', false)
    .option('-w, --watch', 'draw again each second until Ctrl-C', false)
    .option(
      '--history',
      'of the last hour and the last twelve, by this node: of one service, or of all and the busiest',
      false,
    )
    .addOption(output())
    .action(async (names: string[], { sort, history, ...words }: StatsWords) => {
      if (history) return done(await statsHistory(session(), { output: words.output, names }))
      return done(await stats(session(), { ...words, names, sort: sort ?? null }))
    })
  root
    .command('connections')
    .description("connections in the kernel of the asked agent's node: how many of what, and the first of them")
    .option('--service <name>', 'only of this service')
    .option('--server <node|address>', 'only to this realserver')
    .addOption(
      new Option('--client <address|network>', 'only of this client, or of clients of this network').argParser(network),
    )
    .option('--state <state>', 'only in this state: ESTABLISHED, FIN_WAIT, …')
    .addOption(
      new Option('-n, --number <count>', 'how many are listed at most; all are counted')
        .argParser(most)
        .default(CONNECTIONS_TOLD),
    )
    .addOption(output())
    .action(async (options: ConnectionsOptions) => done(await connections(session(), options)))
}

function most(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > MOST_CONNECTIONS_TOLD)
    throw new InvalidArgumentError(`a whole number from 0 to ${MOST_CONNECTIONS_TOLD} is needed.`)
  return Number(text)
}

function network(text: string): string {
  if (!networkOf(text))
    throw new InvalidArgumentError('an address or a network is needed: 192.168.0.10, 192.168.0.0/16, 2001:db8::/32.')
  return text
}
