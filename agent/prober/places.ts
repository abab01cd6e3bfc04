/** So many at once, of everybody together and of each alone; whoever has no place waits, and the next one is of who has the fewest. */

export interface Place {
  /** It has not begun yet. */
  readonly waits: () => boolean
  /** It is over, or it waits no longer. */
  readonly leave: () => void
}
interface Waiting {
  readonly owner: string
  readonly begin: () => void
}
interface Limits {
  readonly most: number
  /** Of one: where each has less than all, nobody alone keeps the others out. */
  readonly mostOfOne: number
  readonly mostWaiting: number
}

export class Places {
  readonly #limits: Limits
  readonly #held = new Map<string, number>()
  readonly #waiting = new Set<Waiting>()
  #taken = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Begins at once, or when it is its turn; null: too many wait already. */
  take(owner: string, begin: () => void): Place | null {
    const one: Waiting = { owner, begin }
    if (!this.#isFree(owner) && this.#waiting.size >= this.#limits.mostWaiting) return null
    this.#waiting.add(one)
    let over = false
    this.#fill()
    return {
      waits: () => this.#waiting.has(one),
      leave: () => {
        if (over) return
        over = true
        if (this.#waiting.delete(one)) return
        this.#taken -= 1
        const held = this.#heldBy(owner) - 1
        if (held > 0) this.#held.set(owner, held)
        else this.#held.delete(owner)
        this.#fill()
      },
    }
  }

  #heldBy(owner: string): number {
    return this.#held.get(owner) ?? 0
  }
  #isFree(owner: string): boolean {
    return this.#taken < this.#limits.most && this.#heldBy(owner) < this.#limits.mostOfOne
  }
  #fill(): void {
    for (let next = this.#next(); next; next = this.#next()) {
      this.#waiting.delete(next)
      this.#taken += 1
      this.#held.set(next.owner, this.#heldBy(next.owner) + 1)
      next.begin()
    }
  }
  /** Of those that may begin, the first of who has the fewest. */
  #next(): Waiting | undefined {
    let found: Waiting | undefined
    for (const one of this.#waiting)
      if (this.#isFree(one.owner) && (!found || this.#heldBy(one.owner) < this.#heldBy(found.owner))) found = one
    return found
  }
}
