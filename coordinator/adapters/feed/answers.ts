/** What one agent says of itself and asks, and what it is answered: a few a second, and no more than a few that it does not read. */
import { fullBucket, instant, type Rate, takeToken } from '@lvsm/base'
import type { AgentReport, ClusterAnswer, CounterName, FeedMessage, FollowerMessage } from '@lvsm/protocol'

/** Reports and questions of one agent: of reports it sends half of that. */
const REPORTS: Rate = { perSecond: 4, burst: 8 }

/** What agents say, beside what they have. */
export interface FeedHeard {
  count(counter: CounterName): void
  /** A node's agent has another heartbeat key. */
  offered(node: string, half: Extract<FollowerMessage, { kind: 'key' }>): void
  /** What a node's agent says of itself; what it is answered. Null: it is not taken. */
  report(node: string, report: AgentReport): { readonly number: number; readonly event: number } | null
  /** What is known of the whole cluster. */
  question(what: keyof ClusterAnswer): ClusterAnswer
}

type Said = Extract<FollowerMessage, { kind: 'report' | 'question' }>

export class Answers {
  readonly #node: string
  readonly #told: FeedHeard
  readonly #bucket = fullBucket(REPORTS, instant(performance.now()))
  #waiting: FeedMessage[] = []
  constructor(node: string, told: FeedHeard) {
    this.#node = node
    this.#told = told
  }

  hear(said: Said): void {
    const may = this.#waiting.length < REPORTS.burst && takeToken(this.#bucket, REPORTS, instant(performance.now()))
    if (!may) return this.#told.count('drop-feed-flood')
    if (said.kind === 'question')
      return void this.#waiting.push({ kind: 'cluster', id: said.id, ...this.#told.question(said.what) })
    const { kind: _, ...report } = said
    const answer = this.#told.report(this.#node, report)
    if (answer) this.#waiting.push({ kind: 'reported', ...answer })
    else this.#told.count('drop-feed-long')
  }
  /** They are no longer here. */
  take(): readonly FeedMessage[] {
    const taken = this.#waiting
    this.#waiting = []
    return taken
  }
}
