/**
 * Ping nodes: hosts that an owner must be able to reach. Every director of a group asks them each second, all at once and
 * under one number, and the directors compare how many answer.
 *
 * Laws: a node that answered counts as reached until LOST_AFTER requests in a row were not answered; one that never did is
 * not reached, so that a director that has just started claims nothing; an answer counts once, and only while it is not
 * older than that; what cannot be sent is not answered.
 */
import { after, type Instant, type Trouble } from '@lvsm/base'
import type { ConfigGroup } from '@lvsm/model'

export const PING_EVERY_MS = 1000
export const LOST_AFTER = 3

interface PingNode {
  readonly address: string
  readonly groups: string[]
  /** The last request that was answered; 0: none. */
  answered: number
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

export class Pings {
  readonly #nodes = new Map<string, PingNode>()
  /** Number of the last request; those before it have had their time. */
  #round = 0
  #dueAt: Instant
  #verdicts: PingVerdict[] = []

  constructor(groups: readonly ConfigGroup[], startedAt: Instant) {
    this.#dueAt = startedAt
    for (const { name, ping } of groups) for (const address of ping) this.#nodeOf(address).groups.push(name)
  }

  /** Whom to ask now, and under which number; null when it is not time. */
  due(now: Instant): { readonly round: number; readonly addresses: readonly string[] } | null {
    if (this.#nodes.size === 0 || now < this.#dueAt) return null
    const next = after(this.#dueAt, PING_EVERY_MS)
    // After a stall of this process no request is made up for: each has its time.
    this.#dueAt = next > now ? next : after(now, PING_EVERY_MS)
    this.#round += 1
    for (const node of this.#nodes.values()) this.#judge(node)
    return { round: this.#round, addresses: [...this.#nodes.keys()] }
  }
  nextAt(): Instant | null {
    return this.#nodes.size === 0 ? null : this.#dueAt
  }

  answered(address: string, round: number): void {
    const node = this.#nodes.get(address)
    if (!node || round > this.#round || round <= node.answered || this.#round - round >= LOST_AFTER) return
    node.answered = round
    node.error = ''
    this.#judge(node)
  }
  /** The requests were sent, all but these. */
  sent(unsent: readonly Unsent[]): void {
    for (const node of this.#nodes.values())
      node.error = unsent.find(({ address }) => address === node.address)?.error ?? ''
  }

  /** What changed since the last look. */
  takeVerdicts(): readonly PingVerdict[] {
    return this.#verdicts.splice(0)
  }
  /** By address; null: not known yet. */
  reached(): Readonly<Record<string, boolean | null>> {
    return Object.fromEntries([...this.#nodes.values()].map(({ address, reached }) => [address, reached]))
  }
  /** How many of the group's. */
  reaches(group: string): number {
    return [...this.#nodes.values()].filter(({ groups, reached }) => reached === true && groups.includes(group)).length
  }

  troubles(): Trouble[] {
    return [...this.#nodes.values()]
      .filter(({ reached }) => reached === false)
      .map((node) => ({
        code: 'ping-unreached',
        severity: 'warning',
        message: `ping node ${node.address} of ${listOf(node.groups)} is not reached: ${reasonOf(node)}`,
        hint: `look at the way there: ip route get ${node.address}, the cable, the switch port and its VLAN; does it answer others (ping ${node.address})? A ready director that reaches more takes the group over`,
      }))
  }

  #nodeOf(address: string): PingNode {
    const known = this.#nodes.get(address)
    if (known) return known
    const node: PingNode = { address, groups: [], answered: 0, error: '', reached: null }
    this.#nodes.set(address, node)
    return node
  }

  #judge(node: PingNode): void {
    const missing = Math.max(0, this.#round - 1 - node.answered)
    const before = node.reached
    if (missing >= LOST_AFTER) node.reached = false
    else if (node.answered > 0) node.reached = true
    if (node.reached === null || node.reached === before || (before === null && node.reached)) return
    this.#verdicts.push({ address: node.address, reached: node.reached, reason: reasonOf(node) })
  }
}

const reasonOf = ({ reached, error }: PingNode): string =>
  reached ? 'it answers' : error === '' ? `${LOST_AFTER} requests in a row were not answered` : error

const NAMED = 3
const listOf = (groups: readonly string[]): string =>
  `${groups.length === 1 ? 'group' : 'groups'} ${groups.slice(0, NAMED).join(', ')}${groups.length > NAMED ? ` and ${groups.length - NAMED} more` : ''}`
