/** Levenshtein distance: insertions, deletions and replacements between two words. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replace = (row[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(replace, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[other.length] as number
}

/** The known word that a mistyped one most likely meant, or null when none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  let best: string | null = null
  let least = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const far = distance(word.toLowerCase(), candidate.toLowerCase())
    if (far < least && far < candidate.length) {
      least = far
      best = candidate
    }
  }
  return best
}

/** `did you mean "x"?` or the list of what is known. */
export function suggest(word: string, known: readonly string[], what: string): string {
  const near = nearest(word, known)
  if (near !== null) return `did you mean "${near}"?`
  return known.length > 0 ? `known ${what}: ${known.join(', ')}` : `no ${what} defined`
}
