/** What an agent asks the coordinator that it follows about the whole cluster, for whoever asks the agent. */
import type { ClusterAnswer, FollowerMessage } from '@lvsm/protocol'

/** It answers from memory; one that does not in that time is of no use now. Milliseconds. */
const PATIENCE_MS = 350

type Question = Extract<FollowerMessage, { kind: 'question' }>
interface Waiting {
  readonly done: (answer: ClusterAnswer | null) => void
  readonly timer: NodeJS.Timeout
}

export class Questions {
  readonly #say: (question: Question) => void
  readonly #patienceMs: number
  readonly #waiting = new Map<number, Waiting>()
  #asked = 0

  /** `say`: where nobody is connected it is lost. */
  constructor(say: (question: Question) => void, patienceMs = PATIENCE_MS) {
    this.#say = say
    this.#patienceMs = patienceMs
  }

  /** Null: nobody answered. */
  ask(what: keyof ClusterAnswer): Promise<ClusterAnswer | null> {
    const id = ++this.#asked
    return new Promise((done) => {
      const timer = setTimeout(() => this.#end(id, null), this.#patienceMs)
      this.#waiting.set(id, { done, timer })
      this.#say({ kind: 'question', id, what })
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
