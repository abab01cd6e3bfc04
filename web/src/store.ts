/** The one place where the page keeps what it knows. */
import { BEGINNING, type Happening, type Model, step } from './core/model.ts'

export class Store {
  #model: Model = BEGINNING
  readonly #followers = new Set<() => void>()

  get model(): Model {
    return this.#model
  }
  happened(happening: Happening): void {
    const before = this.#model
    this.#model = step(before, happening)
    if (this.#model !== before) for (const follower of this.#followers) follower()
  }
  /** Until the function that it returns is called. */
  follow(changed: () => void): () => void {
    this.#followers.add(changed)
    return () => void this.#followers.delete(changed)
  }
}
