/** Pure: when addresses answered again after all of them had fallen silent, as `fping --loop --timestamp` tells it. */

export interface Silence {
  /** Milliseconds from the last answer of anybody to the first one after the silence. */
  readonly firstMs: number
  /** To the first answer of the address that was silent for longest. */
  readonly lastMs: number
  /** Addresses that answered before, and not after it. */
  readonly missing: number
}

interface Answer {
  readonly atMs: number
  readonly address: string
}

/** `[1700000000.12345] 10.11.4.1 : [3], 64 bytes, 0.43 ms …`; lines without an answer (`timed out`) are left out. */
function answersIn(text: string): Answer[] {
  return [...text.matchAll(/^\[(\d+\.\d+)\] ([\d.]+) +: \[\d+\], \d+ bytes/gm)].map(([, at = '', address = '']) => ({
    atMs: Number(at) * 1000,
    address,
  }))
}

/** null: nobody answered, or there was no silence longer than `leastMs`, so nothing was struck. */
export function silenceIn(text: string, leastMs: number): Silence | null {
  const answers = answersIn(text).toSorted((one, other) => one.atMs - other.atMs)
  let silent = { from: 0, length: 0 }
  for (const [at, { atMs }] of answers.entries()) {
    const length = at === 0 ? 0 : atMs - (answers[at - 1]?.atMs ?? atMs)
    if (length > silent.length) silent = { from: atMs - length, length }
  }
  if (silent.length < leastMs) return null
  const before = new Set(answers.filter(({ atMs }) => atMs <= silent.from).map(({ address }) => address))
  const again = new Map<string, number>()
  for (const { atMs, address } of answers)
    if (atMs > silent.from && before.has(address) && !again.has(address)) again.set(address, atMs - silent.from)
  return {
    firstMs: silent.length,
    lastMs: Math.max(silent.length, ...again.values()),
    missing: before.size - again.size,
  }
}
