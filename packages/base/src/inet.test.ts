import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalAddress, formatInet, networkOf, parseEndpoint, parseInet } from './inet.ts'

describe('endpoints', () => {
  test.each([
    ['10.12.0.11', '10.12.0.11', 7445],
    ['10.12.0.11:80', '10.12.0.11', 80],
    ['2001:db8::1', '2001:db8::1', 7445],
    ['[2001:db8::1]:65535', '2001:db8::1', 65_535],
  ])('%s', (text, host, port) => expect(parseEndpoint(text, 7445)).toEqual({ host, port }))
  test.each(['', 'dir1', 'dir1:80', '10.0.0.1:', '10.0.0.1:0', '10.0.0.1:65536', '0.0.0.0', '[::]:80', '[::1', '::1:'])(
    '“%s” is none',
    (text) => expect(parseEndpoint(text, 7445)).toBeNull(),
  )
})
describe('addresses', () => {
  test('read and written back are the same', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
        (bytes) => {
          expect(parseInet(formatInet(bytes))).toEqual(bytes)
        },
      ),
    )
  })
  test.each([
    ['10.11.0.10', [10, 11, 0, 10]],
    ['255.0.0.255', [255, 0, 0, 255]],
    ['fd00::1:a', [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 10]],
    ['::ffff:10.11.0.10', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 11, 0, 10]],
    ['1:2:3:4:5:6:10.11.0.10', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 10, 11, 0, 10]],
    ['1:2:3:4:5:6:7:ffff', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 255, 255]],
  ])('%s', (text, bytes) => expect([...(parseInet(text) ?? [])]).toEqual(bytes))
  test.each([
    '010.0.0.1',
    '10.0.0',
    '10.0.0.0.1',
    '10.0.0.256',
    '10.0.0.1000',
    '10.0.0.1 ',
    '-1.0.0.0',
    '',
    'a',
    '1:2',
    ':::',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::1.2.3',
    '1:2:3:4:5:6:7:1.2.3.4',
  ])('%j is none', (text) => expect(parseInet(text)).toBeUndefined())
  test.each(['1::2::3', '1:2:3:4:5:6:7:8::', '1:2:3:4:5:6:7::8', '12345::', 'g::', '1:2:3:4:5:6:7:8:9'])(
    '%j is none either',
    (text) => expect(parseInet(text)).toBeUndefined(),
  )
  test('bytes of another length are nobody’s', () => expect(() => formatInet(new Uint8Array(5))).toThrow('4 or 16'))
})

describe('the one spelling of an address', () => {
  test.each([
    ['10.11.0.10', '10.11.0.10'],
    ['FD00:0:0::0:A', 'fd00::a'],
    ['fd00:0:0:0:0:0:0:a', 'fd00::a'],
    ['::ffff:a0b:a', '10.11.0.10'],
    ['::FFFF:10.11.0.10', '10.11.0.10'],
    ['::fffe:a0b:a', '::fffe:a0b:a'],
    ['1::ffff:a0b:a', '1::ffff:a0b:a'],
    ['::a0b:a', '::a0b:a'],
    ['not an address', 'not an address'],
  ])('%s is %s', (text, wanted) => expect(canonicalAddress(text)).toBe(wanted))
  test('tells any two addresses apart', () => {
    const address = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    )
    fc.assert(
      fc.property(address, address, (one, other) => {
        const [first, second] = [formatInet(one), formatInet(other)]
        expect(canonicalAddress(first) === canonicalAddress(second)).toBe(first === second)
      }),
    )
  })
})

test.each([
  ['10.11.0.0/16', 16],
  ['10.11.0.9', 32],
  ['2001:db8::/32', 32],
  ['::1', 128],
  ['0.0.0.0/0', 0],
])('%s is a network', (text, length) => expect(networkOf(text)).toMatchObject({ length }))
test.each(['10.11.0.400', '10.11.0.0/33', '::/129', '10.0.0.0/8/8', '10.0.0.0/', 'rs1', ''])(
  '%j is no network',
  (text) => expect(networkOf(text)).toBeUndefined(),
)
