/** A cluster's configuration in memory: what coordinators agree on, without any of them. */
import type { Refusal } from '@lvsm/base'
import { applyEntry, beginState, MODEL_VERSION, newestOf, parseDocument, type State } from '@lvsm/changes'
import { SAMPLE } from '@lvsm/model'
import { decodeEntry, encodeEntry, type Entry, type MemberRecord, type NodeProgress, type Status } from '@lvsm/protocol'
import { type ApiOptions, serveApi } from '../../coordinator/adapters/api/api.ts'
import { Login } from '../../coordinator/adapters/api/login.ts'
import { Passwords } from '../../coordinator/adapters/api/passwords.ts'
import type { ApiHost } from '../../coordinator/adapters/api/route-context.ts'
import { Audit } from '../../coordinator/api/audit.ts'
import { Tempo } from '../../coordinator/api/tempo.ts'
import { clusterStatusOf } from '../../coordinator/reported/cluster-status.ts'
import type { Configuration, CoordinatorStatus, Read, Written } from '../../coordinator/configuration.ts'

const memberOf = (id: number): MemberRecord => ({
  name: `dir${id}`,
  addresses: [{ host: `10.12.0.${id}`, port: 7446 }],
  key: `0${id}`.repeat(32),
  api: [{ host: `10.12.0.${id}`, port: 7445 }],
})
/** Of a coordinator that leads. */
export const STATUS: CoordinatorStatus = {
  members: new Map([
    [1, memberOf(1)],
    [2, memberOf(2)],
  ]),
  raft: {
    id: 1,
    role: 'leader',
    term: 7,
    leader: 1,
    commitIndex: 40,
    lastApplied: 40,
    lastLogIndex: 41,
    logEntries: 12,
    membership: {
      members: [
        { id: 1, role: 'voter', store: 'store-1' },
        { id: 2, role: 'voter', store: 'store-2' },
        { id: 9, role: 'learner', store: 'store-9' },
      ],
    },
    disk: 'ok',
    expelled: null,
    transferTo: null,
    uncommitted: 1,
    peers: [
      { id: 2, matchIndex: 41, phase: 'replicate', silentMs: 20, caughtUp: true },
      { id: 9, matchIndex: 0, phase: 'probe', silentMs: 65_000, caughtUp: true },
    ],
    dropped: {},
  },
}
export const NO_LEADER: Refusal = {
  code: 'no-leader',
  message: 'no majority of coordinators can be reached',
  hint: 'lvsm coordinators says who is silent',
}

/** The sample of the model, with its key by reference. */
export const SAMPLE_DOCUMENT = SAMPLE.replace(/secret: "\w+"/, 'file: /etc/lvsm/key')

/** What the next write, and all reads, come to. `lost`: it is done, and nobody is told. */
export type Weather = 'fine' | 'cut-off' | 'lost' | 'forgotten'

export class MemoryConfiguration implements Configuration {
  weather: Weather = 'fine'
  readonly log: Entry[] = []
  status: () => CoordinatorStatus = () => STATUS
  /** What the agents said of themselves. */
  readonly used = new Map<string, NodeProgress>()
  progress = (): ReadonlyMap<string, NodeProgress> => this.used
  /** No agent told anything of itself. */
  clusterStatus = (): Status =>
    clusterStatusOf({ state: this.#state, records: new Map(), now: 0, node: 'dir1', troubles: [], counters: {} })
  /** These nodes are in. */
  enrol(...names: string[]): void {
    const nodes = names.map((name) => ({ name, key: 'ab'.repeat(32), at: 0, token: null }))
    this.#state = { ...this.#state, enrolled: { tokens: [], nodes } }
  }
  /** This node is in, with this key. */
  admit(name: string, key: string): void {
    this.#state = { ...this.#state, enrolled: { tokens: [], nodes: [{ name, key, at: 0, token: null }] } }
  }
  #state: State
  readonly #followers = new Set<(state: State) => void>()

  /** `finalized`: what the cluster has agreed to speak. */
  constructor(yaml = SAMPLE_DOCUMENT, finalized = MODEL_VERSION) {
    const { document, refusals } = parseDocument(yaml)
    if (!document) throw new Error(JSON.stringify(refusals))
    this.#state = beginState(document, { at: 0, author: 'init', comment: '' }, finalized)
  }

  read = async (): Promise<Read> =>
    this.weather === 'cut-off' ? { kind: 'refused', refusal: NO_LEADER } : { kind: 'state', state: this.#state }

  newest = async (): Promise<number | null> => (this.weather === 'cut-off' ? null : newestOf(this.#state.history))

  write = async (change: Entry): Promise<Written> => {
    if (this.weather === 'cut-off') return { kind: 'refused', refusal: NO_LEADER }
    if (this.weather === 'forgotten') return { kind: 'unknown' }
    const read = decodeEntry(encodeEntry(change))
    if (!read.ok) throw new Error(`an entry that no coordinator could read: ${read.reason}`)
    this.log.push(read.entry)
    const { state, outcome } = applyEntry(this.#state, read.entry)
    const before = this.#state
    this.#state = state
    if (state !== before) for (const changed of this.#followers) changed(state)
    return this.weather === 'lost' ? { kind: 'unknown' } : { kind: 'done', outcome, state }
  }

  /** Ids of coordinators that were removed. */
  readonly removed: number[] = []
  remove = async (id: number): ReturnType<Configuration['remove']> => {
    if (this.weather === 'cut-off') return { kind: 'refused', refusal: NO_LEADER }
    if (this.weather === 'forgotten') return { kind: 'unknown' }
    this.removed.push(id)
    return { kind: 'removed' }
  }

  known = (): State | null => this.#state

  follow = (changed: (state: State) => void): (() => void) => {
    // Each call is one follower, also with the same function.
    const follower = (state: State): void => changed(state)
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }
}

export const WALL_CLOCK = 1_700_000_000_000
/** The real API over it, on a socket of the test; what goes wrong there ends the test, unless it is `crashed`'s. */
export const serveConfiguration = (
  path: string,
  configuration: Configuration & Knowing,
  crashed: ApiOptions['events']['crashed'] = thrown,
  backup: ApiOptions['backup'] = async () => ({ ok: false, reason: 'there is no database here' }),
  takeSecrets: ApiOptions['takeSecrets'] = () => ({ outcome: 'done', taken: [], missing: [] }),
): { close(): void } =>
  serveApi({
    path,
    configuration,
    host: knownBy(configuration),
    wallClock: () => WALL_CLOCK,
    backup,
    takeSecrets,
    events: { failed: thrown, mayAgain: () => true, say: () => undefined, crashed },
  })

type Knowing = Partial<
  Pick<ApiHost, 'progress' | 'clusterStatus' | 'clusterRates' | 'clusterEvents' | 'clusterRecorded'>
>
/** With what it knows of the nodes, where it knows anything of them. */
export function knownBy(
  { progress, clusterStatus, clusterRates, clusterEvents, clusterRecorded }: Knowing,
  say?: (line: string) => void,
  clock?: () => number,
): ApiHost {
  return {
    ...hostOf(say, clock),
    ...(progress ? { progress } : {}),
    ...(clusterStatus ? { clusterStatus } : {}),
    ...(clusterRates ? { clusterRates } : {}),
    ...(clusterEvents ? { clusterEvents } : {}),
    ...(clusterRecorded ? { clusterRecorded } : {}),
  }
}

/** Passwords cost nothing here. */
export function hostOf(say: (line: string) => void = () => undefined, clock = () => performance.now()): ApiHost {
  const passwords = new Passwords({ n: 16, r: 1, p: 1 })
  const login = new Login(passwords, clock)
  const speaks = { model: MODEL_VERSION, lvsm: '0.0.0' }
  const told = {
    progress: () => new Map(),
    silentMs: () => 40,
    versions: () => new Map([[1, speaks]]),
    agentVersions: () => new Map([['dir1', speaks]]),
    clusterStatus: () => null,
    clusterRates: () => null,
    clusterEvents: () => ({ events: [] }),
    clusterRecorded: (agoMs: number) => ({ node: 'dir1', at: '', agoMs, spans: [], clockSet: false, found: null }),
    metrics: () => '',
  }
  return { pin: '0f'.repeat(32), passwords, login, audit: new Audit(say), tempo: new Tempo(), ...told }
}

function thrown(error: unknown): never {
  throw error
}
