/** Tunnel devices as the kernel tells them. */
import { expect, it } from 'vitest'
import { Attributes, attribute, nested } from './attributes.ts'
import { concat, octets } from './bytes.ts'
import { readTunnel, tunnelInfo } from './rtnetlink/tunnel.ts'

const REMOTE = 7
const told = (kind: string, ...data: readonly Uint8Array[]): Attributes =>
  new Attributes(concat([attribute(1, octets(kind)), nested(2, ...data)]))

it('a device of GRE that wants a key, a number or a checksum takes nothing without', () => {
  const remote = attribute(REMOTE, Uint8Array.of(10, 12, 0, 1))
  const flags = (first: number): Uint8Array => attribute(2, Uint8Array.of(first, 0))
  const plain = { kind: 'gre', local: null, remote: '10.12.0.1' }
  expect(readTunnel(told('gre', remote))).toEqual(plain)
  expect(readTunnel(told('gre', flags(0), remote))).toEqual(plain)
  for (const bits of [0x20, 0x10, 0x80]) expect(readTunnel(told('gre', flags(bits), remote))?.takesAll).toBe(false)
})

it('what the kernel is told is read again', () => {
  for (const kind of ['ipip', 'gre'] as const) {
    const tunnel = { kind, local: null, remote: '10.12.0.1' }
    expect(readTunnel(new Attributes(concat(tunnelInfo(tunnel))))).toEqual(tunnel)
  }
})
