/** Test data: a coordinator's real API over a configuration in memory, and the real command as its own process. */
import { serveApi } from '../../../coordinator/adapters/api/api.ts'
import { MemoryConfiguration } from '../../../test/kit/configuration.ts'
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
  /** The same in this process, for whoever has many: what it said on standard error, or the failure that it ended with. */
  runHere(args: readonly string[]): Promise<string>
  /** Numbers of the revisions that there are. */
  revisions(): readonly number[]
  weight(server: string): number | undefined
}

export function startCoordinator(): TestCoordinator {
  const configuration = new MemoryConfiguration()
  const socketPath = scratchPath('coordinator.sock')
  const server = serveApi({
    path: socketPath,
    configuration,
    wallClock: () => 1_700_000_000_000,
    events: {
      failed: (error) => {
        throw error
      },
      mayAgain: () => true,
      say: () => undefined,
      crashed: (error) => {
        throw error
      },
    },
  })
  closers.push(() => server.close())
  return {
    configuration,
    socketPath,
    run: (args, environment = {}) => lvsm(args, { LVSM_COORDINATOR_SOCKET: socketPath, ...environment }),
    async runHere(args) {
      let said = ''
      const complain = (text: string): void => void (said += text)
      const terminal = {
        out: process.stdout,
        paint: (_: unknown, text: string) => text,
        print: () => undefined,
        complain,
      }
      const words = ['--coordinator-socket', socketPath, ...args]
      try {
        await program('0', terminal, () => undefined).parseAsync(words, { from: 'user' })
      } catch (error) {
        return String(error)
      }
      return said
    },
    revisions: () => configuration.known()?.history.revisions.map(({ number }) => number) ?? [],
    weight: (server) =>
      configuration
        .known()
        ?.config.services.find(({ name }) => name === 'http')
        ?.realservers.find(({ node }) => node === server)?.weight,
  }
}
