/** What one agent says of itself and asks, and what it is answered: a few a second, and no more than a few that it does not read. */
import { fullBucket, instant, type Rate, takeToken } from '@lvsm/base'
import type {
  AgentReport,
  ClusterAnswer,
  CoordinatorTrouble,
  CounterName,
  FeedMessage,
  FollowerMessage,
} from '@lvsm/protocol'

/** Twice what an agent sends. Many who ask do not silence what it says of itself. */
const RATES = { report: { perSecond: 4, burst: 8 }, question: { perSecond: 5, burst: 10 } } as const satisfies Readonly<
  Record<Said['kind'], Rate>
>

/** What agents say, beside what they have. */
export interface FeedHeard {
  count(counter: CounterName): void
  /** A node's agent has another heartbeat key. */
  offered(node: string, half: Extract<FollowerMessage, { kind: 'key' }>): void
  /** What a node's agent says of itself; what it is answered. `isCut`: not all of it was taken. */
  report(
    node: string,
    report: AgentReport,
  ): { readonly number: number; readonly event: number; readonly isCut: boolean }
  /** What people are to be told of the coordinators. */
  troubles(): readonly CoordinatorTrouble[]
  /** What is known of the whole cluster. */
  question(what: keyof ClusterAnswer, after: string | undefined): ClusterAnswer
}

type Said = Extract<FollowerMessage, { kind: 'report' | 'question' }>
type Question = Extract<Said, { kind: 'question' }>

export class Answers {
  readonly #node: string
  readonly #told: FeedHeard
  readonly #buckets = {
    report: fullBucket(RATES.report, instant(performance.now())),
    question: fullBucket(RATES.question, instant(performance.now())),
  }
  #reported: FeedMessage | null = null
  #questions: Question[] = []
  constructor(node: string, told: FeedHeard) {
    this.#node = node
    this.#told = told
  }

  hear(said: Said): void {
    const isTooMany = said.kind === 'question' && this.#questions.length >= RATES.question.burst
    if (isTooMany || !takeToken(this.#buckets[said.kind], RATES[said.kind], instant(performance.now())))
      return this.#told.count('drop-feed-flood')
    if (said.kind === 'question') return void this.#questions.push(said)
    const { kind: _, ...report } = said
    const { number, event, isCut } = this.#told.report(this.#node, report)
    if (isCut) this.#told.count('drop-feed-long')
    // Of several the last counts: an agent waits for each.
    this.#reported = { kind: 'reported', number, event, origins: true }
  }
  /** They are no longer here. One question is answered at a time, with what is known when the answer can leave. */
  take(): readonly FeedMessage[] {
    const taken = this.#reported ? [this.#reported] : []
    this.#reported = null
    const question = this.#questions.shift()
    return question
      ? [...taken, { kind: 'cluster', id: question.id, ...this.#told.question(question.what, question.after) }]
      : taken
  }
}
