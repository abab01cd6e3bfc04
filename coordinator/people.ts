/** The port for people of a coordinator that runs: open where its home says so, and where the authority's key is. */
import type { Refusal } from '@lvsm/base'
import type { CounterName, KeyFile } from '@lvsm/protocol'
import { type Authority, fingerprintOf, fingerprintOfKey } from '@lvsm/trust'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type ConsoleFiles, readConsole } from './adapters/api/people/console.ts'
import { openPeople } from './adapters/api/people/people.ts'
import type { ApiHost } from './adapters/api/route-context.ts'
import type { Configuration } from './configuration.ts'
import { type Home, readAuthority } from './home.ts'
import type { Troubles } from './troubles.ts'

export interface PeopleWorld {
  readonly stateDir: string
  readonly troubles: Troubles
  readonly host: ApiHost
  heartbeatKeys(): readonly KeyFile[]
  /** Milliseconds, by the clocks of a majority. */
  wallClock(): number
  /** Null: they are not known yet. */
  agreedClock(): number | null
  say(text: string): void
  count(counter: CounterName): void
  crashed(error: unknown): void
}
export type BegunPeople =
  | { readonly ok: true; close(): Promise<void> }
  | { readonly ok: false; readonly refusal: Refusal }

const NONE: BegunPeople = { ok: true, close: () => Promise.resolve() }

function isPair({ certificate, privateKey }: Authority): boolean {
  try {
    return fingerprintOfKey(privateKey) === fingerprintOf(certificate)
  } catch {
    return false
  }
}

/** Beside this program where that is a bundle, otherwise where the build puts it. */
const CONSOLE = join(import.meta.dirname, import.meta.url.endsWith('.ts') ? '../dist/console' : 'console')

function consoleFiles(troubles: Troubles): ConsoleFiles {
  const files = readConsole(CONSOLE)
  if (files.size === 0)
    troubles.note('console', {
      code: 'no-console',
      severity: 'warning',
      message: `the port for people has no console: its files are not in ${CONSOLE}`,
      hint: 'install the package again (in the source tree: npm run build), and restart lvsm-coordinator',
    })
  return files
}

export async function beginPeople(
  { self, authority: certificate }: Home,
  configuration: Configuration,
  { stateDir, troubles, host, heartbeatKeys, wallClock, agreedClock, say, count, crashed }: PeopleWorld,
): Promise<BegunPeople> {
  const { api = [], node } = self
  if (api.length === 0) return NONE
  const authority = readAuthority(stateDir, certificate)
  if (authority === null || !isPair(authority)) {
    troubles.note('people-port', {
      code: 'no-authority-key',
      severity: 'warning',
      message: "the port for people stays closed: the key of the cluster's authority is not here, or is another one",
      hint: `copy authority.key from the state directory of another coordinator to ${stateDir}, and restart this one`,
    })
    return NONE
  }
  return openPeople({
    configuration,
    authority,
    listen: api,
    console: consoleFiles(troubles),
    names: { node, hosts: [hostname(), ...api.map(({ host }) => host)] },
    wallClock,
    agreedClock,
    heartbeatKeys,
    host,
    crashed,
    told: { say, count, trouble: (about, trouble) => troubles.note(about, trouble) },
  })
}
