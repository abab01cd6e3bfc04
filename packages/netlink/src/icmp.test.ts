import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checksum,
  decodeEchoReply,
  decodeEchoReply6,
  echoReplies6To,
  echoRepliesTo,
  echoRequest,
  echoRequest6,
  fromHex,
  hexOf,
} from './index.ts'

/** `ping -c 1 -s 17 -p 4c56 127.0.0.1` of iputils, and the kernel's answer, from a raw socket. */
const TOOL = {
  request: fromHex('4500002d657940004001d7547f0000017f0000010800ddac58e500015764086b00000000119d0400000000004c'),
  reply: fromHex('4500002d657a0000400117547f0000017f0000010000e5ac58e500015764086b00000000119d0400000000004c'),
}
const payload = TOOL.request.subarray(28)
const echo = { source: '127.0.0.1', destination: '127.0.0.1', id: 0x58e5, sequence: 1, payload }

describe('an echo request', () => {
  it('says what the tool says; identification, fragment bits and header checksum are the kernel’s', () => {
    const ours = echoRequest(echo)
    expect(hexOf(ours.subarray(20))).toBe(hexOf(TOOL.request.subarray(20)))
    const filled = [...TOOL.request.subarray(0, 20)].map((byte, at) => ([4, 5, 6, 10, 11].includes(at) ? 0 : byte))
    expect([...ours.subarray(0, 20)]).toEqual(filled)
  })
  it('leaves the source address to the kernel when told none', () =>
    expect([...echoRequest({ ...echo, source: null }).subarray(12, 16)]).toEqual([0, 0, 0, 0]))
})

describe('an echo reply', () => {
  it('is read as the kernel wrote it', () => expect(decodeEchoReply(TOOL.reply)).toEqual({ ok: true, value: echo }))
  it('is none with a byte changed, cut short, or when it is a request', () => {
    for (let at = 20; at < TOOL.reply.length; at++) {
      const broken = Uint8Array.from(TOOL.reply, (byte, index) => (index === at ? byte ^ 1 : byte))
      expect(decodeEchoReply(broken).ok).toBe(false)
    }
    for (let length = 0; length < 28; length++) expect(decodeEchoReply(TOOL.reply.subarray(0, length)).ok).toBe(false)
    expect(decodeEchoReply(TOOL.request).ok).toBe(false)
  })
  it('may follow options in the header, and is never more than a value for whatever bytes', () => {
    const long = Uint8Array.from([...TOOL.reply.subarray(0, 20), 1, 1, 1, 1, ...TOOL.reply.subarray(20)])
    long[0] = 0x46
    expect(decodeEchoReply(long)).toEqual({ ok: true, value: echo })
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => typeof decodeEchoReply(bytes).ok === 'boolean'))
  })
})

it('has the checksum of RFC 1071 over any length', () => {
  expect(checksum(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7))).toBe(~0xddf2 & 0xffff)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const packet = echoRequest({ ...echo, payload: bytes })
      return checksum(packet.subarray(20)) === 0
    }),
  )
})

/** Only the instructions of the filter (linux/filter.h): loads relative to X, X from the header's length, equality, return. */
function filtered(id: number, packet: Uint8Array, program = echoRepliesTo(id)): boolean {
  let [accumulator, x] = [0, 0]
  for (let at = 0; ; at++) {
    const [code, jumpTrue, jumpFalse, operand] = program[at] ?? [0x06, 0, 0, 0]
    if (code === 0xb1) x = ((packet[operand] ?? 0) & 15) * 4
    else if (code === 0x48 || code === 0x28)
      accumulator = ((packet[x + operand] ?? 0) << 8) | (packet[x + operand + 1] ?? 0)
    else if (code === 0x15) at += accumulator === operand ? jumpTrue : jumpFalse
    else return operand > 0
  }
}

it('lets the kernel drop all that is no reply to this process', () => {
  expect(filtered(0x58e5, TOOL.reply)).toBe(true)
  expect(filtered(0x58e6, TOOL.reply)).toBe(false)
  expect(filtered(0x58e5, TOOL.request)).toBe(false)
})

describe('over IPv6', () => {
  const request = echoRequest6({ id: 0x58e5, sequence: 1, payload })
  const reply = Uint8Array.from(request, (byte, at) => (at === 0 ? 129 : byte))
  it('a request is a message without header and checksum: these are the kernel’s', () =>
    expect(hexOf(request)).toBe(`8000000058e50001${hexOf(payload)}`))
  it('a reply brings back what was sent, and nothing else is one', () => {
    expect(decodeEchoReply6(reply)).toEqual({ ok: true, value: { id: 0x58e5, sequence: 1, payload } })
    expect(decodeEchoReply6(request).ok).toBe(false)
    for (let length = 0; length < 8; length++) expect(decodeEchoReply6(reply.subarray(0, length)).ok).toBe(false)
  })
  it('lets the kernel drop all that is no reply to this process', () => {
    expect(filtered(0x58e5, reply, echoReplies6To(0x58e5))).toBe(true)
    expect(filtered(0x58e6, reply, echoReplies6To(0x58e6))).toBe(false)
    expect(filtered(0x58e5, request, echoReplies6To(0x58e5))).toBe(false)
  })
})
