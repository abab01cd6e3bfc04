/** Virtual time: a heap of what happens next. Equal times keep their order, so a run is a function of its seed. */
interface Entry {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export class Schedule {
  readonly #heap: Entry[] = []
  #order = 0
  /** True time in milliseconds; no node can read it. */
  now = 0

  at(time: number, run: () => void): void {
    const entry = { at: Math.max(time, this.now), order: this.#order++, run }
    let index = this.#heap.push(entry) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = this.#heap[parent]
      if (!above || before(above, entry)) break
      this.#heap[index] = above
      index = parent
    }
    this.#heap[index] = entry
  }

  in(ms: number, run: () => void): void {
    this.at(this.now + ms, run)
  }

  runUntil(end: number): void {
    for (let next = this.#heap[0]; next && next.at <= end; next = this.#heap[0]) {
      this.#pop()
      this.now = next.at
      next.run()
    }
    this.now = end
  }

  #pop(): void {
    const last = this.#heap.pop()
    if (!last || this.#heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      const right = this.#heap[child + 1]
      let least = this.#heap[child]
      if (right && least && before(right, least)) {
        least = right
        child += 1
      }
      if (!least || before(last, least)) break
      this.#heap[index] = least
      index = child
    }
    this.#heap[index] = last
  }
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
