/** `lvsm recipe`: names, options, help. */
import { type Command, Option } from 'commander'
import type { Run } from '../config/access-program.ts'
import { FORMATS } from '../output.ts'
import { recipe, type RecipeOptions } from './command.ts'
import { SYSTEM_NAMES } from './core/systems.ts'

const HELP = `
For a realserver where no agent can run. What it prints can be run as it stands (reasons are comments):
  lvsm recipe rs7 --os linux | ssh root@rs7 sh -e
  lvsm recipe rs7 --os linux --undo | ssh root@rs7 sh -e
  lvsm recipe 10.11.0.17 --os windows
It ends with 1 where the system cannot do what the configuration asks of it, with the reason.
`

export function recipeProgram(root: Command, run: Run): void {
  root
    .command('recipe')
    .description(
      'the exact steps for a realserver without an agent, by its forwarding method and system, and how to undo them',
    )
    .argument('<server>', 'its node, or its address as realserver')
    .addOption(new Option('--os <system>', 'what runs on it').choices(SYSTEM_NAMES).makeOptionMandatory())
    .option('--undo', 'the way back', false)
    .option('--config <file>', 'by this file, and not by what the coordinators have')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('table'))
    .addHelpText('after', HELP)
    .action((server: string, options: RecipeOptions) => run((session) => recipe(session, server, options)))
}
