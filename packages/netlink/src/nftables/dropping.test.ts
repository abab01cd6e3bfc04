import { expect, test } from 'vitest'
import { acceptedBy, droppedBy, isBehind } from './dropping.ts'
import type { Expression } from './expression.ts'
import * as match from './match.ts'
import { accept, drop } from './types.ts'

const counted: Expression = { kind: 'counter', packets: 12, bytes: 720 }
const end = match.decide(drop)

test('address, protocol and port are named, and how much was dropped', () => {
  const expressions = [...match.destinationIs('10.11.0.10'), ...match.transportIs(6), ...match.portIs(80), counted, end]
  expect(droppedBy({ expressions })).toEqual({
    ...{ destination: '10.11.0.10', protocol: 6, port: 80, more: false, packets: 12 },
  })
})
test('what is asked for beside that is known to be there', () => {
  const expressions = [...match.interfaceIs('iifname', 'eth0'), ...match.ipv6Only, ...match.portIs(80), end]
  expect(droppedBy({ expressions })).toEqual({ port: 80, more: true, packets: null })
  expect(droppedBy({ expressions: [{ kind: 'unknown', name: 'match' }, end] })).toEqual({ more: true, packets: null })
})
test('who refuses drops too; who accepts, or goes on, does not', () => {
  expect(droppedBy({ expressions: [counted, { kind: 'unknown', name: 'reject' }] })).toEqual({
    ...{ more: false, packets: 12 },
  })
  expect(droppedBy({ expressions: [...match.portIs(80), match.decide(accept)] })).toBeNull()
  expect(droppedBy({ expressions: [counted] })).toBeNull()
})

test('is behind what accepts the same before it, and not behind what accepts something else', () => {
  const drops = { protocol: 6, port: 80, more: false, packets: 12 }
  const of = (more: object) => ({ more: true, packets: null, ...more })
  expect(isBehind(drops, of({ protocol: 6, port: 80, source: '10.0.0.2' }))).toBe(true)
  expect(isBehind(drops, of({ protocol: 6, port: 22 }))).toBe(false)
  expect(isBehind(drops, of({}))).toBe(false)
  expect(isBehind({ more: false, packets: 12 }, of({ port: 80 }))).toBe(false)
  const toVip = { ...drops, destination: '10.11.0.10' }
  const all = (more: object) => ({ more: false, packets: null, ...more })
  expect(isBehind(toVip, all({ protocol: 6, port: 80 })), 'that port is open, whatever the address').toBe(true)
  expect(isBehind(drops, of({ destination: '10.11.0.10' })), 'that address is open, on some interface').toBe(true)
  expect(isBehind(toVip, all({})), 'all is accepted').toBe(true)
  expect(isBehind(toVip, all({ protocol: 17 }))).toBe(false)
  expect(isBehind(toVip, all({ destination: '10.11.0.11' }))).toBe(false)
  expect(isBehind(toVip, all({ source: '10.0.0.2' })), 'one who may, and no other').toBe(false)
  expect(acceptedBy({ expressions: [...match.portIs(80), match.decide(accept)] })).toMatchObject({ port: 80 })
  expect(acceptedBy({ expressions: [counted] })).toBeNull()
})
