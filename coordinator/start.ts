/** The parts of a coordinator in the order in which they start: home, database, links, core, socket. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Refusal, seededRandom, type Trouble } from '@lvsm/base'
import { boottime, createAlarm } from '@lvsm/kernel'
import { type CoordinatorHome, DAEMON_EXITS, type DaemonExit, type KeyFile, VIEWERS } from '@lvsm/protocol'
import { DEFAULTS } from '@lvsm/raft'
import { type ApiOptions, serveApi } from './adapters/api/api.ts'
import { openDoor } from './adapters/joining/door.ts'
import { groupNumber } from '../agent/process/caller.ts'
import { Announcing } from './announcing.ts'
import { openPassage } from './adapters/api/passage.ts'
import { openLinks } from './adapters/links/open.ts'
import { linkOptions } from './adapters/links/options.ts'
import { openStore } from './adapters/store/store.ts'
import { admit } from './admission.ts'
import { backups } from './backup.ts'
import { Clocks } from './clocks.ts'
import { Coordinator } from './coordinator.ts'
import { Counts, timed } from './counts.ts'
import { LIMITS } from './core/events.ts'
import { type Coordinated, MACHINE, type Result } from './core/machine.ts'
import { hostOf } from './host.ts'
import { databaseOf, readAuthority, readHome } from './home.ts'
import { serveNodes, ticks, type Watching } from './nodes.ts'
import type { Directories } from './options.ts'
import type { LinksHeard, LinksPort, StorePort } from './ports.ts'
import { beginPeople } from './people.ts'
import { Hearing } from './hearing.ts'
import { Secrets } from './secrets.ts'
import type { NodeServer } from './adapters/links/node-server.ts'
import { reportOf } from './report.ts'
import { withWay } from './sentences.ts'
import { Troubles } from './troubles.ts'
import { withheld } from './withholding.ts'

/** A stop that takes longer ends all the same: the database is whole at every moment. */
const STOP_MS = 5000

export interface StartMachine {
  say(text: string): void
  exit(code: number): void
  /** The run directory was removed: is its lock still, or again, this process's? */
  mayListenAgain(): boolean
}
export interface Running {
  /** Hands leadership over, and closes everything; once, however often it is asked for. */
  stop(reason: string): Promise<void>
  /** For the log, as lines. */
  report(): readonly string[]
}
export type Started =
  | { readonly ok: true; readonly running: Running }
  | { readonly ok: false; readonly exit: DaemonExit; readonly refusal: Refusal }

const random = () => seededRandom(randomBytes(4).readUInt32BE())

export async function start({ runDir, stateDir }: Directories, machine: StartMachine): Promise<Started> {
  const read = readHome(stateDir)
  if (!read.ok) return { ok: false, exit: 'refused', refusal: read.refusal }
  const { self, ...identity } = read.home
  const { say } = machine
  const opened = await openStore({ path: databaseOf(stateDir), machine: MACHINE, heard: (reason) => say(reason) })
  if (!opened.ok) return { ok: false, exit: exitOf(opened.refusal), refusal: opened.refusal }
  const { store } = opened
  const hearing = new Hearing()
  const troubles = new Troubles(say)
  const counts = new Counts()
  const told = { count: counts.count, trouble: noting(troubles) }
  const linked = await openLinks({ ...linkSetting(self), identity, heard: hearing, told })
  if (!linked.ok) {
    await store.close()
    return { ok: false, exit: 'world', refusal: withWay(linked.refusal) }
  }
  const watching: Watching = { electing: null, spoken: () => null }
  const clocks = new Clocks({ id: self.id, wallClock: Date.now, clock: boottime, trouble: noting(troubles) })
  const wallClock = (): number => clocks.now()
  const coordinator = begun(
    self,
    timed(store, { clock: ticks, wrote: counts.wrote }),
    { links: linked.links, hearing, watching, clocks },
    machine,
  )
  const nodes = serveNodes(coordinator, linked, { node: self.node, troubles, counts, watching, clocks })
  hearing.nodes = (message) => nodes.heard(message)
  const { home } = read
  const host = hostOf({ home, stateDir, coordinator, nodes, counts, say })
  const crashed = crashing(say)
  const { count } = counts
  const secrets = secretsOf(coordinator, { stateDir, node: self.node, troubles })
  const heartbeatKeys = secrets.keys
  const agreedClock = (): number | null => clocks.agreed()
  const world = { stateDir, troubles, host, heartbeatKeys, wallClock, agreedClock, say, count, crashed }
  const people = await beginPeople(home, coordinator, world)
  if (!people.ok) {
    nodes.close()
    await coordinator.stop()
    await store.close()
    return { ok: false, exit: 'world', refusal: withWay(people.refusal) }
  }
  const gate = { configuration: coordinator, host, wallClock, crashed }
  openPassage(linked.server, gate)
  letIn(coordinator, linked.server, { stateDir, heartbeatKeys, authority: identity.authority, say })
  const backup = backups(stateDir, store, say)
  const api = listened({ ...gate, path: join(runDir, 'coordinator.sock'), backup, takeSecrets: secrets.take }, machine)
  const announcing = announced(self, coordinator, { wallClock, say, troubles })
  const leave = leaving([announcing, api, nodes, people, { close: () => coordinator.stop() }, store], machine)
  let stopped: Promise<void> | null = null
  say(`coordinator ${self.id} of cluster ${self.cluster} runs on ${self.node}`)
  return {
    ok: true,
    running: {
      stop: (reason) => (stopped ??= leave(reason)),
      report: () => reportOf(coordinator.status(), troubles.present(), nodes.feed.applied(), counts.lines()),
    },
  }
}

function announced(
  home: CoordinatorHome,
  configuration: Coordinator,
  { troubles, ...world }: { readonly troubles: Troubles; wallClock(): number; say(text: string): void },
): Announcing {
  return new Announcing({ ...world, home, configuration, trouble: (one) => troubles.note('address', one) })
}

const noting =
  (troubles: Troubles) =>
  (about: string, trouble: Trouble | null): void =>
    troubles.note(about, trouble)
const linkSetting = ({ id, listen }: CoordinatorHome) => {
  return { id, listen, random: random(), options: linkOptions(DEFAULTS.electionMs) }
}

/** One after the other. */
const leaving =
  (parts: readonly { close(): void | Promise<void> }[], { say, exit }: StartMachine) =>
  async (reason: string): Promise<void> => {
    say(`${reason}: leaves`)
    const late = setTimeout(() => exit(DAEMON_EXITS.ok.code), STOP_MS)
    for (const part of parts) await part.close()
    clearTimeout(late)
  }

/** What it lacks is looked at with each change, and with the first of all. */
function secretsOf(
  coordinator: Coordinator,
  { stateDir, node, troubles }: { readonly stateDir: string; readonly node: string; readonly troubles: Troubles },
): Secrets {
  const trouble = (one: Trouble | null): void => troubles.note('heartbeat secrets', one)
  const secrets = new Secrets({ stateDir, node, known: () => coordinator.known(), trouble })
  secrets.look()
  coordinator.follow(() => secrets.look())
  return secrets
}

interface LettingIn {
  readonly stateDir: string
  readonly authority: string
  heartbeatKeys(): readonly KeyFile[]
  say(text: string): void
}
/** Nodes that are to be coordinators. */
function letIn(
  coordinator: Coordinator,
  server: NodeServer,
  { stateDir, heartbeatKeys, authority, say }: LettingIn,
): void {
  openDoor(server, {
    nodeOf: (key) => coordinator.known()?.enrolled.nodes.find((node) => node.key === key)?.name ?? null,
    admit: (candidate, node) =>
      admit(candidate, node, coordinator, {
        signer: readAuthority(stateDir, authority),
        keys: heartbeatKeys(),
      }),
    crashed: crashing(say),
  })
}

interface Surroundings {
  readonly links: LinksPort
  readonly hearing: Hearing
  readonly watching: Watching
  readonly clocks: Clocks
}
function begun(
  { id, seeds }: CoordinatorHome,
  store: StorePort<Coordinated, Result>,
  { links, hearing, watching, clocks }: Surroundings,
  { say, exit }: StartMachine,
): Coordinator {
  const openLinks = (heard: LinksHeard): LinksPort => {
    hearing.to = heard
    return links
  }
  const fail = (reason: string): void => {
    say(reason)
    exit(DAEMON_EXITS.refused.code)
  }
  const boot = randomBytes(8).toString('hex')
  const options = {
    id,
    store,
    settings: DEFAULTS,
    limits: LIMITS,
    seeds,
    boot,
    openLinks,
    withhold: (asked: Parameters<typeof withheld>[0]) =>
      withheld(asked, {
        electing: watching.electing,
        spoken: watching.spoken,
        known: () => store.kept.machine.configured,
      }),
  }
  const alarm = (ring: () => void) => createAlarm(boottime, ring)
  const machine = { clock: boottime, wallClock: () => clocks.agreed(), random: random(), alarm, say, fail }
  const coordinator = new Coordinator(options, machine)
  clocks.voters = () => coordinator.voters()
  return coordinator
}

function listened(
  { path, configuration, host, wallClock, backup, takeSecrets }: Omit<ApiOptions, 'events'>,
  { say, exit, mayListenAgain }: StartMachine,
) {
  const failed = (error: Error): void => {
    say(`cannot listen: ${error.message}`)
    exit(DAEMON_EXITS.world.code)
  }
  const group = groupNumber(VIEWERS)
  const events = { failed, mayAgain: mayListenAgain, say, crashed: crashing(say), group }
  return serveApi({ path, configuration, host, wallClock, backup, takeSecrets, events })
}

const crashing =
  (say: (text: string) => void) =>
  (error: unknown): void =>
    say(`a request failed: ${error instanceof Error ? error.stack : String(error)}`)

/** What a supervisor cannot mend by starting again is for people. */
const exitOf = ({ code }: Refusal): DaemonExit =>
  code === 'store-in-use' || code === 'store-unreadable' ? 'world' : 'refused'
