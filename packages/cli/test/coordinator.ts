/** Test data: a coordinator's real API over a configuration in memory, and the real command as its own process. */
import { MemoryConfiguration, serveConfiguration } from '../../../test/kit/configuration.ts'
import { EXITS, type Exit } from '@lvsm/protocol'
import { explained } from '../src/failure.ts'
import { program } from '../src/index.ts'
import { type Ended, lvsm, scratchPath } from './agent.ts'

const closers: (() => void)[] = []
export const closeCoordinators = (): void => {
  for (const close of closers.splice(0)) close()
}

export interface TestCoordinator {
  readonly configuration: MemoryConfiguration
  readonly socketPath: string
  /** `lvsm ARGS`, asking this one. */
  run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Ended>
  /** The same in this process, for whoever has many. */
  runHere(args: readonly string[]): Promise<Ended>
  /** Numbers of the revisions that there are. */
  revisions(): readonly number[]
  weight(server: string): number | undefined
}

export function startCoordinator(
  configuration = new MemoryConfiguration(),
  takeSecrets?: Parameters<typeof serveConfiguration>[4],
): TestCoordinator {
  const socketPath = scratchPath('coordinator.sock')
  const server = serveConfiguration(socketPath, configuration, undefined, undefined, takeSecrets)
  closers.push(() => server.close())
  return {
    configuration,
    socketPath,
    run: (args, environment = {}) => lvsm(args, { LVSM_COORDINATOR_SOCKET: socketPath, ...environment }),
    runHere: (args) => here(['--coordinator-socket', socketPath, ...args]),
    revisions: () => configuration.known()?.history.revisions.map(({ number }) => number) ?? [],
    weight: (server) =>
      configuration
        .known()
        ?.config.services.find(({ name }) => name === 'http')
        ?.realservers.find(({ node }) => node === server)?.weight,
  }
}

/** What `main.ts` does with the words, without a process. */
export async function here(words: readonly string[]): Promise<Ended> {
  const said = { out: '', err: '' }
  let exit: Exit = 'ok'
  const terminal = {
    out: process.stdout,
    paint: (_: unknown, text: string) => text,
    print: (text: string): void => void (said.out += text),
    complain: (text: string): void => void (said.err += text),
  }
  try {
    await program('0', terminal, (result) => (exit = result)).parseAsync(words, { from: 'user' })
  } catch (error) {
    const end = explained(error)
    exit = end.exit
    terminal.complain(end.text)
  }
  return { code: EXITS[exit].code, ...said }
}
