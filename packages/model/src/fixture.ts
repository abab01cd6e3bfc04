/** For this room's tests: the sample with something changed in it, and what is said about it. */
import { checkConfig } from './check.ts'
import { SAMPLE } from './sample.ts'

export type Edit = readonly [from: string | RegExp, to: string]

export function edited(...edits: readonly Edit[]): string {
  let text = SAMPLE
  for (const [from, to] of edits) {
    const next = text.replace(from, to)
    if (next === text) throw new Error(`the sample has no ${String(from)}`)
    text = next
  }
  return text
}

/** The refusals of a file, as `line:column code message → hint`. */
export const refusalsOf = (text: string): string[] =>
  (checkConfig(text).refusals ?? []).map(
    ({ line, column, code, message, hint }) => `${line}:${column} ${code} ${message} → ${hint}`,
  )

/** The warnings of a file without faults; it throws where there are some. */
export function warningsOf(text: string) {
  const { config, warnings = [], refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return warnings
}
