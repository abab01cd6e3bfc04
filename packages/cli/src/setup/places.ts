/** Where things stand, for machines that are set up otherwise than by the package. */
import { type Command, Option } from 'commander'
import { type Directories, DIRECTORIES } from './options.ts'

const PLACES: readonly (readonly [flag: string, key: keyof Directories])[] = [
  ['--etc <dir>', 'etc'],
  ['--state-dir <dir>', 'state'],
  ['--coordinator-state-dir <dir>', 'coordinatorState'],
  ['--coordinator-run-dir <dir>', 'coordinatorRun'],
]
export interface Placed {
  readonly etc: string
  readonly stateDir: string
  readonly coordinatorStateDir: string
  readonly coordinatorRunDir: string
}

export function placed(command: Command): Command {
  for (const [flag, key] of PLACES) command.addOption(new Option(flag).default(DIRECTORIES[key]).hideHelp())
  return command
}
export const directoriesOf = ({ etc, stateDir, coordinatorStateDir, coordinatorRunDir }: Placed): Directories => ({
  etc,
  state: stateDir,
  coordinatorState: coordinatorStateDir,
  coordinatorRun: coordinatorRunDir,
})
