/** Entries of the neighbour table, as `ip neigh` shows them: bytes of the kernel (Linux 6, `ip -4 neigh show nud permanent`). */
import { expect, test } from 'vitest'
import { AF } from '../inet.ts'
import { viewOf } from '../bytes.ts'
import { decodeNeighbour, dumpNeighbours, NEIGHBOUR_STATE } from './neighbour.ts'

/** ndmsg (AF_INET, interface 2, NUD_PERMANENT, unicast), NDA_DST 10.11.0.11, NDA_LLADDR 02:00:00:00:00:99, NDA_PROBES. */
const ENTRY = '02000000 02000000 80000001 08000100 0a0b000b 0a000200 020000000099 0000 08000400 00000000'
const message = (text: string) => ({
  ...{ type: 28, flags: 2, sequence: 1, port: 0 },
  payload: Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex')),
})

test('a permanent entry has its address, its hardware address and its interface', () => {
  expect(decodeNeighbour(message(ENTRY))).toEqual({
    ok: true,
    value: { index: 2, address: '10.11.0.11', mac: '02:00:00:00:00:99', state: NEIGHBOUR_STATE.permanent },
  })
})
test('one that nobody answered has none; one without an address is none', () => {
  expect(decodeNeighbour(message('02000000 02000000 20000001 08000100 0a0b000b'))).toMatchObject({
    value: { mac: null },
  })
  expect(decodeNeighbour(message('02000000 02000000 80000001')).ok).toBe(false)
  expect(decodeNeighbour(message('0200')).ok).toBe(false)
})
test('the question is of one family', () => {
  const request = dumpNeighbours(AF.inet6)
  expect([viewOf(request).getUint16(4, true), request[16], request.length]).toEqual([30, AF.inet6, 28])
})
