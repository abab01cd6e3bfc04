/** What the kernel itself says when it changes is read again only then: a look each second costs little. */

/** In case that a word of the kernel got lost. */
const LONGEST_MS = 5000

export interface Remembered<Value> {
  get(): Value
  /** Without a reading; undefined when there is nothing. */
  known(): Value | undefined
  forget(): void
}

/** `clock` in milliseconds. A `read` that throws leaves nothing behind. What the kernel says nothing of is read anew after `longestMs`. */
export function remembered<Value>(read: () => Value, clock: () => number, longestMs = LONGEST_MS): Remembered<Value> {
  let known: { readonly value: Value; readonly at: number } | null = null
  return {
    get() {
      if (known && clock() - known.at < longestMs) return known.value
      known = null
      const at = clock()
      known = { value: read(), at }
      return known.value
    },
    known: () => known?.value,
    forget() {
      known = null
    },
  }
}
