import { expect, test } from 'vitest'
import { acceptedBy, droppedBy, isBehind } from './dropping.ts'
import type { Expression } from './expression.ts'
import * as match from './match.ts'
import { accept, drop } from './types.ts'
import { together } from './ways.ts'

const counted: Expression = { kind: 'counter', packets: 12, bytes: 720 }
const end = match.decide(drop)

test('address, protocol and port are named, and how much was dropped', () => {
  const expressions = [...match.destinationIs('10.11.0.10'), ...match.transportIs(6), ...match.portIs(80), counted, end]
  expect(droppedBy({ expressions })).toEqual({
    ...{ destination: '10.11.0.10', protocol: 6, port: 80, more: false, packets: 12 },
  })
})
const payload = (offset: number, length: number): Expression => ({ kind: 'payload', base: 'network', offset, length })
const is = (...data: number[]): Expression => ({ kind: 'cmp', op: 'eq', data: Uint8Array.from(data) })
const under = (mask: number[], xor = mask.map(() => 0)): Expression => ({
  ...{ kind: 'bitwise', mask: Uint8Array.from(mask), xor: Uint8Array.from(xor) },
})
test.each<[string, Expression[], object]>([
  ['of whole bytes', [payload(12, 3), is(10, 12, 0)], { source: '10.12.0.0/24' }],
  ['of whole bytes, where it goes', [payload(16, 1), is(10)], { destination: '10.0.0.0/8' }],
  ['under a mask', [payload(12, 4), under([255, 255, 240, 0]), is(10, 12, 16, 0)], { source: '10.12.16.0/20' }],
  [
    'under the mask of an address',
    [payload(16, 4), under([255, 255, 255, 255]), is(10, 0, 0, 1)],
    { destination: '10.0.0.1' },
  ],
  ['of IPv6', [payload(24, 4), is(0x20, 0x01, 0x0d, 0xb8)], { destination: '2001:db8::/32' }],
  ['under a mask that has holes', [payload(12, 4), under([255, 0, 255, 0]), is(10, 0, 1, 0)], { more: true }],
  [
    'under one that changes bits',
    [payload(12, 4), under([255, 255, 0, 0], [0, 0, 0, 1]), is(10, 12, 0, 1)],
    { more: true },
  ],
  ['the time to live, which is none', [payload(8, 1), is(5)], { more: true }],
])('a network is named: %s', (_, expressions, found) => {
  expect(droppedBy({ expressions: [...expressions, end] })).toEqual({ more: false, packets: null, ...found })
})
test('two things that are asked for one after the other: of two networks the smaller one, or nothing', () => {
  const all = (more: object) => ({ more: false, packets: null, ...more })
  const [wide, narrow] = [all({ source: '10.0.0.0/8' }), all({ source: '10.12.0.1', port: 80 })]
  for (const [one, other] of [
    [wide, narrow],
    [narrow, wide],
  ] as const)
    expect(together(one, other)).toMatchObject({ source: '10.12.0.1', port: 80 })
  expect(together(wide, all({ source: '192.0.2.0/24' }))).toBeNull()
  expect(together(all({ port: 80 }), all({ port: 81 }))).toBeNull()
})
test('what is asked for beside that is known to be there', () => {
  const expressions = [...match.interfaceIs('iifname', 'eth0'), ...match.ipv6Only, ...match.portIs(80), end]
  expect(droppedBy({ expressions })).toEqual({ port: 80, only: 'ip6', more: true, packets: null })
  expect(droppedBy({ expressions: [{ kind: 'unknown', name: 'match' }, end] })).toEqual({ more: true, packets: null })
})
test('who refuses drops too; who accepts, or goes on, does not', () => {
  expect(droppedBy({ expressions: [counted, { kind: 'unknown', name: 'reject' }] })).toEqual({
    ...{ more: false, packets: 12 },
  })
  expect(droppedBy({ expressions: [...match.portIs(80), match.decide(accept)] })).toBeNull()
  expect(droppedBy({ expressions: [counted] })).toBeNull()
})

test('who writes it down, or counts it by name, asks for nothing; who refuses by iptables refuses', () => {
  const unknown = (name: string, called?: string): Expression => ({
    ...{ kind: 'unknown', name },
    ...(called === undefined ? {} : { called }),
  })
  const web = match.portIs(80)
  for (const one of [unknown('log'), unknown('objref', 'counter'), unknown('match', 'comment')])
    expect(droppedBy({ expressions: [...web, one, end] })).toEqual({ port: 80, more: false, packets: null })
  expect(droppedBy({ expressions: [...web, unknown('objref', 'other'), end] })).toMatchObject({ more: true })
  expect(droppedBy({ expressions: [...web, unknown('match', 'limit'), end] })).toMatchObject({ more: true })
  expect(droppedBy({ expressions: [...web, unknown('target', 'REJECT')] })).toMatchObject({ port: 80, more: false })
  expect(droppedBy({ expressions: [...web, unknown('target', 'LOG')] })).toBeNull()
})

test('is behind what accepts the same before it, and not behind what accepts something else', () => {
  const drops = { protocol: 6, port: 80, more: false, packets: 12 }
  const of = (more: object) => ({ more: true, packets: null, ...more })
  const all = (more: object) => ({ more: false, packets: null, ...more })
  expect(isBehind(drops, of({ protocol: 6, port: 80, source: '10.0.0.2' }))).toBe(true)
  expect(isBehind(drops, of({ protocol: 6, port: 22 }))).toBe(false)
  expect(isBehind(drops, of({})), 'an interface, a mark: whoever that lets in').toBe(true)
  expect(isBehind(drops, of({ source: '10.0.0.2' })), 'one who may').toBe(false)
  expect(isBehind({ ...all({}), destination: '10.11.0.10' }, of({ protocol: 1 })), 'pings').toBe(false)
  expect(isBehind({ more: false, packets: 12 }, of({ port: 80 }))).toBe(false)
  const toVip = { ...drops, destination: '10.11.0.10' }
  expect(isBehind(toVip, all({ protocol: 6, port: 80 })), 'that port is open, whatever the address').toBe(true)
  expect(isBehind(drops, of({ destination: '10.11.0.10' })), 'that address is open, on some interface').toBe(true)
  expect(isBehind(toVip, all({})), 'all is accepted').toBe(true)
  expect(isBehind(toVip, all({ protocol: 17 }))).toBe(false)
  expect(isBehind(toVip, all({ destination: '10.11.0.11' }))).toBe(false)
  expect(isBehind(toVip, all({ source: '10.0.0.2' })), 'one who may, and no other').toBe(false)
  const near = { protocol: 6, port: 80, source: '10.0.0.0/8' }
  expect(isBehind(drops, all(near)), 'all who come may be of that network').toBe(true)
  expect(isBehind({ ...drops, source: '10.12.0.0/24' }, all(near)), 'a part of it').toBe(true)
  expect(isBehind({ ...drops, source: '192.0.2.0/24' }, all(near))).toBe(false)
  expect(acceptedBy({ expressions: [...match.portIs(80), match.decide(accept)] })).toMatchObject({ port: 80 })
  expect(acceptedBy({ expressions: [counted] })).toBeNull()
})
