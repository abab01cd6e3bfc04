/** The command line of tokens and users: names, options, help. Parsing only. */
import { type Exit, USER_ROLES } from '@lvsm/protocol'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { FORMATS } from '../output.ts'
import type { SocketChoice } from '../sockets.ts'
import type { OwnPasswordOptions } from '../password.ts'
import * as access from './access.ts'
import type { CoordinatorSession } from './write.ts'

/** `choice`: which coordinator, where the command's own options say something else than those of all commands. */
export type Run = (command: (session: CoordinatorSession) => Promise<Exit>, choice?: SocketChoice) => Promise<void>

const output = (): Option => new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('table')
const role = (): Option => new Option('--role <role>', 'what the user may').choices(USER_ROLES)
const collected = (one: string, before: readonly string[]): string[] => [...before, one]
function count(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 to 1000 is needed.')
  return Number(text)
}
type Role = { readonly role: (typeof USER_ROLES)[number] }

export function accessProgram(root: Command, run: Run): void {
  tokenProgram(root, run)
  userProgram(root, run)
  apiTokenProgram(root, run)
  root
    .command('audit')
    .description('who changed what through this coordinator, newest first; its log has all of it')
    .addOption(
      new Option('-n, --number <count>', 'how many of the newest; all that it remembers by default').argParser(count),
    )
    .addOption(output())
    .action((options: access.AuditOptions) => run((session) => access.audit(session, options)))
}

function tokenProgram(root: Command, run: Run): void {
  const token = root.command('token').description('what lets new machines in')
  token
    .command('create')
    .description('make one; prints the command to run on the new machine')
    .addOption(new Option('--uses <number>', 'so many machines').argParser(count).default(1))
    .option('--expires <duration>', 'over by itself after this: 30m, 2h, 1d', '1h')
    .option('--node <name>', 'only as this node, also in place of its machine of before')
    .option('--role <role>', 'only as this: director, realserver, witness; several times', collected, [])
    .addOption(output())
    .action((options: access.TokenOptions) => {
      // Of all commands, `--node` says which coordinator is asked; here it is the token's, and the parser gives it to the former.
      const { node, ...choice } = root.opts<SocketChoice>()
      return run((session) => access.createToken(session, { ...options, node: options.node ?? node }), choice)
    })
  token
    .command('list')
    .description('all of them, those too that are over since a week')
    .addOption(output())
    .action((options: access.Output) => run((session) => access.tokens(session, options)))
  token
    .command('revoke')
    .description('let nobody in with it any more; machines that are in stay')
    .argument('<id>', 'which; lvsm token list has them')
    .action((id: string) => run((session) => access.revokeToken(session, id)))
}

function userProgram(root: Command, run: Run): void {
  const user = root.command('user').description('who may look at the cluster and change it over HTTPS')
  user
    .command('list')
    .description('all of them')
    .addOption(output())
    .action((options: access.Output) => run((session) => access.users(session, options)))
  user
    .command('add')
    .description('make one, who cannot log in before there is a password')
    .argument('<name>', 'a letter, then letters, digits, . _ -')
    .addOption(role().makeOptionMandatory())
    .option('--password-file <file>', 'with the password of its first line; - for standard input')
    .action((name: string, options: access.NewUser) => run((session) => access.addUser(session, name, options)))
  user
    .command('set')
    .description('change what a user may')
    .argument('<name>', 'which')
    .addOption(role().makeOptionMandatory())
    .action((name: string, { role: may }: Role) =>
      run((session) => access.change(session, 'userSet', { name, role: may }, `user ${name} is ${may}`)),
    )
  user
    .command('password')
    .description('set the password: asks twice on a terminal; without a name your own, for which the old one is asked')
    .argument('[name]', 'whose')
    .option('--password-file <file>', 'its first line; - for standard input')
    .option('--old-password-file <file>', 'the old one, which changes it without being root')
    .action((name: string | undefined, options: OwnPasswordOptions) =>
      run((session) =>
        name === undefined || options.oldPasswordFile !== undefined
          ? access.setOwnPassword(session, name, options)
          : access.setPassword(session, name, options),
      ),
    )
  user
    .command('remove')
    .description('take a user out; sessions end at once')
    .argument('<name>', 'which')
    .action((name: string) =>
      run((session) => access.change(session, 'userRemove', { name }, `there is no user ${name} any more`)),
    )
}

function apiTokenProgram(root: Command, run: Run): void {
  const token = root.command('api-token').description('tokens with which scripts use the API')
  token
    .command('list')
    .description('all of them')
    .addOption(output())
    .action((options: access.Output) => run((session) => access.apiTokens(session, options)))
  token
    .command('create')
    .description('make one; it is shown once')
    .argument('<name>', 'for what: it signs changes')
    .addOption(role().makeOptionMandatory())
    .option('--expires <duration>', 'over by itself after this: 2h, 30d')
    .addOption(output())
    .action((name: string, options: access.ApiTokenOptions) =>
      run((session) => access.createApiToken(session, name, options)),
    )
  token
    .command('remove')
    .description('take one out')
    .argument('<id>', 'which; lvsm api-token list has them')
    .action((id: string) => run((session) => access.removeApiToken(session, id)))
}
