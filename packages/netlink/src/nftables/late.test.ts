import { expect, test } from 'vitest'
import type { Expression } from './expression.ts'
import { isLate, isLateRule } from './late.ts'
import * as match from './match.ts'

const STATE: Expression = { kind: 'ct', key: 'state' }
const word = (value: number): Uint8Array => Uint8Array.of(value, 0, 0, 0)
const inState = (mask: number, op: 'eq' | 'neq' = 'neq'): Expression[] => [
  STATE,
  { kind: 'bitwise', mask: word(mask), xor: word(0) },
  { kind: 'cmp', op, data: word(0) },
]
/** As iptables has it: `-m conntrack --ctstate`. */
function tracked(states: number, inverted = 0): Expression {
  const info = new Uint8Array(160)
  info.set([1, 0, inverted, 0, states, 0], 146)
  return { kind: 'unknown', name: 'match', called: 'conntrack', info }
}

test('connections that are there already, and lo, let no client in', () => {
  expect(isLateRule(inState(2))).toBe(true)
  expect(isLateRule(inState(6))).toBe(true)
  expect(isLateRule([STATE, { kind: 'cmp', op: 'eq', data: word(2) }])).toBe(true)
  expect(isLateRule(match.interfaceIs('iifname', 'lo'))).toBe(true)
  expect(
    isLateRule([
      { kind: 'meta', key: 'iif' },
      { kind: 'cmp', op: 'eq', data: word(1) },
    ]),
  ).toBe(true)
  expect(isLateRule([...match.portIs(80), tracked(6)])).toBe(true)
  expect(isLate(STATE, word(4))).toBe(true)
  expect(isLateRule(match.interfaceIs('oifname', 'lo'))).toBe(true)
})
test('what was translated, or answered, is no first packet for a VIP either', () => {
  const inStatus = (mask: number): Expression[] => [
    { kind: 'ct', key: 'status' },
    { kind: 'bitwise', mask: word(mask), xor: word(0) },
    { kind: 'cmp', op: 'neq', data: word(0) },
  ]
  expect(isLateRule(inStatus(32)), 'dnat').toBe(true)
  expect(isLateRule(inStatus(6)), 'seen-reply, assured').toBe(true)
  expect(isLateRule(inStatus(1)), 'expected').toBe(false)
  expect(isLateRule(inStatus(40)), 'confirmed, too').toBe(false)
})
test('new ones, other interfaces, and what is not understood may', () => {
  expect(isLateRule(inState(8))).toBe(false)
  expect(isLateRule(inState(10))).toBe(false)
  expect(isLateRule(inState(6, 'eq')), 'all others').toBe(false)
  expect(isLateRule(match.interfaceIs('iifname', 'lower'))).toBe(false)
  expect(isLateRule(match.interfaceIs('oifname', 'lowest'))).toBe(false)
  expect(
    isLateRule([
      { kind: 'meta', key: 'iif' },
      { kind: 'cmp', op: 'neq', data: word(1) },
    ]),
  ).toBe(false)
  expect(isLateRule(match.portIs(80))).toBe(false)
  expect(isLateRule([tracked(14)])).toBe(false)
  expect(isLateRule([tracked(6, 1)])).toBe(false)
  expect(isLateRule([{ kind: 'unknown', name: 'match', called: 'conntrack', info: new Uint8Array(3) }])).toBe(false)
  expect(isLate(match.load.destinationPort, word(2))).toBe(false)
})
