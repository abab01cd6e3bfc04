/** No name or word of ours is longer; of longer ones nobody could tell which was meant. */
const LONGEST_WORD = 40
/** More candidates than that are no help in a sentence, and cost time. */
const MOST_TIES = 3
const MOST_KNOWN = 20

/** Levenshtein distance: insertions, deletions and replacements between two words. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replace = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}

/** The known words that a mistyped one most likely meant, the nearest; none when none is near. */
export function nearest(word: string, known: readonly string[]): string[] {
  if (word.length > LONGEST_WORD) return []
  const lower = word.toLowerCase()
  let least = (word.length <= 3 ? 1 : Math.max(2, Math.floor(word.length / 3))) + 1
  let best: string[] = []
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) > least) continue
    const far = distance(lower, candidate.toLowerCase())
    if (far > least || far >= candidate.length || (far === least && best.length === 0)) continue
    best = far < least ? [candidate] : [...best, candidate]
    least = far
  }
  return best.length > MOST_TIES ? [] : best
}

const listed = (words: readonly string[]): string =>
  words.length > MOST_KNOWN
    ? `${words.slice(0, MOST_KNOWN).join(', ')} and ${words.length - MOST_KNOWN} more`
    : words.join(', ')

/** `did you mean "x"?` or the list of what is known. */
export function suggest(word: string, known: readonly string[], what: string): string {
  const near = nearest(word, known)
  if (near.length > 0) return `did you mean ${near.map((one) => `"${one}"`).join(' or ')}?`
  return known.length > 0 ? `known ${what}: ${listed(known)}` : `no ${what} defined`
}
