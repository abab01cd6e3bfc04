/**
 * Sentences of bounded length. A command that people shall run is there whole, or not at all: half of one is another one
 * (`chmod go-w /` in place of `chmod go-w /etc/lvsm/key`).
 */

/** Of what stands before the next step, at least so many letters. */
const LEAST_SAID = 40
/** A sentence goes on so where it says what to do. */
const STEP = /[\s;,]*→ /

/** Behind an arrow stands the next step: what is said before it is cut for it. */
export function cut(value: string, longest: number): string {
  if (value.length <= longest) return value
  const at = value.search(STEP)
  if (at < 0) return ended(value, longest)
  const steps = wholeSteps(value.slice(at), longest - LEAST_SAID)
  const said = value.slice(0, at)
  return said.length + steps.length <= longest ? said + steps : ended(said, longest - steps.length) + steps
}
/** What is said, and behind the arrow what to do; null: it says nothing of that. */
export function saidAndStep(value: string): { readonly said: string; readonly step: string | null } {
  const at = value.search(STEP)
  return at < 0 ? { said: value, step: null } : { said: value.slice(0, at), step: value.slice(at).replace(STEP, '') }
}
const ended = (value: string, longest: number): string => `${value.slice(0, longest - 1)}…`

const MORE = '; …'
/** As many steps from the first one on as have room; empty: not even that. */
function wholeSteps(value: string, longest: number): string {
  if (value.length <= longest) return value
  const ends = endsOf(value).filter((end) => end > 0 && end + MORE.length <= longest)
  const last = ends.at(-1)
  return last === undefined ? '' : value.slice(0, last) + MORE
}
/** Where a step ends, and another one follows: what is in parentheses or quotes belongs together. */
function endsOf(value: string): number[] {
  const ends: number[] = []
  let depth = 0
  let quote = ''
  for (const { 0: mark, index } of value.matchAll(/[()'"`]|; /g)) {
    if (quote !== '') quote = mark === quote ? '' : quote
    else if (mark === '; ') {
      if (depth === 0) ends.push(index)
    } else if (mark === '(') depth += 1
    else if (mark === ')') depth -= 1
    else if (mark !== "'" || !/\p{L}/u.test(value[index - 1] ?? '')) quote = mark
  }
  return ends
}

/** What to do, where not even the first step has room. */
const ASK_THERE = 'lvsm status on that node says it whole'
/** A next step: as many steps from the first one on as have room. */
export const cutHint = (hint: string, longest: number): string =>
  hint.length <= longest ? hint : wholeSteps(hint, longest) || ASK_THERE
