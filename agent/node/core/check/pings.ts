/**
 * Ping nodes: hosts that an owner must be able to reach. Every director of a group asks them each second, all at once and
 * under one number, and the directors compare how many answer.
 *
 * Laws: a node that answered counts as reached until LOST_AFTER requests in a row were not answered; one that never did is
 * not reached, so that a director that has just started claims nothing; an answer counts once, and only while it is not
 * older than that; what cannot be sent is not answered. A request counts as unanswered a whole interval after it was sent, when
 * the next one is sent, and what arrived until then was heard. A process that stood still counts nothing as unanswered: a group
 * does not move for that.
 */
import { after, between, type Instant, type Trouble, listed } from '@lvsm/base'
import type { ConfigGroup } from '@lvsm/model'
import { sourceOf } from '../observe/interfaces.ts'
import type { NodeState } from '../state.ts'

export const PING_EVERY_MS = 1000
export const LOST_AFTER = 3
/** Who is later than this for the next request cannot say that the last one was not answered. */
const MOST_LATE_MS = PING_EVERY_MS / 2

interface PingNode {
  readonly address: string
  groups: readonly string[]
  /** The last request before the first to this node: the configuration may name it at any time. */
  readonly before: number
  /** The last request that was answered; 0: none. */
  answered: number
  /** Requests in a row, up to the last one that had its time, that were not answered while this process was in time. */
  missed: number
  /** Why the last one could not be sent; empty: it could. */
  error: string
  /** Null until it has answered, or has had the time for it. */
  reached: boolean | null
}
export interface Unsent {
  readonly address: string
  readonly error: string
}
export interface PingVerdict {
  readonly address: string
  readonly reached: boolean
  readonly reason: string
}
export interface Pings {
  readonly nodes: Map<string, PingNode>
  /** Number of the last request. */
  round: number
  /** Number of the last one that had its time. */
  ended: number
  /** Of the last request that went out too late to say that the one before was not answered. */
  lateRound: number
  dueAt: Instant
  /** What changed and was not taken yet. */
  verdicts: PingVerdict[]
}

export const newPings = (startedAt: Instant): Pings => ({
  nodes: new Map(),
  round: 0,
  ended: 0,
  lateRound: 0,
  dueAt: startedAt,
  verdicts: [],
})

/** The ping nodes of these groups and no others; what is known of those that stay is kept. */
export function setPingNodes(pings: Pings, groups: readonly ConfigGroup[]): void {
  const wanted = new Map<string, string[]>()
  for (const { name, ping } of groups)
    for (const address of ping) wanted.set(address, [...(wanted.get(address) ?? []), name])
  for (const address of pings.nodes.keys()) if (!wanted.has(address)) pings.nodes.delete(address)
  for (const [address, names] of wanted) {
    const known = pings.nodes.get(address)
    if (known) known.groups = names
    else
      pings.nodes.set(address, {
        address,
        groups: names,
        before: pings.round,
        answered: 0,
        missed: 0,
        error: '',
        reached: null,
      })
  }
}

/** Whom to ask now, and under which number; null when it is not time. */
export function takeDuePings(
  pings: Pings,
  now: Instant,
): { readonly round: number; readonly addresses: readonly string[] } | null {
  if (pings.nodes.size === 0 || now < pings.dueAt) return null
  const isLate = between(pings.dueAt, now) > MOST_LATE_MS
  pings.dueAt = after(now, PING_EVERY_MS)
  pings.round += 1
  if (isLate) pings.lateRound = pings.round
  return { round: pings.round, addresses: [...pings.nodes.keys()] }
}
export const nextPingAt = ({ nodes, dueAt }: Pings): Instant | null => (nodes.size === 0 ? null : dueAt)

export function pingAnswered(pings: Pings, address: string, round: number): void {
  const node = pings.nodes.get(address)
  if (!node || round > pings.round || round <= node.before) return
  if (round <= node.answered || pings.ended - round >= LOST_AFTER - 1) return
  node.answered = round
  node.missed = Math.min(node.missed, Math.max(0, pings.ended - round))
  node.error = ''
  judge(pings, node)
}
/**
 * The requests of this round were sent, all but these, and what had arrived before was heard: the time of the round before is over.
 * That of a round that nobody heard to be sent is no round.
 */
export function pingsSent(pings: Pings, round: number, unsent: readonly Unsent[], now: Instant): void {
  if (round <= pings.ended + 1 && pings.ended > 0) return
  // Where this word waited, another round may be under way, and what is heard of it waits as well.
  const isCounted = round === pings.round && round === pings.ended + 2 && round !== pings.lateRound
  pings.dueAt = after(now, PING_EVERY_MS)
  pings.ended = round - 1
  for (const node of pings.nodes.values()) {
    node.error = unsent.find(({ address }) => address === node.address)?.error ?? ''
    if (isCounted && Math.max(node.answered, node.before) < pings.ended) node.missed += 1
    judge(pings, node)
  }
}

/** What changed since it was taken last. */
export const takePingVerdicts = (pings: Pings): readonly PingVerdict[] => pings.verdicts.splice(0)

/** By address; null: not known yet. */
export const reachedPings = ({ nodes }: Pings): Readonly<Record<string, boolean | null>> =>
  Object.fromEntries([...nodes.values()].map(({ address, reached }) => [address, reached]))

/** How many of the group's. */
export const reachesOf = ({ nodes }: Pings, group: string): number =>
  [...nodes.values()].filter(({ groups, reached }) => reached === true && groups.includes(group)).length

export const pingTroubles = ({ nodes }: Pings): Trouble[] =>
  [...nodes.values()]
    .filter(({ reached }) => reached === false)
    .map((node) => ({
      code: 'ping-unreached',
      severity: 'warning',
      message: `ping node ${node.address} of ${listOf(node.groups)} is not reached: ${reasonOf(node)}`,
      hint: `look at the way there: ip route get ${node.address}, the cable, the switch port and its VLAN; does it answer others (ping ${node.address})? A ready director that reaches more takes the group over`,
    }))

/** Sends the pings that are due; before the first look it is not known from which address to ask. */
export function pingIfDue(state: NodeState): void {
  if (!state.kernel.observed) return
  const asked = takeDuePings(state.pings, state.now)
  if (!asked) return
  const targets = asked.addresses.map((address) => ({ address, source: sourceOf(state, address) }))
  state.effects.push({ kind: 'ping', round: asked.round, targets })
}
export const nextPing = ({ kernel, pings }: NodeState): Instant | null => (kernel.observed ? nextPingAt(pings) : null)

function judge(pings: Pings, node: PingNode): void {
  const before = node.reached
  if (node.missed >= LOST_AFTER) node.reached = false
  else if (node.answered > 0) node.reached = true
  if (node.reached === null || node.reached === before || (before === null && node.reached)) return
  pings.verdicts.push({ address: node.address, reached: node.reached, reason: reasonOf(node) })
}

const reasonOf = ({ reached, error }: PingNode): string =>
  reached ? 'it answers' : error === '' ? `${LOST_AFTER} requests in a row were not answered` : error

const NAMED = 3
const listOf = (groups: readonly string[]): string =>
  `${groups.length === 1 ? 'group' : 'groups'} ${listed(groups, NAMED)}`
