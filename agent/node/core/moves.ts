/** Planned switchovers of groups that this node owns: quiet, prepare the successor, then the lease process hands over. */
import { after, between, type Instant } from '@lvsm/base'
import { type ConfigGroup, type SwitchoverReport, suggest } from '@lvsm/model'
import { destKey, serviceKey } from '@lvsm/plan'
import type { Desk, Done } from './desk.ts'
import type { OwnershipEvent } from './ownership.ts'
import { refused } from './words.ts'

/** Longest wait for NAT connections to end. */
const QUIET_MS = 2000
/** And for the successor to be prepared: without it, requests under way are broken off. */
const PREPARE_MS = 5000
/** The kernel counts a connection as active only once it is established: quiet must last a little to be true. */
const QUIET_FOR_MS = 200
const REPEAT_MS = 250
/** Beyond one lease term, the longest wait for the new owner to be known here. */
const HANDOVER_MS = 5000
/** How often a running move looks around. */
const PACE_MS = 50

interface Move {
  readonly group: string
  readonly to: string
  readonly number: number
  readonly id: string
  readonly began: Instant
  readonly reason: string
  readonly done: Done
  prepared: boolean
  /** Since when no NAT connection is active; null while one is. */
  quietSince: Instant | null
  preparedAskedAt: Instant | null
  askedAt: Instant | null
}
export interface Moves {
  begin(group: string, to: string | undefined, reason: string, done: Done, now: Instant): void
  step(now: Instant): void
  prepared(id: string): void
  event(event: OwnershipEvent, now: Instant): void
  quiescing(): ReadonlySet<string>
  /** Does a move wait for NAT connections to end? */
  draining(): boolean
  nextAt(now: Instant): Instant | null
}

export function createMoves(desk: Desk): Moves {
  const moves = new Map<string, Move>()
  let count = 0
  const end = (move: Move, status: number, body: unknown): void => {
    moves.delete(move.group)
    move.done(status, body)
  }
  const owned = (group: string) => desk.status()?.groups.find((entry) => entry.name === group)

  const hasNat = (group: string): boolean =>
    desk.config.services.some(
      (service) => service.group === group && service.realservers.some((entry) => entry.forward === 'nat'),
    )

  function drained(group: string): boolean {
    const tables = desk.reconciler.observed()?.services ?? []
    return desk.config.services
      .filter((service) => service.group === group)
      .every((service) => {
        const nat = new Set(service.realservers.filter((entry) => entry.forward === 'nat').map(destKey))
        const dests = tables.find((entry) => serviceKey(entry) === serviceKey(service))?.dests ?? []
        // Where NAT realservers serve alone they are not quieted, and there is nothing to wait for.
        return (
          dests.filter((dest) => nat.has(destKey(dest)) && dest.weight === 0).every((dest) => dest.active === 0) &&
          !desk.reconciler.pending().some((operation) => operation.kind === 'dest-edit')
        )
      })
  }

  function advance(move: Move, now: Instant): void {
    if (move.askedAt !== null) return follow(move, now, move.askedAt)
    const waited = between(move.began, now)
    const due = move.preparedAskedAt === null || between(move.preparedAskedAt, now) >= REPEAT_MS
    if (!move.prepared && due) {
      move.preparedAskedAt = now
      desk.emit({ kind: 'word', to: move.to, text: JSON.stringify({ w: 'prepare', id: move.id, group: move.group }) })
    }
    // One look with the NAT destinations at weight 0 must have happened before anything is known about them.
    if (waited < 2 * PACE_MS || !drained(move.group)) move.quietSince = null
    else move.quietSince ??= now
    const calm = !hasNat(move.group) || (move.quietSince !== null && between(move.quietSince, now) >= QUIET_FOR_MS)
    const quiet = calm || waited >= QUIET_MS
    if (!quiet || (!move.prepared && waited < PREPARE_MS)) return
    move.askedAt = now
    desk.emit({ kind: 'switchover', group: move.group, to: move.to, reason: move.reason })
  }

  function follow(move: Move, now: Instant, askedAt: Instant): void {
    const group = owned(move.group)
    const { owner = null, number = 0 } = group ?? {}
    if (owner !== null && owner !== desk.config.node && number > move.number) {
      const report: SwitchoverReport = {
        group: move.group,
        from: desk.config.node,
        to: owner,
        number,
        tookMs: Math.round(between(move.began, now)),
      }
      return end(move, 200, report)
    }
    if (between(askedAt, now) < desk.config.timing.termMs + HANDOVER_MS) return
    end(
      move,
      504,
      refused(
        'no-answer',
        `group ${move.group} did not move within ${desk.config.timing.termMs + HANDOVER_MS} ms: ${group?.reason ?? 'the lease process does not answer'}`,
        'see lvsm status and lvsm events',
      ),
    )
  }

  return {
    begin(name, to, reason, done, now) {
      const group = desk.config.groups.find((entry) => entry.name === name)
      const known = owned(name)
      if (!group)
        return done(
          404,
          refused(
            'unknown-group',
            `there is no group "${name}"`,
            suggest(
              name,
              desk.config.groups.map((entry) => entry.name),
              'groups',
            ),
          ),
        )
      if (known?.role !== 'owner')
        return done(
          409,
          refused(
            'not-owner',
            `${desk.config.node} does not own ${name}: ${known?.reason ?? 'its lease process does not answer'}`,
            'see lvsm status',
          ),
        )
      if (moves.has(name)) return done(409, refused('moving', `group ${name} is being moved already`, 'wait for it'))
      const chosen = chooseSuccessor(desk, group, to, now)
      if ('refusals' in chosen) return done(409, chosen)
      const id = `${desk.boot}-move-${++count}`
      moves.set(name, {
        group: name,
        to: chosen.to,
        number: known.number,
        id,
        began: now,
        reason,
        done,
        prepared: false,
        quietSince: null,
        preparedAskedAt: null,
        askedAt: null,
      })
    },
    step(now) {
      for (const move of moves.values()) advance(move, now)
    },
    prepared(id) {
      for (const move of moves.values()) if (move.id === id) move.prepared = true
    },
    event(event, now) {
      const move = moves.get(event.group)
      if (move && move.askedAt !== null && event.kind === 'refused')
        end(move, 409, refused('refused', event.reason, 'the group stays where it is'))
      else if (move) advance(move, now)
    },
    quiescing: () => new Set(moves.keys()),
    draining: () => [...moves.values()].some((move) => move.askedAt === null && hasNat(move.group)),
    nextAt: (now) => (moves.size > 0 ? after(now, PACE_MS) : null),
  }
}

/** The director asked for, or the first of the group's preference order that could take it now. */
function chooseSuccessor(
  desk: Desk,
  group: ConfigGroup,
  to: string | undefined,
  now: Instant,
): { readonly to: string } | ReturnType<typeof refused> {
  const { node } = desk.config
  const others = group.directors.filter((name) => name !== node)
  if (to === node)
    return refused(
      'is-owner',
      `${node} owns ${group.name} already`,
      others.length > 0 ? `other directors: ${others.join(', ')}` : 'the group has no other director',
    )
  if (to !== undefined && !others.includes(to))
    return refused('not-a-director', `"${to}" is no director of group ${group.name}`, suggest(to, others, 'directors'))
  const faults = new Map((to === undefined ? others : [to]).map((name) => [name, unable(desk, group.name, name, now)]))
  const able = [...faults].find(([, fault]) => fault === null)
  if (able) return { to: able[0] }
  const why = [...faults].map(([name, fault]) => `${name}: ${fault}`).join('; ')
  return refused(
    'no-successor',
    faults.size > 0 ? `no director can take ${group.name} now (${why})` : `group ${group.name} has no other director`,
    'bring one up first; see lvsm status',
  )
}

function unable(desk: Desk, group: string, name: string, now: Instant): string | null {
  const peer = desk.status()?.peers.find((entry) => entry.name === name)
  if (!peer || peer.life !== 'alive') return peer ? `it is ${peer.life}` : 'never heard'
  if (peer.standby) return 'it is on standby'
  if (!desk.peers.stateOf(name, now)) return 'its agent is silent'
  const why = desk.peers.readyOf(name, group, now)
  return why === '' ? null : (why ?? 'it did not say whether it could take the group')
}
