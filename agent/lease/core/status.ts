/** What this node says to its operators: one sentence for each group. */
import type { GroupRole, GroupStatus, LeaseGroup, LeaseStatus, LeaseView } from '@lvsm/lease'
import { directs, FRESH_KEEPALIVES, votersOf } from '@lvsm/lease'
import { situation } from './candidacy.ts'
import { durableTroubles } from './durable.ts'
import { hasQuorum, heardVoters, lifeOfPeer, ownerOf, peerTroubles, rankOf, unwilling } from './peers.ts'
import { holds, type Seat } from './seat.ts'
import type { Station } from './station.ts'

const ORDINALS = ['next', 'second', 'third', 'fourth', 'fifth']

export function statusOf(station: Station): LeaseStatus {
  const { view, now } = station
  const quarantineMs = view && votersOf(view).includes(station.node) ? station.acceptor.quarantineLeftMs(now) : 0
  return {
    node: station.node,
    incarnation: station.incarnation,
    quarantineMs,
    standby: station.standby,
    quorum: view !== null && hasQuorum(station, view),
    groups: view ? view.groups.map((group) => groupStatus(station, view, group)) : [],
    peers: view
      ? view.nodes.filter(({ name }) => name !== station.node).map(({ name }) => peerStatus(station, view, name))
      : [],
    troubles: [...durableTroubles(station, quarantineMs), ...peerTroubles(station)],
    counters: { ...station.counters },
  }
}

function peerStatus(station: Station, view: LeaseView, name: string): LeaseStatus['peers'][number] {
  const heardAt = station.roster.heardAt(name)
  return {
    name,
    life: lifeOfPeer(station, view, name),
    silentMs: heardAt === null ? -1 : station.now - heardAt,
    standby: station.peers.get(name)?.standby === true,
  }
}

function groupStatus(station: Station, view: LeaseView, group: LeaseGroup): GroupStatus {
  const owner = ownerOf(station, view, group)
  const seat = station.seats.get(group.name)
  const leftMs = owner?.leftMs ?? 0
  return {
    name: group.name,
    role: seat ? roleOf(station, seat, owner?.node ?? null) : 'none',
    owner: owner?.node ?? null,
    number: owner?.number ?? 0,
    leftMs,
    reason: seat && directs(view, group) ? reasonOf(station, view, seat, leftMs) : bystander(station, view, group),
  }
}

function roleOf(station: Station, seat: Seat, owner: string | null): GroupRole {
  if (holds(seat, station.now))
    return seat.phase === 'holding' ? 'owner' : seat.phase === 'taking' ? 'taking' : 'releasing'
  if (seat.phase !== 'watching') return 'releasing'
  return owner !== null && owner !== station.node ? 'standby' : 'candidate'
}

function bystander(station: Station, view: LeaseView, group: LeaseGroup): string {
  const owner = ownerOf(station, view, group)
  return owner ? `${owner.node} holds ${group.name} (lease ${owner.number})` : `nobody is known to hold ${group.name}`
}

function reasonOf(station: Station, view: LeaseView, seat: Seat, leftMs: number): string {
  const { name } = seat.group
  if (holds(seat, station.now)) return holderReason(seat, leftMs)
  if (seat.phase === 'draining') return `released ${name}; still serving what arrives until it has drained`
  if (seat.phase === 'closing') return `closing the fence and taking the addresses of ${name} away`
  const quarantineMs = station.acceptor.quarantineLeftMs(station.now)
  if (!hasQuorum(station, view)) {
    const voters = votersOf(view)
    return `no majority: hears ${heardVoters(station, view).length} of ${voters.length} voters`
  }
  const owner = ownerOf(station, view, seat.group)
  if (owner) return `standby: ${owner.node} holds ${name} (lease ${owner.number}), ${placeOf(station, view, seat)}`
  if (quarantineMs > 0) return `quarantine: ${Math.ceil(quarantineMs)} ms left after start`
  const why = unwilling(station, view, seat.group)
  if (why) return `nobody is known to hold ${name}; ${why}`
  const { voters, needed, timing } = situation(station, view, seat)
  const freeAt = seat.candidate.survey.majorityFreeAt(
    voters,
    needed,
    FRESH_KEEPALIVES * timing.keepaliveMs,
    station.now,
  )
  if (freeAt !== null && freeAt > station.now)
    return `standby: by the voters' word somebody holds ${name}, whom this node does not hear`
  return `candidate: nobody is known to hold ${name}; asking the voters`
}

function holderReason(seat: Seat, leftMs: number): string {
  const { name } = seat.group
  const lease = `lease ${seat.holder.number}, ${Math.round(leftMs)} ms left`
  if (seat.phase === 'taking') return `taking ${name}: won ${lease}, opening the fence`
  if (seat.phase === 'parting') return `handing ${name} over: announcements are being closed`
  return `holds ${name} by ${lease}${seat.transfer ? `; offered to ${seat.transfer.to}` : ''}`
}

function placeOf(station: Station, view: LeaseView, seat: Seat): string {
  const why = unwilling(station, view, seat.group)
  if (why) return `would not take it: ${why}`
  const place = seat.group.directors
    .filter((node) => node !== ownerOf(station, view, seat.group)?.node)
    .indexOf(station.node)
  return `${ORDINALS[Math.min(place, rankOf(station, view, seat))] ?? 'later'} in order`
}
