/** A seeded stream; a core never asks the machine for randomness. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
}

/** SplitMix-style 32-bit stream (Steele, Lea, Flood 2014): small, fast, good enough for back-off and simulation. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return {
    next() {
      state = (state + 0x9e3779b9) >>> 0
      let mixed = state
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
      return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000
    },
  }
}

/** Uniform in [low, high). */
export const randomBetween = (random: Random, low: number, high: number): number => low + random.next() * (high - low)
