import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeNeighbourFrame, fromHex, hexOf, neighbourProbe, unsolicitedAdvertisement } from './index.ts'

const MAC = '02:00:00:00:00:02'
/** Laid out by hand (RFC 4861, sections 4.3 and 4.4; RFC 4862, section 5.4.2); that hosts take them: test/contract/neighbours.test.ts. */
const ADVERTISEMENT = `333300000001 020000000002 86dd 60000000 0020 3a ff 20010db8001100000000000000000010
  ff020000000000000000000000000001 88 00 SUM 20000000 20010db8001100000000000000000010 0201 020000000002`
const PROBE = `3333ff000010 020000000002 86dd 60000000 0018 3a ff 00000000000000000000000000000000
  ff0200000000000000000001ff000010 87 00 SUM 00000000 20010db8001100000000000000000010`
const laid = (text: string, frame: Uint8Array): string =>
  hexOf(fromHex(text.replace('SUM', hexOf(frame.subarray(56, 58)))))

describe('neighbour discovery', () => {
  const told = unsolicitedAdvertisement(MAC, '2001:db8:11::10')
  const asked = neighbourProbe(MAC, '2001:db8:11::10')

  it('announces an address to all nodes, from it, to be taken in place of what they know', () =>
    expect(hexOf(told)).toBe(laid(ADVERTISEMENT, told)))
  it('asks for one from nobody, and those who may have it alone', () => expect(hexOf(asked)).toBe(laid(PROBE, asked)))
  it('is read as it was written', () => {
    expect(decodeNeighbourFrame(told)).toEqual({
      ok: true,
      value: {
        kind: 'advertisement',
        mac: MAC,
        source: '2001:db8:11::10',
        destination: 'ff02::1',
        target: '2001:db8:11::10',
      },
    })
    expect(decodeNeighbourFrame(asked)).toMatchObject({
      ok: true,
      value: { kind: 'solicitation', source: '::', destination: 'ff02::1:ff00:10', target: '2001:db8:11::10' },
    })
  })
  it('is none with a byte of the packet changed, from another link, or cut short', () => {
    for (let at = 20; at < told.length; at++)
      expect(decodeNeighbourFrame(told.map((byte, index) => (index === at ? byte ^ 1 : byte))).ok).toBe(false)
    for (let length = 0; length < told.length; length++)
      expect(decodeNeighbourFrame(told.subarray(0, length)).ok).toBe(false)
    expect(decodeNeighbourFrame(told.with(12, 0x08)).ok).toBe(false)
  })
  it('whatever the bytes are, the answer is a value; padding behind it counts for nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => typeof decodeNeighbourFrame(bytes).ok === 'boolean'),
    )
    expect(decodeNeighbourFrame(Uint8Array.from([...told, 0, 0, 0, 0]))).toEqual(decodeNeighbourFrame(told))
  })
})
