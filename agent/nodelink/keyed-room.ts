/** Places of which nobody may take more than his share, by whatever he is known by. */

/** Of all together, and of one. */
export type Places = readonly [all: number, one: number]

export class KeyedRoom {
  readonly #places: Places
  readonly #taken = new Map<string, number>()
  #all = 0

  constructor(places: Places) {
    this.#places = places
  }

  /** False: there is no place. */
  enter(key: string): boolean {
    const [all, one] = this.#places
    const own = this.#taken.get(key) ?? 0
    if (this.#all >= all || own >= one) return false
    this.#all += 1
    this.#taken.set(key, own + 1)
    return true
  }
  /** Once for each that entered. */
  leave(key: string): void {
    const own = this.#taken.get(key) ?? 0
    if (own === 0) return
    this.#all -= 1
    if (own === 1) this.#taken.delete(key)
    else this.#taken.set(key, own - 1)
  }
}
