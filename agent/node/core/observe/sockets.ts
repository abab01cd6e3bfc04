/**
 * Does somebody listen where clients' connections arrive, and does he accept them? Looked at on the realserver itself, for services whose check
 * wants its own view, and told to their directors: at once when something changes, and every two seconds. It costs the directors nothing,
 * and no packet. What becomes of it there: `check/sights.ts`. Of the others it is looked more rarely, and told here alone: `arrivals.ts`.
 */
import { after, type Instant, type Severity, type Trouble } from '@lvsm/base'
import { intentOnServer } from '@lvsm/changes'
import type { KernelProtocol, OwnArrival, OwnLook } from '@lvsm/model'
import type { SeenSocket } from '@lvsm/protocol'
import type { NodeInput } from '../events.ts'
import { sameOf } from '../history/same.ts'
import { encodeSockets } from '../publish/packing.ts'
import type { NodeState } from '../state.ts'
import { type Astray, astrayNow, astrayTroubles, NOBODY_ASTRAY } from './arrivals.ts'
import { type FoundSocket, socketsAt } from './listening.ts'
import { isNews } from './looks.ts'
import { NOBODY_NOWHERE, type Nowhere, nowhereNow } from './nowhere.ts'
import {
  crowdedPorts,
  isNewlyWaiting,
  isStopped,
  NOBODY_STOPPED,
  perhapsStopped,
  type Silent,
  stoppedNow,
  type StoppedServers,
  stoppedTroubles,
} from './stopped.ts'
import { type Crowded, crowdedNow, crowdTroubles, NOBODY_WAITS } from './queues.ts'

const LOOK_MS = 500
/** Where no check wants its own view. */
const RARELY_MS = 2000
/** Whether a queue that was just found full still is. */
const AGAIN_MS = 250
const TELL_MS = 2000
/** While it is news: what gets lost comes again with the next look. */
const NEWS_MS = 3000
/** A queue that is full at one look is a burst. */
const FULL_LOOKS = 2

type Found = Extract<NodeInput, { kind: 'sockets' }>

export interface Sockets {
  asking: boolean
  lookAt: Instant
  tellAt: Instant
  newsUntil: Instant
  /** By service and destination. */
  seen: ReadonlyMap<string, SeenSocket>
  /** So many looks in a row found the queue full. */
  full: ReadonlyMap<string, number>
  astray: Astray
  nowhere: Nowhere
  crowded: Crowded
  stopped: StoppedServers
  /** The last look found a trouble that the one before did not. */
  begins: boolean
  /** Why it cannot be seen. */
  error: string | null
}
export const newSockets = (at: Instant): Sockets => ({
  ...{ asking: false, lookAt: at, tellAt: at, newsUntil: at, seen: new Map(), full: new Map() },
  ...{
    astray: NOBODY_ASTRAY,
    nowhere: NOBODY_NOWHERE,
    crowded: NOBODY_WAITS,
    stopped: NOBODY_STOPPED,
    begins: false,
    error: null,
  },
})

const looksOf = ({ view }: NodeState): readonly OwnLook[] => view?.ownView.looks ?? []
/** Where operators want no clients, a server may listen wherever they try it. */
const arrivalsOf = ({ view, facts, node }: NodeState): readonly OwnArrival[] =>
  view?.ownView.arrivals.filter(({ service }) => intentOnServer(facts, service, node) === 'serve') ?? []
const isWanted = (state: NodeState): boolean => looksOf(state).length > 0 || arrivalsOf(state).length > 0

export function lookAtSocketsIfDue(state: NodeState): void {
  const { sockets, now } = state
  if (looksOf(state).length === 0) sockets.error = null
  if (!isWanted(state)) {
    sockets.astray = NOBODY_ASTRAY
    sockets.nowhere = NOBODY_NOWHERE
    sockets.crowded = NOBODY_WAITS
    sockets.stopped = NOBODY_STOPPED
  } else if (!sockets.asking && now >= sockets.lookAt) askForSockets(state)
}
function askForSockets(state: NodeState): void {
  const { sockets, effects } = state
  sockets.asking = true
  const places = [...looksOf(state), ...arrivalsOf(state)]
  const protocols = [...new Set(places.map(({ protocol }) => protocol))]
  effects.push({ kind: 'sockets', protocols, crowded: crowdedPorts(sockets.stopped) })
}
export const nextSocketLook = (state: NodeState): Instant | null =>
  state.sockets.asking || !isWanted(state) ? null : state.sockets.lookAt

export function onSockets(state: NodeState, input: Found): void {
  const { sockets, now } = state
  const { found, error } = input
  const before = new Set(socketTroubles(state).map(sameOf))
  const hasLooks = looksOf(state).length > 0
  sockets.asking = false
  sockets.lookAt = after(now, hasLooks ? LOOK_MS : RARELY_MS)
  sockets.error = found === null && hasLooks ? error : null
  sockets.astray = astrayNow(sockets.astray, arrivalsOf(state), found)
  sockets.nowhere = nowhereNow(sockets.nowhere, arrivalsOf(state), found)
  sockets.crowded = crowdedNow(sockets.crowded, arrivalsOf(state), found)
  sockets.stopped = stoppedNow(sockets.stopped, arrivalsOf(state), found)
  const mayBegin = isNews(sockets.astray) || isNews(sockets.crowded) || isNewlyWaiting(sockets.stopped)
  if (mayBegin) sockets.lookAt = after(now, LOOK_MS)
  sockets.begins = socketTroubles(state).some((trouble) => !before.has(sameOf(trouble)))
  if (hasLooks) tellOfLooks(state, input)
}

function tellOfLooks(state: NodeState, { found, load }: Found): void {
  const { sockets, now, view } = state
  const before = sockets.seen
  const full = new Map<string, number>()
  const seen = looksOf(state).map((look): readonly [string, SeenSocket] => {
    const name = nameOf(look)
    const { service, key } = look
    if (found === null) return [name, { service, key, is: 'unread', queue: 0, most: 0 }]
    const { is, queue, most } = sightOf(look, found)
    const times = is === 'full' ? (sockets.full.get(name) ?? 0) + 1 : 0
    full.set(name, times)
    // Full until half of it is gone: else a server that gasps comes and goes with each look.
    const gasps = before.get(name)?.is === 'full' && is !== 'closed' && queue > most / 2
    const word = gasps || times >= FULL_LOOKS ? 'full' : is === 'closed' ? 'closed' : 'listens'
    return [name, { service, key, is: word, queue, most }]
  })
  sockets.seen = new Map(seen)
  sockets.full = full
  if ([...full.values()].some((times) => times > 0 && times < FULL_LOOKS)) sockets.lookAt = after(now, AGAIN_MS)
  const changed = seen.filter(([name, { is }]) => before.get(name)?.is !== is)
  for (const [name, { is }] of changed)
    if (before.has(name) || is !== 'listens')
      state.effects.push({ kind: 'log', text: `own view: ${name}: ${WORDS[is]}` })
  if (changed.length > 0) sockets.newsUntil = after(now, NEWS_MS)
  if (now < sockets.tellAt && now >= sockets.newsUntil) return
  sockets.tellAt = after(now, TELL_MS)
  const texts = encodeSockets(load, [...sockets.seen.values()])
  for (const to of view?.ownView.directors ?? [])
    for (const text of texts) state.effects.push({ kind: 'message', to, text })
}

const nameOf = ({ service, key }: OwnLook): string => `${service} ${key}`
const WORDS: Readonly<Record<SeenSocket['is'], string>> = {
  closed: 'nobody listens there',
  listens: 'somebody listens there',
  full: 'nobody accepts there',
  unread: 'that cannot be seen',
}

function sightOf(look: OwnLook, found: readonly FoundSocket[]): Pick<SeenSocket, 'is' | 'queue' | 'most'> {
  // Several at one place share what comes (SO_REUSEPORT): as long as one accepts, clients are served.
  const [emptiest] = socketsAt(found, look).toSorted((one, other) => one.queue - one.most - (other.queue - other.most))
  if (!emptiest) return { is: 'closed', queue: 0, most: 0 }
  const { queue, most } = emptiest
  return { is: isFull(look.protocol, emptiest) ? 'full' : 'listens', queue, most }
}
/** The queue of a socket of datagrams is bytes, and bounded otherwise. */
const isFull = (protocol: KernelProtocol, { queue, most }: FoundSocket): boolean => protocol === 'tcp' && queue > most

/** `severityOf`: how urgent it is that a server answers nobody. */
export function socketTroubles(
  { sockets, node }: NodeState,
  severityOf: (arrival: OwnArrival, how: Silent) => Severity = () => 'critical',
): Trouble[] {
  const crowded = new Map([...sockets.crowded].filter(([, { arrival }]) => !isStopped(sockets.stopped, arrival)))
  const crowds = crowdTroubles(crowded, node, severityOf, (arrival) => perhapsStopped(sockets.stopped, arrival))
  const stopped = stoppedTroubles(sockets.stopped, node, severityOf)
  const seen = [...astrayTroubles(sockets.astray, node), ...crowds, ...stopped]
  if (sockets.error === null) return seen
  const unread: Trouble = {
    ...{ code: 'sockets-unread', severity: 'warning', object: `node ${node}` },
    message: `${node} cannot see who listens on it: ${sockets.error}`,
    hint: 'modprobe tcp_diag udp_diag; ss -ltn shows what can be seen',
  }
  return [...seen, unread]
}
