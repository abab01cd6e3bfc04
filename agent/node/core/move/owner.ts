/**
 * A planned switchover, on the node that owns the group (SWITCHOVER.md): NAT destinations go quiet here while the successor
 * prepares its kernel, then the lease process hands over, and the new owner is waited for.
 */
import { encodeMessage, type Outcome, type PreparedMessage, type SwitchoverReport } from '@lvsm/protocol'
import { after, between, type Instant } from '@lvsm/base'
import { isStopped } from '@lvsm/changes'
import { suggest, destKey, type ConfigRealserver, forwarding } from '@lvsm/model'
import { isOfEntry, observedService } from '@lvsm/plan'
import { ANSWER_MS, refuse, reply } from '../command/reply.ts'
import { ownership } from '../lease.ts'
import { type NodeState } from '../state.ts'
import { establishedHere, isSynchronised } from '../synchronised.ts'
import { type Move, ownsAlready } from './moving.ts'
import { ownPlaces } from './places.ts'
import { chooseSuccessor } from './choosing.ts'
import { type ReplyTo } from '../command/pending.ts'

/** Longest wait for NAT connections to end. */
const QUIET_MS = 2000
/** And for the successor to be prepared: without it, requests under way are broken off. */
const PREPARE_MS = 5000
/**
 * Whatever was established when the move began has left the kernel's buffer by then (two seconds, looked at each second) and
 * arrived; what the successor does not know then it will not know soon.
 */
const AWARE_MS = 3500
/** The kernel counts a connection as active only once it is established: quiet must last a little to be true. */
const QUIET_FOR_MS = 200
const REPEAT_MS = 250
/** Beyond one lease, the longest wait for the new owner to be known here. */
const HANDOVER_MS = 5000
/** How often a running move looks around. */
const PACE_MS = 50

export interface Wanted {
  readonly group: string
  readonly to: string | undefined
  readonly reason: string
  readonly replyTo: ReplyTo
}

/** Begins a move, or answers why not. */
export function beginMove(state: NodeState, { group: name, to, reason, replyTo }: Wanted): void {
  const group = state.config?.groups.find((entry) => entry.name === name)
  const known = ownership(state, name)
  if (!group) {
    const names = state.config?.groups.map((entry) => entry.name) ?? []
    return reply(
      state,
      replyTo,
      refuse('unknown', 'unknown-group', `there is no group "${name}"`, suggest(name, names, 'groups')),
    )
  }
  if (known?.role !== 'owner') {
    const why = known?.reason ?? 'its lease process does not answer'
    return reply(
      state,
      replyTo,
      refuse('conflict', 'not-owner', `${state.node} does not own ${name}: ${why}`, 'see lvsm status'),
    )
  }
  if (state.moves.has(name))
    return reply(state, replyTo, refuse('conflict', 'moving', `group ${name} is being moved already`, 'wait for it'))
  if (to === state.node) return reply(state, replyTo, ownsAlready(name, to, known.number))
  const chosen = chooseSuccessor(state, group, to)
  if (!('to' in chosen)) return reply(state, replyTo, chosen)
  state.serial += 1
  state.moves.set(name, {
    group: name,
    to: chosen.to,
    number: known.number,
    id: `${state.boot}-move-${state.serial}`,
    began: state.now,
    reason,
    replyTo,
    phase: 'preparing',
    prepared: false,
    known: null,
    unknown: null,
    preparedAskedAt: null,
    quietSince: null,
    askedAt: state.now,
  })
}

export function stepMoves(state: NodeState): void {
  for (const move of [...state.moves.values()]) {
    if (move.phase === 'preparing') prepare(state, move)
    else awaitOwner(state, move)
  }
}

/** Both sides at once: the successor prepares, NAT destinations drain here. */
function prepare(state: NodeState, move: Move): void {
  const { now } = state
  const waited = between(move.began, now)
  // One look with the NAT destinations at weight 0 must have happened before anything is known about them.
  if (waited < 2 * PACE_MS || !isDrained(state, move.group)) move.quietSince = null
  else move.quietSince ??= now
  const own = establishedHere(state, move.group)
  const isKnown = own === null || (move.known !== null && move.known >= own) || waited >= AWARE_MS
  askSuccessor(state, move, isKnown)
  const calm =
    !anyMustEnd(state, move.group) || (move.quietSince !== null && between(move.quietSince, now) >= QUIET_FOR_MS)
  const quiet = calm || waited >= QUIET_MS
  if (!quiet || !isKnown || (!move.prepared && waited < PREPARE_MS)) return
  move.phase = 'handing-over'
  move.unknown = own === null ? null : Math.max(0, own - (move.known ?? 0))
  move.askedAt = now
  state.effects.push({ kind: 'switchover', group: move.group, to: move.to, reason: move.reason })
}

/** Again until it is prepared, and knows what it must. */
function askSuccessor(state: NodeState, move: Move, isKnown: boolean): void {
  const { now } = state
  if ((move.prepared && isKnown) || (move.preparedAskedAt !== null && between(move.preparedAskedAt, now) < REPEAT_MS))
    return
  move.preparedAskedAt = now
  const at = ownPlaces({ config: state.config, observed: state.kernel.observed }, move.group)
  const text = encodeMessage({
    kind: 'prepare',
    id: move.id,
    group: move.group,
    ...(at.length > 0 ? { at: [...at] } : {}),
  })
  state.effects.push({ kind: 'message', to: move.to, text })
}

function awaitOwner(state: NodeState, move: Move): void {
  const known = ownership(state, move.group)
  const { owner = null, number = 0 } = known ?? {}
  if (owner !== null && owner !== state.node && number > move.number) {
    const tookMs = Math.round(between(move.began, state.now))
    const unknown = move.unknown === null ? {} : { unknown: move.unknown }
    const report: SwitchoverReport = { group: move.group, from: state.node, to: owner, number, tookMs, ...unknown }
    return end(state, move, { ok: true, report: { ...report } })
  }
  const longest = Math.min((state.config?.timing.leaseMs ?? 0) + HANDOVER_MS, ANSWER_MS - PREPARE_MS)
  if (between(move.askedAt, state.now) < longest) return
  const why = known?.reason ?? 'the lease process does not answer'
  const message = `group ${move.group} did not move within ${longest} ms: ${why}`
  end(state, move, refuse('timeout', 'no-answer', message, 'see lvsm status and lvsm events'))
}

function end(state: NodeState, move: Move, outcome: Outcome): void {
  state.moves.delete(move.group)
  reply(state, move.replyTo, outcome)
}

/** The lease process refused the move that it was asked for. */
export function moveRefused(state: NodeState, group: string, reason: string): void {
  const move = state.moves.get(group)
  if (move?.phase !== 'handing-over') return
  end(state, move, refuse('conflict', 'refused', reason, 'the group stays where it is'))
}
/** The successor's kernel is prepared, and it knows so many connections. */
export function successorPrepared(state: NodeState, from: string, { id, established }: PreparedMessage): void {
  for (const move of state.moves.values()) {
    if (move.id !== id || move.to !== from) continue
    move.prepared = true
    move.known = established ?? move.known
  }
}
/** The configuration changed: a group that left, or was stopped, or whose successor left, is moved no more. */
export function dropMoves(state: NodeState): void {
  for (const move of [...state.moves.values()]) {
    const group = state.config?.groups.find(({ name }) => name === move.group)
    const stays = group?.directors.includes(move.to) && group.directors.includes(state.node)
    if (stays && !isStopped(state.facts, move.group)) continue
    const message = `group ${move.group} changed while it was being moved`
    end(state, move, refuse('conflict', 'changed', message, 'look at it, and ask again: lvsm status'))
  }
}

const servicesOf = ({ config }: NodeState, group: string) =>
  config?.services.filter((service) => service.group === group) ?? []

/** Realservers whose connections the next director cannot go on with. */
const mustEnd = (state: NodeState, group: string): ((one: ConfigRealserver) => boolean) =>
  isSynchronised(state, group)
    ? ({ forward }) => !forwarding(forward).carried
    : ({ forward }) => forwarding(forward).connectionsMustEnd
const anyMustEnd = (state: NodeState, group: string): boolean =>
  servicesOf(state, group).some(({ realservers }) => realservers.some(mustEnd(state, group)))

/** Where such realservers serve alone they are not quieted, and there is nothing to wait for. */
function isDrained(state: NodeState, group: string): boolean {
  const { observed, pending } = state.kernel
  if (pending.some((one) => one.kind === 'dest-edit' && !isOfEntry(one))) return false
  return servicesOf(state, group).every((service) => {
    const ending = new Set(service.realservers.filter(mustEnd(state, group)).map(destKey))
    const table = observed ? observedService(observed, service) : undefined
    const quiet = table?.dests.filter((dest) => ending.has(destKey(dest)) && dest.weight === 0) ?? []
    return quiet.every(({ active }) => active === 0)
  })
}

export const quiescingGroups = ({ moves }: NodeState): ReadonlySet<string> => new Set(moves.keys())
/** Whether a move waits for NAT connections to end, or until the successor knows them. */
export const isDraining = (state: NodeState): boolean =>
  [...state.moves.values()].some(
    ({ phase, group }) => phase === 'preparing' && (anyMustEnd(state, group) || isSynchronised(state, group)),
  )
export const nextMove = ({ moves, now }: NodeState): Instant | null => (moves.size > 0 ? after(now, PACE_MS) : null)
