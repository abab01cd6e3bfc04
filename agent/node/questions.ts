/** What an agent asks the coordinator that it follows about the whole cluster, for whoever asks the agent. */
import type { ClusterAnswer, FollowerMessage } from '@lvsm/protocol'

/** It answers from memory; one that does not in that time is of no use now. Milliseconds. */
const PATIENCE_MS = 350
/** An answer is good for so long, for whoever asks the same: coordinators hear few questions of one node. Milliseconds. */
const GOOD_MS = 400

type Question = Extract<FollowerMessage, { kind: 'question' }>
type Answer = Promise<ClusterAnswer | null>
interface Waiting {
  readonly done: (answer: ClusterAnswer | null) => void
  readonly timer: NodeJS.Timeout
}

export class Questions {
  readonly #say: (question: Question) => boolean
  readonly #patienceMs: number
  readonly #waiting = new Map<number, Waiting>()
  /** By what was asked. */
  readonly #answers = new Map<string, Answer>()
  #asked = 0

  /** `say`: false where nobody is connected. */
  constructor(say: (question: Question) => boolean, patienceMs = PATIENCE_MS) {
    this.#say = say
    this.#patienceMs = patienceMs
  }

  /** Null: nobody answered. `after`: of events, those since that cursor. */
  ask(what: keyof ClusterAnswer, after?: string): Answer {
    const key = `${what} ${after ?? ''}`
    const known = this.#answers.get(key)
    if (known) return known
    const answer = this.#ask(what, after)
    this.#answers.set(key, answer)
    void answer.then((told) => {
      if (told) setTimeout(() => this.#answers.delete(key), GOOD_MS).unref()
      else this.#answers.delete(key)
    })
    return answer
  }
  #ask(what: keyof ClusterAnswer, after: string | undefined): Answer {
    const id = ++this.#asked
    return new Promise((done) => {
      const timer = setTimeout(() => this.#end(id, null), this.#patienceMs)
      this.#waiting.set(id, { done, timer })
      if (!this.#say({ kind: 'question', id, what, ...(after === undefined ? {} : { after }) })) this.#end(id, null)
    })
  }
  /** One that nobody waits for is late. */
  answered({ id, ...answer }: ClusterAnswer & { readonly id: number }): void {
    this.#end(id, answer)
  }
  /** The connection has ended. */
  closed(): void {
    for (const id of this.#waiting.keys()) this.#end(id, null)
  }

  #end(id: number, answer: ClusterAnswer | null): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    clearTimeout(waiting?.timer)
    waiting?.done(answer)
  }
}
