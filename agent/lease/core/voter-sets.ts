/**
 * Sets of voters: whether all nodes count the same. Two sets can have two majorities, at once or one after the other. So
 * while the latest heartbeat of a voter, a director, or two others, however old, has another set, and after a change for as long as a lease of the
 * previous set may be valid, this node acquires nothing and as a voter grants only renewals (packages/lease/PROTOCOL.md 3.8, 5.3).
 *
 * A peer that was cut off before it got the new set is not covered; that takes epochs (packages/lease/PROTOCOL.md section 8). Of nodes
 * that follow coordinators only those of one epoch must count the same: between epochs the coordinators see to it.
 */
import { type LeaseView } from '@lvsm/protocol'
import { after, type Instant, later, quarantineMs, type Trouble } from '@lvsm/base'
import { voterDigest } from '@lvsm/lease'
import { isPillar } from './entitled.ts'
import { heartbeatNow, type LeaseState, emitEvent, touchAll } from './state.ts'

/** A new view with other voters: starts the waiting time, and sends heartbeats at once, which carry the new set. */
export function changeVoters(state: LeaseState, before: LeaseView | null, view: LeaseView): void {
  if (!before || (voterDigest(before) === voterDigest(view) && before.epoch === view.epoch)) return
  heartbeatNow(state)
  // From one epoch to another nothing has to end first (section 8).
  const isStep = before.followed === true && view.followed === true && before.epoch !== view.epoch
  if (!isStep && voterDigest(before) !== voterDigest(view)) state.votersNewUntil = leasesEnd(state, before, view)
}

/** Looks for a peer with another set of voters; after each heartbeat or view that may change the answer. */
export function checkVoters(state: LeaseState, view: LeaseView): void {
  const name = dissenterOf(state, view)
  if (name === state.dissenter) return
  if (name === null) state.votersNewUntil = later(state.votersNewUntil, leasesEnd(state, view))
  else emitEvent(state, '', 'note', 0, dissentText(state, name))
  state.dissenter = name
  touchAll(state)
}

/**
 * One voter or director with another set is enough. A node that is neither may be broken, or in the wrong hands: one alone
 * stops nobody, two that count the same do, because they may be the voters of somebody who is not heard.
 */
function dissenterOf({ peers, rules }: LeaseState, view: LeaseView): string | null {
  const own = voterDigest(view)
  const others = [...peers].filter(([, { voters, epoch }]) =>
    rules.isDissent({ sameVoters: voters === own, sameEpoch: epoch === view.epoch }, view.followed === true),
  )
  const [pillar] = others.find(([name]) => isPillar(view, name)) ?? []
  if (pillar !== undefined) return pillar
  const [pair] =
    others.find(([name, { voters }]) => others.some(([other, word]) => other !== name && word.voters === voters)) ?? []
  return pair ?? null
}

const leasesEnd = (state: LeaseState, ...views: readonly LeaseView[]): Instant =>
  after(state.now, quarantineMs(Math.max(...views.map(({ timing }) => timing.leaseMs))))

function dissentText({ node, peers, view }: LeaseState, name: string): string {
  const epoch = peers.get(name)?.epoch ?? 1
  return epoch === view?.epoch
    ? `${name} counts other voters than ${node}: two majorities could be formed`
    : `${name} follows coordinators (epoch ${epoch}), and ${node} a file of its own: two majorities could be formed`
}

/** Why the sets of voters forbid to acquire or grant anything new; null when they do not. */
export function votersUnsettled(state: LeaseState): string | null {
  if (state.dissenter !== null) return dissentText(state, state.dissenter)
  return state.now < state.votersNewUntil ? 'the voters are new: leases that the others lent may live yet' : null
}

export function voterTroubles(state: LeaseState): Trouble[] {
  const { dissenter, node, peers, view } = state
  if (dissenter === null) return []
  const isMixed = peers.get(dissenter)?.epoch !== view?.epoch
  const remedy = isMixed
    ? 'let the agents of all nodes follow the coordinators, or none of them'
    : 'give every node the same configuration; to exchange voters, stop all lease processes first'
  return [
    {
      code: 'other-voters',
      severity: 'critical',
      message: `${dissentText(state, dissenter)}; ${node} takes nothing over until they agree`,
      hint: `${remedy}; if ${dissenter} is gone for good, restart lvsm-lease on this node once nothing of it runs any more`,
    },
  ]
}
