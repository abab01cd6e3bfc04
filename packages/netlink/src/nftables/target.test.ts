/** Where rules send: as nft writes it into registers, and as iptables does. */
import { expect, test } from 'vitest'
import { Attributes, attribute, be32, nested, text } from '../attributes.ts'
import { targetOf } from './dropping.ts'
import { encodeExpression, type Expression, readExpression } from './expression.ts'

const bytesOf = (address: string): Uint8Array => Uint8Array.from(address.split('.').map(Number))
const PORT = Uint8Array.of(0x1f, 0x90)
/** As a dump has it, without the frame of a list element. */
const read = (encoded: Uint8Array): Expression => readExpression(new Uint8Array(new Attributes(encoded).bytes(1) ?? []))
const expression = (name: string, ...fields: readonly Uint8Array[]): Expression =>
  read(nested(1, text(1, name), nested(2, ...fields)))
const load = (register: number, data: Uint8Array): Expression =>
  read(encodeExpression({ kind: 'load', data, register }))
const of = (...expressions: readonly Expression[]) => targetOf({ family: 'ip', expressions })
const dnat = (...fields: readonly Uint8Array[]): Expression => expression('nat', be32(1, 1), be32(2, 2), ...fields)

test('nft: dnat to an address and a port, redirect, tproxy', () => {
  const to = load(1, bytesOf('172.17.0.2'))
  expect(of(to, load(2, PORT), dnat(be32(3, 1), be32(5, 2)))).toEqual({ address: '172.17.0.2', port: 8080 })
  expect(of(to, dnat(be32(3, 1)))).toEqual({ address: '172.17.0.2' })
  expect(of(load(1, PORT), dnat(be32(5, 1)))).toEqual({ port: 8080 })
  expect(of(load(1, PORT), expression('redir', be32(1, 1)))).toEqual({ port: 8080, self: true })
  expect(of(expression('redir'))).toEqual({ self: true })
  expect(of(load(1, PORT), expression('tproxy', be32(1, 2), be32(3, 1)))).toEqual({ port: 8080, self: true })
})
test('what a map decides, or was loaded for something else, is not named; who accepts sends nowhere', () => {
  const port: Expression = { kind: 'payload', base: 'transport', offset: 2, length: 2 }
  expect(of(port, { kind: 'lookup', set: '__map0' }, dnat(be32(3, 1)))).toBeNull()
  expect(of(load(1, bytesOf('0.0.0.1')), { kind: 'meta-set', key: 'mark' }, dnat(be32(3, 1)))).toBeNull()
  expect(of(load(1, PORT))).toBeNull()
})
test('a register that is ours is not named', () => {
  expect(read(encodeExpression({ kind: 'load', data: PORT }))).toEqual({ kind: 'load', data: PORT })
})

const target = (called: string, ...info: readonly number[]): Expression =>
  expression('target', text(1, called), attribute(3, Uint8Array.from(info)))
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0)
const [TO, AT] = [
  [172, 17, 0, 2],
  [0x1f, 0x90],
] as const
test('iptables: DNAT of its first and of its last revision, REDIRECT, TPROXY; a range has no one answer', () => {
  const compat = (first: readonly number[], last: readonly number[]) =>
    target('DNAT', 1, 0, 0, 0, 3, 0, 0, 0, ...first, ...last, ...AT, ...AT)
  expect(of(compat(TO, TO))).toEqual({ address: '172.17.0.2', port: 8080 })
  expect(of(compat(TO, [172, 17, 0, 9]))).toBeNull()
  const range = [...TO, ...zeros(12), ...TO, ...zeros(12), ...AT, ...AT, ...zeros(8)]
  expect(of(target('DNAT', 3, 0, 0, 0, ...range))).toEqual({ address: '172.17.0.2', port: 8080 })
  expect(of(target('DNAT', 1, 0, 0, 0, ...range))).toEqual({ address: '172.17.0.2' })
  expect(of(target('REDIRECT', 1, 0, 0, 0, 2, 0, 0, 0, ...zeros(8), ...AT, ...AT))).toEqual({ port: 8080, self: true })
  expect(of(target('TPROXY', ...zeros(8), ...zeros(16), ...AT, ...zeros(6)))).toEqual({ port: 8080, self: true })
  expect(of(target('DNAT', 1))).toBeNull()
})
