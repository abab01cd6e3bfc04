/** What this node says about itself: to its lease process, and through it to the other agents. */
import { after, between, earlier, type Instant, later, type Trouble } from '@lvsm/base'
import { isStopped, standingOf } from '@lvsm/changes'
import { agreementDigests, NO_PAIRS, ownershipView } from '@lvsm/model'
import type { Observed } from '@lvsm/plan'
import { alertsSaid } from '../alerts/said.ts'
import { reachedPings } from '../check/pings.ts'
import { failedHere } from '../differing.ts'
import { leavingHere } from '../leaving/told.ts'
import { differingSubjects, otherHere } from '../disagreement.ts'
import { isConfirmed } from '../epoch.ts'
import { unheardHere } from '../hearing.ts'
import { leaseStatus } from '../lease.ts'
import { interfaceOf } from '../observe/interfaces.ts'
import { speakingMs } from '../rhythm.ts'
import { settingsSaid } from '../settings.ts'
import { type NodeState } from '../state.ts'
import { allEstablished } from '../synchronised.ts'
import { mtusHere } from '../mtus.ts'
import { syncHeardHere } from '../sync-silence.ts'
import { aheadSaid } from '../walls.ts'
import { blindHere, readyHere, shutHere, unservedHere, whyNotByOrder } from '../willing.ts'
import { noteCounters } from './drops.ts'
import { toTell } from '../history/history.ts'
import { sameOf } from '../history/same.ts'
import { noteTroubles } from '../history/troubles.ts'
import { encodeState } from './packing.ts'
import { publishReadiness } from './ready.ts'
import { ownReport } from './report.ts'
import { type Saying, sayState } from './sentence.ts'
import { peersOf, tellTables } from './tables.ts'
import { logTroubles, troubles, withMended } from './troubles.ts'

const PUBLISH_MS = 2000
const SHORTEST_PUBLISH_MS = 200
/** Changes come in bursts, and mostly during a failover, which needs the processor. */
const NEWS_MS = 150

/** Something changed that others should know soon. */
export function publishSoon({ rhythm, published, now }: NodeState): void {
  published.tables = null
  const soonest = later(after(now, NEWS_MS), after(rhythm.publishedAt, rhythm.restMs))
  rhythm.publishAt = earlier(rhythm.publishAt, soonest)
}

export function publishIfDue(state: NodeState): void {
  const { rhythm, now } = state
  const isDue = now >= rhythm.publishAt
  if (now < nextPublish(state)) return
  noteCounters(state)
  const present = troubles(state)
  logTroubles(state, present)
  noteTroubles(state, present)
  publishReadiness(state, true)
  const own = saying(state, present)
  const told = withMended(state, present)
  if (state.follows) state.effects.push({ kind: 'report', report: ownReport(state, own, told) })
  rhythm.reportAt = after(now, PUBLISH_MS)
  if (!isDue) return
  rhythm.publishedAt = now
  const messages = publish(state, own, told)
  rhythm.restMs = Math.max(SHORTEST_PUBLISH_MS, timeOf(state, messages))
  rhythm.publishAt = after(now, Math.max(PUBLISH_MS, rhythm.restMs))
}

/** Coordinators do not wait for what takes long to tell all others. */
export const nextPublish = ({ rhythm, follows }: NodeState): Instant =>
  follows ? earlier(rhythm.publishAt, rhythm.reportAt) : rhythm.publishAt

/** Milliseconds in which this node may send so many messages to each of the others. */
const timeOf = (state: NodeState, messages: number): number => speakingMs(messages, peersOf(state))

/** The ownership view, when it changed or the lease process is new; readiness goes with it. */
export function publishView(state: NodeState, observed: Observed): void {
  const { config, secrets, ring, facts, node } = state
  if (!config || !state.lease.connected) return
  const floating = new Map(
    config.groups.flatMap(({ addresses }) => addresses.map((one) => [one.address, one] as const)),
  )
  const indexOf = (address: string): number => {
    const one = floating.get(address)
    return one ? (interfaceOf(observed, one)?.index ?? 0) : 0
  }
  const owned = ownershipView(config, secrets, indexOf, node, ring ?? NO_PAIRS)
  const groups = owned.groups.map((group) => (isStopped(facts, group.name) ? { ...group, stopped: true } : group))
  const view = { ...owned, groups, ...(isConfirmed(state) ? { confirmed: true } : {}) }
  const text = JSON.stringify(view)
  if (text === state.published.view) return
  state.published.view = text
  state.effects.push({ kind: 'view', view })
  publishReadiness(state, true)
}

/** The lease process is new, or gone: it knows nothing. */
export function forgetPublished({ published }: NodeState): void {
  published.view = ''
}

export function saying(state: NodeState, present: readonly Trouble[]): Saying {
  const { view, kernel } = state
  const starting: Saying = { state: 'starting', reason: 'waits for its configuration' }
  if (!view) return starting
  return sayState({
    view,
    status: leaseStatus(state),
    observed: kernel.observed,
    troubles: present,
    ready: Object.fromEntries(readyHere(state)),
    notByOrder: (group) => whyNotByOrder(state, state.node, group),
    other: otherHere(state),
    facts: state.facts,
    standing: standingOf(state.facts, state.node, state.word),
  })
}

/** There is more to say than was said last: a trouble that begins among it; of one that is over the others hear soon enough. */
export function hasNews(state: NodeState): boolean {
  const present = troubles(state)
  return saidText(state, saying(state, present)) !== state.published.said || hasBegun(state, present)
}

/** One that comes and goes is news so often at most. Milliseconds. */
const NEWS_AGAIN_MS = 5000
function hasBegun({ published, now }: NodeState, present: readonly Trouble[]): boolean {
  const { begunAt, troubles: before } = published
  for (const [key, at] of begunAt) if (between(at, now) >= NEWS_AGAIN_MS) begunAt.delete(key)
  const begun = present
    .filter(({ severity }) => severity !== 'info')
    .map(sameOf)
    .filter((key) => !before.has(key) && !begunAt.has(key))
  for (const key of begun) begunAt.set(key, now)
  return begun.length > 0
}

const saidText = (state: NodeState, { state: what, reason }: Saying): string =>
  `${what} ${unheardHere(state)?.join(' ') ?? ''} ${reason}`

/** To the other agents; gives how many messages it had. Who follows coordinators tells those what nobody needs to serve. */
function publish(state: NodeState, own: Saying, present: readonly Trouble[]): number {
  const { config, view, published } = state
  published.said = saidText(state, own)
  const status = leaseStatus(state)
  if (!status || !config || !view) return 0
  const unheard = unheardHere(state)
  const blind = blindHere(state)
  const encoded = encodeState({
    kind: 'state',
    boot: state.boot,
    ...(state.history.clock.isSettled(state.now) ? { clock: state.history.clock.read(state.now) } : {}),
    wall: Math.max(0, state.wallMs(state.now)),
    ...(state.history.wallSet > 0 ? { wallSet: state.history.wallSet } : {}),
    ...aheadSaid(state),
    revision: config.revision,
    agreement: agreementDigests(config),
    state: own.state,
    reason: own.reason,
    standby: status.standby,
    ...(status.quarantineMs > 0 ? { votesInMs: Math.ceil(status.quarantineMs) } : {}),
    ...(state.word ? { word: state.word } : {}),
    ready: Object.fromEntries(readyHere(state)),
    ...unservedHere(state),
    ...(Object.keys(blind).length > 0 ? { blind } : {}),
    ...shutHere(state),
    pings: reachedPings(state.pings),
    ...(unheard ? { unheard } : {}),
    ...(state.view?.sync ? { established: allEstablished(state), ...syncHeardHere(state) } : {}),
    ...mtusHere(state),
    ...failedHere(state),
    ...leavingHere(state),
    troubles: state.follows ? [] : [...present],
    events: state.follows ? [] : toTell(state),
  })
  const room = Math.floor(PUBLISH_MS / Math.max(1, timeOf(state, 1))) - encoded.length
  const alerts = alertsSaid(state)
  const tables = tellTables(state, state.follows ? 1 : Math.max(1, room))
  const settings = settingsSaid(state, differingSubjects(state))
  const texts = [...encoded, ...[settings, alerts].filter((text) => text !== null), ...tables]
  for (const text of texts) state.effects.push({ kind: 'message', to: null, text })
  return texts.length
}
