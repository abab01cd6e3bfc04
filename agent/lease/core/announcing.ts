/**
 * Gratuitous ARP of an owner (RFC 5227), or unsolicited neighbour advertisements (RFC 4861): a burst when it adds the addresses, repeats, then a slow refresh; and a defence,
 * rate-limited, when another MAC announces them. Each frame has the lease's deadline (FENCE.md, row 3).
 */
import { after, between, type Instant, pastAfter, type Trouble } from '@lvsm/base'
import type { LeaseInput } from './events.ts'
import type { GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'

/** Milliseconds after the addresses were added. */
const BURST_MS = [0, 100, 200, 400, 800, 5000, 30_000]
const REFRESH_MS = 60_000
const DEFENCE_MS = 500

const offsetOf = (sent: number): number => {
  const last = BURST_MS.length - 1
  return BURST_MS[sent] ?? (BURST_MS[last] ?? 0) + (sent - last) * REFRESH_MS
}

export const nextAnnouncement = (instance: GroupState): Instant | null =>
  instance.burst && instance.phase === 'active' ? after(instance.burst.since, offsetOf(instance.burst.sent)) : null

export function startBurst(state: LeaseState, instance: GroupState): void {
  instance.burst = { since: state.now, sent: 0 }
  tickAnnouncements(state, instance)
}

/** The addresses were put back. Somebody who takes them off again and again must not have the network flooded. */
export function announceAgain(state: LeaseState, instance: GroupState): void {
  if (instance.burst && state.now < after(instance.burst.since, DEFENCE_MS)) return
  instance.burst = { since: state.now, sent: 0 }
}

export function tickAnnouncements(state: LeaseState, instance: GroupState): void {
  const due = nextAnnouncement(instance)
  if (!instance.burst || due === null || due > state.now) return
  announce(state, instance)
  while (after(instance.burst.since, offsetOf(instance.burst.sent)) <= state.now) instance.burst.sent += 1
}

export function defend(state: LeaseState, instance: GroupState): boolean {
  if (instance.phase !== 'active' || state.now < after(instance.defendedAt, DEFENCE_MS)) return false
  instance.defendedAt = state.now
  announce(state, instance)
  return true
}

/** Who goes on is told of once a minute, and whoever it is every few seconds at most: it must not fill logs and history. */
const TOLD_AGAIN_MS = { same: 60_000, other: 5000 } as const

export function isNewsOf(state: LeaseState, instance: GroupState, mac: string): boolean {
  const { rival } = instance
  const waitMs = rival?.mac === mac ? TOLD_AGAIN_MS.same : TOLD_AGAIN_MS.other
  if (rival && state.now < after(rival.toldAt, waitMs)) return false
  instance.rival = { mac, toldAt: state.now }
  return true
}

function announce(state: LeaseState, instance: GroupState): void {
  state.effects.push({ kind: 'announce', group: instance.group, notAfter: instance.holder.deadline })
}

/** Addresses are asked for in turn, so many at once and so often: adapters/kernel/kernel.ts, addresses.ts. */
const ASKED = { atOnce: 16, everyMs: 5000 } as const
/** Of who is asked, silent for longer than two turns is over: one lost answer is no end. It is told for some time more. */
const RIVAL = { turns: 2, slackMs: 2000, shownMs: 18_000 } as const
/** Milliseconds after which whoever was asked all the time is over, however many addresses stand here. */
function rivalGoneMs({ instances }: LeaseState): number {
  let standing = 0
  for (const { group, phase } of instances.values()) if (phase === 'active') standing += group.addresses.length
  return RIVAL.turns * Math.ceil(standing / ASKED.atOnce) * ASKED.everyMs + RIVAL.slackMs
}

/** Who is heard while this node owns the group. */
export function noteRival(state: LeaseState, instance: GroupState, { mac, where = '' }: Rival): void {
  if (instance.phase === 'active') instance.conflict = { mac, where, at: state.now }
}
type Rival = Pick<Extract<LeaseInput, { kind: 'conflict' }>, 'mac' | 'where'>

export function conflictTroubles(state: LeaseState): Trouble[] {
  const goneMs = rivalGoneMs(state)
  const shownMs = goneMs + RIVAL.shownMs
  return [...state.instances.values()].flatMap(({ group, phase, conflict }): Trouble[] => {
    if (!conflict || phase !== 'active' || state.now >= after(conflict.at, shownMs)) return []
    const { mac, where } = conflict
    const agoMs = between(conflict.at, state.now)
    const past = agoMs < goneMs ? {} : pastAfter(agoMs)
    const place = where === '' ? '' : ` (${where})`
    return [
      {
        ...{ code: 'address-conflict', severity: 'critical', object: `group ${group.name}` },
        message: `${mac} answers for an address of ${group.name}, which ${state.node} owns${place}`,
        evidence: `a frame of ${mac} (ARP, or neighbour discovery) named the address as its own within the last ${shownMs / 1000} s; ${state.node} announces it anew each time`,
        ...past,
        hint: 'find that MAC address in the table of the switch, and take the address off there (ip addr del); where it is a realserver by direct routing: sysctl net.ipv4.conf.all.arp_ignore=1',
      },
    ]
  })
}
