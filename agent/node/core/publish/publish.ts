/** What this node says about itself: to its lease process, and through it to the other agents. */
import { cut } from '@lvsm/protocol'
import { after, between, earlier, type Instant, later, type Trouble } from '@lvsm/base'
import { isStopped, standingOf } from '@lvsm/changes'
import { agreementDigests, type ConfigService, NO_PAIRS, ownershipView } from '@lvsm/model'
import type { Observed } from '@lvsm/plan'
import { alertsSaid } from '../alerts/said.ts'
import { reachedPings, reachesOf } from '../check/pings.ts'
import { blindServices, darkServices } from '../check/unknowns.ts'
import { failedHere } from '../differing.ts'
import { isConfirmed } from '../epoch.ts'
import { unheardHere } from '../hearing.ts'
import { heldGroups, leaseStatus } from '../lease.ts'
import { interfaceFault, interfaceOf } from '../observe/interfaces.ts'
import { unreadyFor } from '../plan/readiness.ts'
import { speakingMs } from '../rhythm.ts'
import { log, type NodeState } from '../state.ts'
import { allEstablished } from '../synchronised.ts'
import { mtusHere } from '../mtus.ts'
import { syncHeardHere } from '../sync-silence.ts'
import { darkHere, readyHere } from '../willing.ts'
import { noteCounters } from './drops.ts'
import { toTell } from '../history/history.ts'
import { sameOf } from '../history/same.ts'
import { noteTroubles } from '../history/troubles.ts'
import { encodeState, REASON } from './packing.ts'
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

/** A message has room for so many. */
const MOST_BLIND = 255

/** Readiness for each group; `all`: also what did not change. */
export function publishReadiness(state: NodeState, all: boolean): void {
  const { published, view, kernel } = state
  const next = new Map(view?.directs.map((group) => [group.name, unreadyFor(state, group) ?? '']))
  const [blind, dark] = [blindServices(state), darkServices(state)]
  const held = heldGroups(state)
  for (const group of view?.directs ?? []) {
    const why = next.get(group.name) ?? ''
    const before = published.ready.get(group.name)
    if (before !== why && (before === '' || why === '')) {
      const what = why === '' ? 'this node could take it' : `this node could not take it: ${why}`
      log(state, `${group.name}: ${what}`)
    }
    const reaches = reachesOf(state.pings, group.name)
    const unchecked = view?.services.filter((one) => one.group === group.name && blind.has(one.name)) ?? []
    const darkness = Math.min(unchecked.length, MOST_BLIND)
    // An owner who serves a service by what it was told last is not kept from it.
    const isDark = ({ name, group: of }: ConfigService): boolean => of === group.name && dark.has(name)
    const unknown = dark.size === 0 || held.has(group.name) ? undefined : view?.services.find(isDark)?.name
    const isSeen = published.blind.get(group.name) === darkness && published.dark.get(group.name) === unknown
    const same = before === why && isSeen && published.reaches.get(group.name) === reaches
    published.reaches.set(group.name, reaches)
    published.blind.set(group.name, darkness)
    if (unknown === undefined) published.dark.delete(group.name)
    else published.dark.set(group.name, unknown)
    if (published.view === '' || (!all && same)) continue
    const interfaceDown = kernel.observed !== null && interfaceFault(kernel.observed, group) !== null
    const [first] = unchecked
    const prepared = `the kernel is prepared${first ? `; service ${first.name} cannot be checked here` : ''}`
    const told = { interfaceDown, reaches, reason: cut(why === '' ? prepared : why, REASON) }
    const blindness = {
      ...(darkness === 0 ? {} : { blind: darkness }),
      ...(unknown === undefined ? {} : { dark: unknown }),
    }
    state.effects.push({ kind: 'ready', group: group.name, ready: why === '', ...told, ...blindness })
  }
  for (const name of published.dark.keys()) if (!next.has(name)) published.dark.delete(name)
  published.ready = next
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

/** To the other agents; gives how many messages it had. Who follows coordinators tells them all that directors do not need to serve. */
function publish(state: NodeState, own: Saying, present: readonly Trouble[]): number {
  const { config, view, published } = state
  published.said = saidText(state, own)
  const status = leaseStatus(state)
  if (!status || !config || !view) return 0
  const unheard = unheardHere(state)
  const encoded = encodeState({
    kind: 'state',
    boot: state.boot,
    ...(state.history.clock.isSettled(state.now) ? { clock: state.history.clock.read(state.now) } : {}),
    wall: Math.max(0, state.wallMs(state.now)),
    revision: config.revision,
    agreement: agreementDigests(config),
    state: own.state,
    reason: own.reason,
    standby: status.standby,
    ...(status.quarantineMs > 0 ? { votesInMs: Math.ceil(status.quarantineMs) } : {}),
    ...(state.word ? { word: state.word } : {}),
    ready: Object.fromEntries(readyHere(state)),
    ...darkHere(state),
    pings: reachedPings(state.pings),
    ...(unheard ? { unheard } : {}),
    ...(state.view?.sync ? { established: allEstablished(state), ...syncHeardHere(state) } : {}),
    ...mtusHere(state),
    ...failedHere(state),
    troubles: state.follows ? [] : [...present],
    events: state.follows ? [] : toTell(state),
  })
  const room = Math.floor(PUBLISH_MS / Math.max(1, timeOf(state, 1))) - encoded.length
  const alerts = alertsSaid(state)
  const tables = state.follows ? [] : tellTables(state, Math.max(1, room))
  const texts = [...encoded, ...(alerts === null ? [] : [alerts]), ...tables]
  for (const text of texts) state.effects.push({ kind: 'message', to: null, text })
  return texts.length
}
