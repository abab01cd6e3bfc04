/**
 * Expressions come from operators and texts from strangers: together they can take for ever. V8 looks for an end of its time
 * whenever an expression goes back, so each has a little, and one that used it up is left alone for a while.
 */
import { createContext, Script } from 'node:vm'

/** For all other checks that wait meanwhile. */
const MOST_MS = 100
const REST_MS = 10_000
const MOST_KEPT = 1024

const question = new Script('expression.test(text)')
const room: { expression: RegExp; text: string } = { expression: /^/, text: '' }
const context = createContext(room)
/** Compiled; those that used their time up: until when they rest. */
const compiled = new Map<string, RegExp>()
const resting = new Map<string, number>()

/** A word about the expression, or about this machine, and none about the server. */
export const TOO_LONG =
  'the regular expression takes too long on what it answers: write a simpler one (or this machine is too busy)'

/** Null: it took too long. */
export function matches(expression: string, text: string, now: () => number = Date.now): boolean | null {
  const rest = resting.get(expression)
  if (rest !== undefined && now() < rest) return null
  resting.delete(expression)
  room.expression = compile(expression)
  room.text = text
  try {
    return question.runInContext(context, { timeout: MOST_MS }) === true
  } catch (error) {
    if (!isTimeout(error)) throw error
    if (resting.size >= MOST_KEPT) resting.clear()
    resting.set(expression, now() + REST_MS)
    return null
  } finally {
    room.text = ''
  }
}

/** It is made in that room, and no `Error` of this one. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'

function compile(expression: string): RegExp {
  const known = compiled.get(expression)
  if (known) return known
  if (compiled.size >= MOST_KEPT) compiled.clear()
  const made = new RegExp(expression)
  compiled.set(expression, made)
  return made
}
