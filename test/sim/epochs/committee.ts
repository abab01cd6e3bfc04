/**
 * Coordinators as the lease plane sees them: committed configurations, each with the epoch of its voters, and reports of who acts on
 * which. They are one here; what several do to each other is theirs to test (test/raft).
 */
import { type LeaseView } from '@lvsm/protocol'
import { DRIFT, quarantineMs } from '@lvsm/base'
import type { Cluster } from '../cluster.ts'
import type { Revision } from '../shape.ts'

export interface Committed extends Revision {
  readonly number: number
  readonly epoch: number
}
/** What must be, so that other voters may be committed (packages/lease/PROTOCOL.md, section 8). */
export interface CommitRules {
  /**
   * `reported`: a majority of the voters of the epoch before acts on the present one, or a later one; `waited`: the longest lease, with
   * drift, has run out since then (where nobody reported: since the present one was committed).
   */
  mayCommit(reported: boolean, waited: boolean): boolean
  /** How many voters come or go at once. */
  readonly most: number
}
export const HONEST_COMMITS: CommitRules = { mayCommit: (reported, waited) => reported && waited, most: 1 }

export class Committee {
  readonly #cluster: Cluster
  readonly #rules: CommitRules
  readonly committed: [Committed, ...Committed[]]
  readonly #reports = new Map<string, number>()
  #votersBefore: readonly string[] = []
  #committedAt = 0
  /** When a majority of the voters before had reported the present epoch; null: it has not. */
  #reportedAt: number | null = null
  /** Told of each revision. */
  readonly followers: ((committed: Committed) => void)[] = []

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.#rules = { ...HONEST_COMMITS, ...cluster.plant.commits }
    this.committed = [{ ...cluster.shape.revisions[0], number: 1, epoch: 1 }]
  }

  get newest(): Committed {
    return this.committed.at(-1) ?? this.committed[0]
  }

  /** What the lease process of a node said that it acts on. */
  reported(node: string, epoch: number): void {
    this.#reports.set(node, Math.max(epoch, this.#reports.get(node) ?? 0))
    if (this.#reportedAt === null && this.#isReported()) this.#reportedAt = this.#now
  }
  /** Another leader: it knows of no waiting that began before it. */
  newLeader(): void {
    if (this.#reportedAt !== null) this.#reportedAt = this.#now
  }

  /** Whether other voters may be committed now. */
  get mayChange(): boolean {
    if (this.newest.epoch === 1) return true
    const since = this.#reportedAt ?? this.#committedAt
    return this.#rules.mayCommit(this.#reportedAt !== null, this.#now >= since + this.#longestMs() * (1 + 2 * DRIFT))
  }
  /** Takes of the wished voters as many steps as it may, now: one. False: it may not, or nothing is left to do. */
  towards(wished: readonly string[]): boolean {
    if (!this.mayChange) return false
    let { voters } = this.newest
    for (let steps = 0; steps < this.#rules.most; steps++) voters = step(voters, wished)
    if (voters.length === this.newest.voters.length && voters.every((name) => this.newest.voters.includes(name)))
      return false
    this.#votersBefore = this.newest.voters
    this.#committedAt = this.#now
    this.#reportedAt = null
    this.#commit({ ...this.newest, voters, epoch: this.newest.epoch + 1 })
    return true
  }
  /** Everything but the voters changes. */
  configure({ groups, timing }: Revision): void {
    this.#commit({ ...this.newest, groups, timing })
  }

  #commit(next: Omit<Committed, 'number'>): void {
    const committed: Committed = { ...next, number: this.newest.number + 1 }
    this.committed.push(committed)
    this.#cluster.note(
      `revision ${committed.number} is committed: epoch ${committed.epoch}, voters ${committed.voters.join(' ')}`,
    )
    if (this.#reportedAt === null && committed.epoch > 1 && this.#isReported()) this.#reportedAt = this.#now
    for (const tell of this.followers) tell(committed)
  }

  #isReported(): boolean {
    const { epoch } = this.newest
    const acts = this.#votersBefore.filter((node) => (this.#reports.get(node) ?? 0) >= epoch)
    return acts.length > this.#votersBefore.length / 2
  }
  /** Of any configuration that there is, and so of any that a voter may still have. */
  #longestMs(): number {
    return quarantineMs(Math.max(...this.#cluster.shape.revisions.map(({ timing }) => timing.leaseMs)))
  }
  get #now(): number {
    return this.#cluster.schedule.now
  }

  viewOf(node: string, { number, epoch, voters, groups, timing }: Committed = this.newest): LeaseView {
    return {
      cluster: 'sim',
      node,
      epoch,
      revision: number,
      timing,
      nodes: this.#cluster.shape.nodes.map((name) => ({ name, links: [], voter: voters.includes(name) })),
      groups,
      keys: [],
      signWith: 1,
      followed: true,
    }
  }
}

/** One comes, or one goes. */
function step(voters: readonly string[], wished: readonly string[]): readonly string[] {
  const missing = wished.find((name) => !voters.includes(name))
  if (missing !== undefined) return [...voters, missing]
  const surplus = voters.find((name) => !wished.includes(name))
  return surplus === undefined ? voters : voters.filter((name) => name !== surplus)
}
