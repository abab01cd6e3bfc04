/** Adoption of a new view: peers, voters, and the groups that this node directs. */
import { type LeaseAddress, type LeaseGroup, type LeaseView } from '@lvsm/protocol'
import { directs, groupOf } from '@lvsm/lease'
import { bestPeer } from './peers.ts'
import { checkTables } from './fence-tables.ts'
import { newGroupState, type GroupState } from './group-state.ts'
import { type LeaseState, touchAll } from './state.ts'
import { closeAll, stepDown } from './step-down.ts'
import { changeVoters, checkVoters } from './voter-sets.ts'

export function adopt(state: LeaseState, view: LeaseView): void {
  const before = state.view
  changeVoters(state, before, view)
  for (const instance of state.instances.values()) leaveChanged(state, view, instance)
  state.view = view
  state.acceptor.adopt(view, state.now)
  const names = new Set(view.nodes.map(({ name }) => name))
  state.peerTable.adopt(
    [...names].filter((name) => name !== state.node),
    view.timing.deadtimeMs,
  )
  forgetStrangers(state, view, names)
  forgetWays(state, before, view)
  checkVoters(state, view)
  // What voters said in another epoch is of yesterday.
  if (before !== null && before.epoch !== view.epoch)
    for (const { candidate } of state.instances.values()) candidate.pollSoon()
  checkTables(state, view)
  for (const group of view.groups) if (directs(view, group) && !state.instances.has(group.name)) openGroup(state, group)
  touchAll(state)
}

/** Who left is forgotten, and so is what others said of groups that are gone, or that they do not direct any more. */
function forgetStrangers(state: LeaseState, view: LeaseView, names: ReadonlySet<string>): void {
  const { peers, heartbeatTurns, heartbeatAt, greetedAt, linkTurns, linksHeard, probeAt, relayBudgets } = state
  const { losses, sentTo, wordsFrom } = state
  const { clones, cloneToldAt, jumpers, instances } = state
  const links = [linksHeard, wordsFrom, linkTurns, probeAt, losses, sentTo]
  const spoken = [peers, heartbeatTurns, heartbeatAt, greetedAt, relayBudgets, ...links]
  const told = [clones, cloneToldAt, jumpers, ...[...instances.values()].map(({ refusedUntil }) => refusedUntil)]
  for (const one of [...spoken, ...told]) for (const name of one.keys()) if (!names.has(name)) one.delete(name)
  for (const [name, { claims }] of peers)
    for (const group of claims.keys()) if (!groupOf(view, group)?.directors.includes(name)) claims.delete(group)
}

/** Of other links, or of another timing, what was heard and lost says nothing; a revision that changes neither ends no trouble. */
function forgetWays(
  { linksHeard, wordsFrom, losses, probeAt }: LeaseState,
  before: LeaseView | null,
  view: LeaseView,
): void {
  for (const { name } of view.nodes) {
    if (before !== null && wayTo(before, name) === wayTo(view, name)) continue
    linksHeard.delete(name)
    wordsFrom.delete(name)
    probeAt.delete(name)
    losses.get(name)?.forget()
  }
}
const wayTo = (view: LeaseView, name: string): string => {
  const linksOf = (of: string) => view.nodes.find((node) => node.name === of)?.links
  return JSON.stringify([view.timing, linksOf(view.node), linksOf(name)])
}

/** Closes a group whose addresses changed, or that is gone, with its old addresses before the new ones are adopted. */
function leaveChanged(state: LeaseState, view: LeaseView, instance: GroupState): void {
  const group = view.groups.find(({ name }) => name === instance.group.name)
  const mine = group && directs(view, group) ? group : null
  if (mine && mine.digest === instance.group.digest) {
    instance.group = { ...mine, addresses: mine.addresses.map((address) => whereItStood(address, instance.group)) }
    instance.change = null
    return
  }
  instance.change = { to: mine }
  const reason = mine
    ? `the addresses of ${instance.group.name} changed`
    : `${state.node} no longer directs ${instance.group.name}`
  stepDown(state, instance, reason, {
    event: 'released',
    successor: mine ? null : bestPeer(state, view, instance.group),
  })
}

/** Keeps the interface of an address whose interface is unknown at the moment. */
const whereItStood = (address: LeaseAddress, { addresses }: LeaseGroup): LeaseAddress =>
  address.ifindex > 0 ? address : (addresses.find((known) => known.address === address.address) ?? address)

/** Starts a group in `closing`, because a predecessor of this process may have left it open. */
function openGroup(state: LeaseState, group: LeaseGroup): GroupState {
  const instance = newGroupState(group, state.incarnation, state.random, state.rules)
  state.instances.set(group.name, instance)
  instance.announce.distrust()
  instance.serve.distrust()
  closeAll(state, instance)
  return instance
}

/** The old addresses are closed: adopts the new ones, or drops the group. */
export function applyChange(state: LeaseState, instance: GroupState): void {
  if (instance.change === null) return
  const { to } = instance.change
  state.instances.delete(instance.group.name)
  state.tablesDue ??= 'perhaps'
  if (!to) return
  const fresh = openGroup(state, to)
  fresh.readiness = instance.readiness
  fresh.interfaceFaultUntil = instance.interfaceFaultUntil
}
