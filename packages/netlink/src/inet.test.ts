import { parseInet } from '@lvsm/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  acknowledgement,
  arpProbe,
  decodeArpFrame,
  describeErrno,
  ERRNO,
  formatInet,
  gratuitousArp,
  hexOf,
  inetBytes,
} from './index.ts'

describe('addresses', () => {
  it('read and written back are the same', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
        (bytes) => {
          expect(inetBytes(formatInet(bytes))).toEqual(bytes)
        },
      ),
    )
  })
  it.each([
    ['fd00:0:0:1::10', 'fd00:0:0:1::10'],
    ['::', '::'],
    ['::1', '::1'],
    ['FE80::1:0', 'fe80::1:0'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ])('%s', (text, wanted) => {
    expect(formatInet(inetBytes(text))).toBe(wanted)
  })
  it.each([
    '010.0.0.1',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.1 ',
    '',
    'a',
    '1:2',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8::',
    '12345::',
  ])('%j is none', (text) => {
    expect(parseInet(text)).toBeUndefined()
  })
})

describe('frames', () => {
  it('gratuitous ARP is what arping sends', () => {
    expect(hexOf(gratuitousArp('02:00:00:00:00:0a', '10.11.0.10'))).toBe(
      'ffffffffffff02000000000a08060001080006040001' + '02000000000a0a0b000a' + '0000000000000a0b000a',
    )
    expect(decodeArpFrame(gratuitousArp('02:00:00:00:00:0a', '10.11.0.10', 'reply'))).toMatchObject({
      ok: true,
      value: { operation: 'reply', targetMac: 'ff:ff:ff:ff:ff:ff' },
    })
  })
  it('a probe claims nothing', () => {
    expect(decodeArpFrame(arpProbe('02:00:00:00:00:0a', '10.11.0.10'))).toMatchObject({
      ok: true,
      value: { senderIp: '0.0.0.0', targetIp: '10.11.0.10' },
    })
  })
})

describe('error numbers', () => {
  it('have names and sentences', () => {
    expect(describeErrno(2)).toEqual({ code: 'ENOENT', message: 'no such object' })
    expect(describeErrno(4000).code).toBe('E4000')
    expect(ERRNO.EEXIST).toBe(17)
    expect(acknowledgement(17, 'Address already assigned').message).toBe(
      'it exists already (kernel: Address already assigned)',
    )
  })
})
