/** Questions about sockets and their answers, byte for byte as linux/inet_diag.h has them; on the real kernel: test/contract/sockets.test.ts. */
import { describe, expect, it } from 'vitest'
import { concat, decodeWaiting, dumpWaiting, fromHex, hexOf, readMessages, socketGroup, socketNumber } from './index.ts'

/** inet_diag_msg: family, state, timer, retransmissions; ports, addresses, interface, cookie; expires, queues, uid, inode. */
const answer = (family: string, port: string, address: string, queue: string, most: string, more = '') => ({
  ...{ type: 20, flags: 2, sequence: 1, port: 0 },
  payload: concat([
    fromHex(`${family} 0a 00 00 ${port} 0000 ${address.padEnd(32, '0')} ${'0'.repeat(32)} 00000000 0102030405060708`),
    fromHex(`00000000 ${queue} ${most} e8030000 39300000 ${more}`),
  ]),
})

describe('sockets', () => {
  it('are asked for by protocol, family and state', () => {
    const [message] = readMessages(dumpWaiting('tcp', 'inet6')).messages
    expect(message).toMatchObject({ type: 20, flags: 0x301 })
    expect(hexOf(message?.payload ?? new Uint8Array())).toBe(`0a060000${'00040000'}${'00'.repeat(48)}`)
    const [udp] = readMessages(dumpWaiting('udp', 'inet')).messages
    expect(hexOf(udp?.payload ?? new Uint8Array())).toBe(`02110000${'80000000'}${'00'.repeat(48)}`)
  })
  it('say where they listen, and how many wait', () => {
    expect(decodeWaiting(answer('02', '0050', '0a0b000a', '05000000', '80000000'))).toEqual({
      ok: true,
      value: { address: '10.11.0.10', port: 80, queue: 5, most: 128, onlyV6: false },
    })
    const only = '05000b0001000000'
    expect(decodeWaiting(answer('0a', '01bb', '', '00000000', 'ff010000', only))).toEqual({
      ok: true,
      value: { address: '::', port: 443, queue: 0, most: 511, onlyV6: true },
    })
    const mapped = decodeWaiting(answer('0a', '01bb', `${'0'.repeat(20)}ffff0a0b000a`, '00000000', 'ff010000'))
    expect(mapped).toMatchObject({ value: { address: '10.11.0.10', onlyV6: false } })
  })
  it('have the control group that they were made in, where the kernel tells', () => {
    const more = '05000f0000000000 0c001500 da3f000000000000'
    expect(socketGroup(answer('02', '0050', '0a0b000a', '05000000', '80000000', more))).toBe('16346')
    expect(socketGroup(answer('02', '0050', '0a0b000a', '05000000', '80000000'))).toBe('')
    expect(socketGroup({ payload: new Uint8Array(3) })).toBe('')
  })
  it('have the number that /proc names them by', () => {
    expect(socketNumber(answer('02', '0050', '0a0b000a', '05000000', '80000000'))).toBe('12345')
    expect(socketNumber({ payload: new Uint8Array(3) })).toBe('')
  })
})
