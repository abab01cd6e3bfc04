/**
 * Sentences of bounded length. A command that people shall run is there whole, or not at all: half of one is another one
 * (`chmod go-w /` in place of `chmod go-w /etc/lvsm/key`).
 */

/** Letters of what nodes tell each other of a trouble. */
export const OF_TROUBLE = { message: 240, hint: 400 } as const
/** Of what stands before the next step, at least so many letters. */
const LEAST_SAID = 40
/** A sentence goes on so where it says what to do. */
const ARROW = '→ '
const BEFORE_IT = /[\s;,]/

/** Where what is said ends, and where the step begins; null: there is none. A stranger's text is gone over once, however long. */
function stepIn(value: string): { readonly said: number; readonly step: number } | null {
  const arrow = value.indexOf(ARROW)
  if (arrow < 0) return null
  let said = arrow
  while (said > 0 && BEFORE_IT.test(value[said - 1] ?? '')) said -= 1
  return { said, step: arrow + ARROW.length }
}

/** Behind an arrow stands the next step: what is said before it is cut for it. */
export function cut(value: string, longest: number): string {
  if (value.length <= longest) return value
  const found = stepIn(value)
  if (!found) return ended(value, longest)
  const steps = wholeSteps(value.slice(found.said), longest - LEAST_SAID)
  const said = value.slice(0, found.said)
  return said.length + steps.length <= longest ? said + steps : ended(said, longest - steps.length) + steps
}
/** What is said, and behind the arrow what to do; null: it says nothing of that. */
export function saidAndStep(value: string): { readonly said: string; readonly step: string | null } {
  const found = stepIn(value)
  return found ? { said: value.slice(0, found.said), step: value.slice(found.step) } : { said: value, step: null }
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
