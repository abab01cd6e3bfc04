import { createHmac } from 'node:crypto'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyring } from './keyring.ts'

const algorithms = ['sha256', 'sha1', 'md5'] as const
const secret = 'c3'.repeat(32)
const keys = keyring(algorithms.map((algorithm, index) => ({ id: index + 1, algorithm, secret })))
const bytes = fc.uint8Array({ maxLength: 300 })

test('one head with any ends: the MACs of node:crypto, whatever was hashed before', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...algorithms),
      fc.array(bytes, { maxLength: 3 }),
      fc.array(bytes),
      (name, heads, ends) => {
        const mac = keys.begin(algorithms.indexOf(name) + 1, '')
        for (const head of heads) mac?.update(head)
        for (const end of ends) {
          const oracle = createHmac(name, Buffer.from(secret, 'hex'))
            .update(Buffer.concat([...heads, end]))
            .digest('hex')
          expect(Buffer.from(mac?.tag(end) ?? []).toString('hex')).toBe(oracle)
        }
      },
    ),
  )
})

test('crc32 is that of node:zlib over the secret, the head and the end', () => {
  const ring = keyring([{ id: 1, algorithm: 'crc32', secret }])
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 3 }), fc.array(bytes), (heads, ends) => {
      const mac = ring.begin(1, '')
      for (const head of heads) mac?.update(head)
      for (const end of ends) {
        const oracle = crc32(Buffer.concat([Buffer.from(secret, 'hex'), ...heads, end]))
        expect(Buffer.from(mac?.tag(end) ?? []).readUInt32BE()).toBe(oracle)
      }
    }),
  )
  expect(ring.macBytes(1, '')).toBe(4)
})

test('a key that nobody gave', () => {
  expect(keys.begin(9, '')).toBeNull()
  expect(keys.macBytes(9, '')).toBeNull()
  expect([1, 2, 3].map((id) => keys.macBytes(id, ''))).toEqual([32, 20, 16])
})
