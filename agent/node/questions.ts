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
  readonly #answers = new Map<keyof ClusterAnswer, Answer>()
  #asked = 0

  /** `say`: false where nobody is connected. */
  constructor(say: (question: Question) => boolean, patienceMs = PATIENCE_MS) {
    this.#say = say
    this.#patienceMs = patienceMs
  }

  /** Null: nobody answered. */
  ask(what: keyof ClusterAnswer): Answer {
    const known = this.#answers.get(what)
    if (known) return known
    const answer = this.#ask(what)
    this.#answers.set(what, answer)
    void answer.then((told) => {
      if (told) setTimeout(() => this.#answers.delete(what), GOOD_MS).unref()
      else this.#answers.delete(what)
    })
    return answer
  }
  #ask(what: keyof ClusterAnswer): Answer {
    const id = ++this.#asked
    return new Promise((done) => {
      const timer = setTimeout(() => this.#end(id, null), this.#patienceMs)
      this.#waiting.set(id, { done, timer })
      if (!this.#say({ kind: 'question', id, what })) this.#end(id, null)
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
