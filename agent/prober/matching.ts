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
/** Compiled; those that used their time up, of each server: until when they rest there. */
const compiled = new Map<string, RegExp>()
const resting = new Map<string, Map<string, number>>()
/** An expression that overruns with so many servers at the same time rests for all: one after the other they would take this process. */
const MOST_SERVERS = 4

/** A word about the expression, or about this machine, and none about the server. */
export const TOO_LONG =
  'the regular expression takes too long on what it answers: write a simpler one (or this machine is too busy)'

/** Null: it took too long, a little while ago or now. `server`: whose words these are; others have theirs looked at all the same. */
export function matches(
  expression: string,
  text: string,
  server: string,
  now: () => number = Date.now,
): boolean | null {
  if (rests(expression, server, now())) return null
  room.expression = compile(expression)
  room.text = text
  try {
    return question.runInContext(context, { timeout: MOST_MS }) === true
  } catch (error) {
    if (!isTimeout(error)) throw error
    rest(expression, server, now() + REST_MS)
    return null
  } finally {
    room.text = ''
  }
}

function rests(expression: string, server: string, now: number): boolean {
  const servers = resting.get(expression)
  if (!servers) return false
  for (const [name, until] of servers) if (until <= now) servers.delete(name)
  if (servers.size === 0) resting.delete(expression)
  return servers.has(server) || servers.size >= MOST_SERVERS
}
function rest(expression: string, server: string, until: number): void {
  if (resting.size >= MOST_KEPT) resting.clear()
  const servers = resting.get(expression) ?? new Map<string, number>()
  resting.set(expression, servers.set(server, until))
}

/**
 * For one answer that comes in pieces, where each piece has all of it looked at again: all looks together have the time of one. Null: it is
 * used up.
 */
export function matcherOf(
  expression: string,
  server: string,
  clock: () => number = () => performance.now(),
): (text: string) => boolean | null {
  let spentMs = 0
  return (text) => {
    if (spentMs > MOST_MS) return null
    const began = clock()
    const found = matches(expression, text, server)
    spentMs += clock() - began
    return found
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
