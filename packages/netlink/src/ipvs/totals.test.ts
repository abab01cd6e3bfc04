import { expect, it } from 'vitest'
import { decodeTotals } from './totals.ts'

/** As a kernel writes it. */
const TEXT = `   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
      1F      3E8       0A       123456789A               FF

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       1        2        0               78                0
`

it('has its figures in hexadecimal', () =>
  expect(decodeTotals(TEXT)).toEqual({
    ok: true,
    value: { connections: 31, inPackets: 1000, outPackets: 10, inBytes: 0x123456789a, outBytes: 255 },
  }))
it.each(['', 'a\nb\nc', TEXT.replace('1F', 'x'), TEXT.replace('      1F', '')])(
  'of something else says so: %j',
  (text) => expect(decodeTotals(text).ok).toBe(false),
)
