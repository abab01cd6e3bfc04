/** Status for operators: role and reason of each group, peers, troubles, counters. */
import { plainLine } from '@lvsm/base'
import { type GroupRole, type GroupStatus, type LeaseGroup, type LeaseStatus, type LeaseView } from '@lvsm/protocol'
import { directs, FRESH_KEEPALIVES, type Never, votersOf } from '@lvsm/lease'
import { conflictTroubles } from './announcing.ts'
import { situationOf } from './candidate.ts'
import { delayReports, delayTroubles } from './delays.ts'
import { durableTroubles } from './durable.ts'
import { epochTroubles, newerEpoch } from './epochs.ts'
import { linkTroubles } from './links.ts'
import { putBackTroubles } from './put-back.ts'
import { lossTroubles, lostPercent } from './losses.ts'
import { cloneTroubles, hasQuorum, heardVoters, lifeOfPeer, ownerOf, peersBefore } from './peers.ts'
import { isLeaseValid, type GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'
import { voterTroubles } from './voter-sets.ts'
import { unwillingFor, whyNotCandidate } from './eligibility.ts'

const ORDINALS = ['next', 'second', 'third', 'fourth', 'fifth']

export function statusOf(state: LeaseState): LeaseStatus {
  const { view, now } = state
  const quarantineMs = view && votersOf(view).includes(state.node) ? state.acceptor.quarantineLeftMs(now) : 0
  return {
    node: state.node,
    incarnation: state.incarnation,
    quarantineMs,
    standby: state.standby,
    quorum: view !== null && hasQuorum(state, view),
    groups: view ? view.groups.map((group) => groupStatus(state, view, group)) : [],
    peers: view
      ? view.nodes.filter(({ name }) => name !== state.node).map(({ name }) => peerStatus(state, view, name))
      : [],
    troubles: [
      ...durableTroubles(state, quarantineMs),
      ...voterTroubles(state),
      ...epochTroubles(state),
      ...cloneTroubles(state),
      ...conflictTroubles(state),
      ...putBackTroubles(state),
      ...state.reported.values(),
      ...(view ? [...linkTroubles(state, view), ...lossTroubles(state, view), ...delayTroubles(state, view)] : []),
    ],
    counters: { ...state.counters },
    delays: delayReports(state),
    ...epochStatus(state),
  }
}

function epochStatus(state: LeaseState): Pick<LeaseStatus, 'epoch' | 'newerEpoch' | 'epochLost'> {
  const { view, epochs } = state
  const newer = view ? newerEpoch(state, view) : undefined
  return {
    epoch: view?.epoch ?? 0,
    ...(newer === undefined ? {} : { newerEpoch: newer }),
    ...(epochs.lost ? { epochLost: true } : {}),
  }
}

function peerStatus(state: LeaseState, view: LeaseView, name: string): LeaseStatus['peers'][number] {
  const heardAt = state.peerTable.heardAt(name)
  const agentless = plainLine(state.peers.get(name)?.agentless ?? '')
  const lost = lostPercent(state, view, name)
  return {
    name,
    life: lifeOfPeer(state, view, name),
    silentMs: heardAt === null ? -1 : state.now - heardAt,
    standby: state.peers.get(name)?.standby === true,
    ...(agentless === '' ? {} : { agentless }),
    ...(lost === null ? {} : { lostPercent: lost }),
  }
}

function groupStatus(state: LeaseState, view: LeaseView, group: LeaseGroup): GroupStatus {
  const owner = ownerOf(state, view, group)
  const instance = state.instances.get(group.name)
  const leftMs = owner?.leftMs ?? 0
  const isDirector = instance !== undefined && directs(view, group)
  const unwilling =
    isDirector && !group.stopped && !isLeaseValid(instance, state.now) ? unwillingFor(state, view, group) : null
  return {
    name: group.name,
    role: instance ? roleOf(state, instance, owner?.node ?? null) : 'none',
    owner: owner?.node ?? null,
    number: owner?.number ?? 0,
    leftMs,
    reason: isDirector ? reasonOf(state, view, instance, leftMs) : bystander(state, view, group),
    ...(unwilling === null ? {} : { unwilling }),
  }
}

function roleOf(state: LeaseState, instance: GroupState, owner: string | null): GroupRole {
  if (isLeaseValid(instance, state.now))
    return instance.phase === 'active' ? 'owner' : instance.phase === 'acquiring' ? 'acquiring' : 'releasing'
  if (instance.phase !== 'backup') return 'releasing'
  return owner !== null && owner !== state.node ? 'standby' : 'candidate'
}

function bystander(state: LeaseState, view: LeaseView, group: LeaseGroup): string {
  const owner = ownerOf(state, view, group)
  return owner ? `${owner.node} holds ${group.name} (lease ${owner.number})` : `nobody is known to hold ${group.name}`
}

function reasonOf(state: LeaseState, view: LeaseView, instance: GroupState, leftMs: number): string {
  const { name } = instance.group
  if (isLeaseValid(instance, state.now)) return holderReason(instance, leftMs)
  if (instance.phase === 'draining') return `released ${name}; still serving what arrives until it has drained`
  if (instance.phase === 'closing') return `closing the fence and taking the addresses of ${name} away`
  const quarantineMs = state.acceptor.quarantineLeftMs(state.now)
  if (!hasQuorum(state, view)) {
    const voters = votersOf(view)
    return `no majority: hears ${heardVoters(state, view).length} of ${voters.length} voters`
  }
  const owner = ownerOf(state, view, instance.group)
  if (owner) return `standby: ${owner.node} holds ${name} (lease ${owner.number}), ${placeOf(state, view, instance)}`
  if (quarantineMs > 0) return `quarantine: ${Math.ceil(quarantineMs)} ms left after start`
  const why = whyNotCandidate(state, view, instance.group)
  if (why) return `nobody is known to hold ${name}; ${why}`
  const { voters, needed, timing } = situationOf(state, view, instance)
  const { voteTable } = instance.candidate
  const freshMs = FRESH_KEEPALIVES * timing.keepaliveMs
  const freeAt = voteTable.majorityFreeAt(voters, needed, freshMs, state.now)
  const refused = freeAt === Number.POSITIVE_INFINITY ? refusalText(state, instance, freshMs) : null
  if (refused !== null) return refused
  if (freeAt !== null && freeAt > state.now)
    return `standby: by the voters' word somebody holds ${name}, whom this node does not hear`
  return `candidate: nobody is known to hold ${name}; asking the voters`
}

/** Voters that lend it no vote at any time: nobody holds it for that, and time alone changes nothing. */
function refusalText(
  { view, node, now }: LeaseState,
  { group, candidate }: GroupState,
  freshMs: number,
): string | null {
  const refusing = (why: Never): string =>
    view ? candidate.voteTable.refusing(votersOf(view), why, freshMs, now).join(', ') : ''
  const text = (voters: string, why: string): string =>
    `nobody is known to hold ${group.name}; no vote of ${voters}: ${why} than ${node}`
  if (refusing('unknown-list') !== '') return text(refusing('unknown-list'), 'another list of its addresses there')
  return refusing('epoch') === '' ? null : text(refusing('epoch'), 'another epoch of the voters there')
}

function holderReason(instance: GroupState, leftMs: number): string {
  const { name } = instance.group
  const lease = `lease ${instance.holder.number}, ${Math.round(leftMs)} ms left`
  if (instance.phase === 'acquiring') return `acquiring ${name}: won ${lease}, opening the fence`
  if (instance.phase === 'handingOver') return `handing ${name} over: announcements are being closed`
  return `holds ${name} by ${lease}${instance.transfer ? `; offered to ${instance.transfer.to}` : ''}`
}

function placeOf(state: LeaseState, view: LeaseView, instance: GroupState): string {
  const why = whyNotCandidate(state, view, instance.group)
  if (why) return `would not take it: ${why}`
  const owner = ownerOf(state, view, instance.group)?.node
  const before = peersBefore(state, view, instance).filter((node) => node !== owner)
  return `${ORDINALS[before.length] ?? 'later'} in order`
}
