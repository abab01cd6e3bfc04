/** Questions about ways, as the kernel takes them with strict checking; on the real kernel: test/contract/rtnetlink.test.ts. */
import { expect, test } from 'vitest'
import { readMessages } from '../message.ts'
import { getMatching, getRoute } from './route.ts'

/** rtm_flags (linux/rtnetlink.h). */
const flagsOf = (bytes: Uint8Array): number => {
  const [message] = readMessages(bytes).messages
  return message ? new DataView(message.payload.buffer, message.payload.byteOffset).getUint32(8, true) : -1
}

test('of IPv4 with the table that a way comes from; of IPv6 the kernel refuses to be asked so, and tells it anyhow', () => {
  expect(flagsOf(getRoute({ destination: '10.11.0.1' }))).toBe(0x1000)
  expect(flagsOf(getRoute({ destination: 'fd00::1' }))).toBe(0)
})
test('of an own address what the table has', () => {
  for (const address of ['10.11.0.1', 'fd00::1']) expect(flagsOf(getMatching(address))).toBe(0x2000)
})
