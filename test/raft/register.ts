/** The state machine of the simulation: one register with a revision, changed by compare-and-set. */
import type { Entry } from '@lvsm/raft'

export interface Machine {
  readonly revision: number
  /** Id of the operation that wrote it; empty: none did. */
  readonly value: string
  readonly index: number
  /** Of everything that was ever applied, in its order. */
  readonly digest: number
}
export const BLANK: Machine = { revision: 0, value: '', index: 0, digest: 0 }

export interface Result {
  readonly index: number
  /** Id of the operation; empty: none. */
  readonly operation: string
  readonly ok: boolean
  /** After it. */
  readonly revision: number
  readonly value: string
}

/** `expected` 0 fits always. */
export const commandOf = (operation: string, expected: number, padding: number): string =>
  `${operation} ${expected} ${'x'.repeat(padding)}`

export function apply(machine: Machine, entry: Entry): { machine: Machine; result: Result } {
  const text = entry.kind === 'noop' ? '' : entry.payload
  const digest = mixed(mixed(machine.digest, entry.index, entry.term), text.length, hash(text))
  const next = { ...machine, index: entry.index, digest }
  if (entry.kind !== 'command') return outcome(next, '', true)
  const [operation = '', expected = '0'] = text.split(' ')
  const fits = Number(expected) === 0 || Number(expected) === machine.revision
  if (!fits) return outcome(next, operation, false)
  return outcome({ ...next, revision: machine.revision + 1, value: operation }, operation, true)
}

const outcome = (machine: Machine, operation: string, ok: boolean): { machine: Machine; result: Result } => ({
  machine,
  result: { index: machine.index, operation, ok, revision: machine.revision, value: machine.value },
})

const mixed = (digest: number, a: number, b: number): number =>
  Math.imul(Math.imul(digest ^ a, 0x21f0aaad) ^ b, 0x735a2d97) ^ (digest >>> 15)
/** Of the first words: padding says nothing. */
function hash(text: string): number {
  let sum = 0
  for (let at = 0; at < Math.min(text.length, 24); at++) sum = Math.imul(sum, 31) + text.charCodeAt(at)
  return sum
}
