/**
 * A planned switchover, on the node that takes the group (SWITCHOVER.md): packets of connections that the former owner still
 * serves go back to it. IPVS would keep those that it takes for its own: for two minutes it remembers a client's address and
 * port from an earlier reign, and clients use their ports again. So the group's connections are forgotten first.
 */
import { encodeMessage, type PrepareMessage } from '@lvsm/protocol'
import { after, between, type Instant } from '@lvsm/base'
import { inNetwork } from '@lvsm/model'
import { ownership } from '../lease.ts'
import { lookWithin } from '../observe/look.ts'
import { groupOf } from '../plan/about.ts'
import type { NodeState } from '../state.ts'
import { establishedHere, isSynchronised } from '../synchronised.ts'
import type { Handover } from './moving.ts'
import { believedPlaces } from './places.ts'

/** Longest time for old connections to go; without it some packets would be taken for theirs. */
const FORGETS_MS = 2000
/** The move must begin within this time, and the rule ends so long after the former owner stopped serving. */
const WAITS_MS = 10_000
const TAIL_MS = 300
/** Where this node knows the connections it ends before that: whatever the former owner no longer serves must not go there. */
const HEAD_MS = 100

/** The owner asks; again for the same move when our answer got lost. */
export function prepareFor(state: NodeState, from: string, { group, id, at: said = [] }: PrepareMessage): void {
  if (!state.view?.directs.some(({ name }) => name === group)) return
  const known = state.handovers.get(group)
  if (known?.id === id) {
    known.tellDue = true
    return
  }
  // The owner, or who may be one, prepares for nobody: what it serves would be forgotten, or handed back to a former owner.
  if ((ownership(state, group)?.role ?? 'owner') === 'owner') return
  const since = state.now
  const begun = { phase: 'forgetting', planned: false, tellDue: true, ownedSince: null } as const
  const at = believedPlaces(state.config, group, said)
  state.handovers.set(group, { group, from, id, since, at, ...begun })
}

/** After a look at the kernel, or operations that went well: tells the former owner once our rules stand. */
export function handoversStand(state: NodeState): void {
  const { pending } = state.kernel
  const changing = new Set(
    pending.filter(({ kind }) => kind === 'dest-flush' || kind === 'dest-add').map((one) => groupOf(state, one)),
  )
  for (const handover of state.handovers.values()) {
    if (!handover.planned || !handover.tellDue || changing.has(handover.group)) continue
    handover.tellDue = false
    if (handover.phase === 'forgetting') handover.phase = 'prepared'
    const established = establishedHere(state, handover.group)
    const known = established === null ? {} : { established }
    const text = encodeMessage({ kind: 'prepared', id: handover.id, group: handover.group, ...known })
    state.effects.push({ kind: 'message', to: handover.from, text })
  }
}

export function stepHandovers(state: NodeState): void {
  for (const handover of [...state.handovers.values()]) {
    const owning = ownership(state, handover.group)?.role === 'owner'
    if (owning) {
      handover.phase = 'owning'
      handover.ownedSince ??= state.now
    } else if (handover.phase === 'forgetting' && between(handover.since, state.now) >= FORGETS_MS) {
      handover.phase = 'prepared'
    }
    if (between(endOf(state, handover), state.now) < 0) continue
    state.handovers.delete(handover.group)
    // What comes now nobody else serves.
    lookWithin(state)
  }
}

function endOf(state: NodeState, { group, since, ownedSince }: Handover): Instant {
  if (ownedSince === null) return after(since, WAITS_MS)
  const drainMs = state.config?.timing.drainMs ?? 0
  return after(ownedSince, isSynchronised(state, group) ? Math.max(0, drainMs - HEAD_MS) : drainMs + TAIL_MS)
}

export function nextHandover(state: NodeState): Instant | null {
  let next: Instant | null = null
  for (const handover of state.handovers.values()) {
    const at = endOf(state, handover)
    if (next === null || at < next) next = at
  }
  return next
}

/** Group → addresses of the former owner, those in the network of a VIP of the group first. */
export const handoverAddresses = (state: NodeState): ReadonlyMap<string, readonly string[]> =>
  new Map([...state.handovers.values()].map(({ group, from, at }) => [group, addressesOf(state, group, from, at)]))
/** Their rules are part of the plan that was just made. */
export function plannedHandovers({ handovers }: NodeState): void {
  for (const handover of handovers.values()) handover.planned = true
}
/** Groups of which this node must not know any connection now. */
export const forgettingGroups = ({ handovers }: NodeState): ReadonlySet<string> =>
  new Set([...handovers.values()].filter(({ phase }) => phase === 'forgetting').map(({ group }) => group))

export function dropHandovers(state: NodeState): void {
  for (const { group, from } of [...state.handovers.values()]) {
    const directors = state.view?.directs.find(({ name }) => name === group)?.directors
    if (!directors?.includes(from)) state.handovers.delete(group)
  }
}

function addressesOf({ config }: NodeState, group: string, node: string, said: readonly string[]): string[] {
  const links = config?.nodes.find(({ name }) => name === node)?.links ?? []
  const floating = config?.groups.find(({ name }) => name === group)?.addresses ?? []
  const vips = floating.filter(({ kind }) => kind === 'vip')
  const far = (address: string): number => Number(!vips.some((vip) => inNetwork(address, vip)))
  return [...links.map(({ address }) => address), ...said].toSorted((one, other) => far(one) - far(other))
}
