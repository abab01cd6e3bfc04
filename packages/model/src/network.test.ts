/** Networks by counting bits one by one, in place of bytes. */
import { parseInet } from '@lvsm/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inNetwork } from './address.ts'

const bitsOf = (address: string): string =>
  [...(parseInet(address) ?? [])].map((byte) => byte.toString(2).padStart(8, '0')).join('')
const v4 = fc.ipV4()
const v6 = fc.ipV6()

test.each([
  ['IPv4', v4, 32],
  ['IPv6', v6, 128],
] as const)('an %s address is in a network when its first bits are those', (_, address, most) => {
  fc.assert(
    fc.property(address, address, fc.nat(most), fc.nat(most), (one, far, prefix, same) => {
      const bits = bitsOf(one).slice(0, same) + bitsOf(far).slice(same)
      const bytes = bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []
      const near =
        most === 32
          ? bytes.join('.')
          : (bytes
              .map((byte) => byte.toString(16).padStart(2, '0'))
              .join('')
              .match(/.{4}/g)
              ?.join(':') ?? '')
      expect(inNetwork(near, { address: one, prefix })).toBe(bits.slice(0, prefix) === bitsOf(one).slice(0, prefix))
    }),
    { numRuns: 2000 },
  )
})
test('what is no address is in no network', () => {
  expect(inNetwork('x', { address: '0.0.0.0', prefix: 0 })).toBe(false)
  expect(inNetwork('10.0.0.1', { address: 'x', prefix: 0 })).toBe(false)
  expect(inNetwork('::1', { address: '0.0.0.0', prefix: 0 })).toBe(false)
})
