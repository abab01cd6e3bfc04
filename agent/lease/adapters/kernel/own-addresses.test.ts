/** Another machine that has an address of this node's own, too: asked for, heard, told, and over. */
import type { Trouble } from '@lvsm/base'
import { decodeArpFrame, gratuitousArp } from '@lvsm/netlink'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FakeLinux } from '../../../../test/kit/linux.ts'
import { openOwnAddresses, type OwnAddresses } from './own-addresses.ts'

const [OWN, OTHER_OWN, RIVAL] = ['02:00:00:00:00:02', '02:00:00:00:00:03', '02:00:00:00:00:99']
const ADDRESS = '10.12.0.11'
let linux: FakeLinux
let own: OwnAddresses
let told: [string, Trouble | null][] = []
beforeEach(() => {
  vi.useFakeTimers()
  linux = new FakeLinux(() => performance.now())
  linux.addLink(2, 'inside', OWN)
  linux.addLink(3, 'spare', OTHER_OWN)
  linux.route.addresses.push({
    ...{ index: 2, local: ADDRESS, prefix: 24, label: 'inside', scope: 0, flags: 0, endsAt: null },
  } as (typeof linux.route.addresses)[number])
  told = []
  own = openOwnAddresses((...found) => void told.push(found), linux)
})
afterEach(() => {
  own.close()
  vi.useRealTimers()
})
const passes = (ms: number): void => void vi.advanceTimersByTime(ms)
const answers = (mac: string): void => {
  linux.arrive(2, gratuitousArp(mac, ADDRESS, 'reply'))
  passes(1)
}

test('it is asked for in words that claim nothing', () => {
  own.watch([ADDRESS])
  passes(5000)
  const frames = linux.sent.map(({ index, frame }) => ({ index, arp: decodeArpFrame(frame) }))
  expect(frames).toMatchObject([
    { index: 2, arp: { value: { operation: 'request', senderIp: '0.0.0.0', targetIp: ADDRESS, senderMac: OWN } } },
  ])
})
test('who answers is told once, with MAC and interface, and is over when he has been silent', () => {
  own.watch([ADDRESS])
  passes(5000)
  answers(RIVAL)
  passes(5000)
  answers(RIVAL)
  expect(told).toMatchObject([
    [ADDRESS, { code: 'duplicate-address', message: expect.stringContaining(`${RIVAL} answers for ${ADDRESS} too`) }],
  ])
  expect(told[0]?.[1]?.message).toContain('on inside')
  passes(31_000)
  expect(told.at(-1)).toEqual([ADDRESS, null])
  expect(told).toHaveLength(2)
})
test('another interface of this machine, and an address that is not watched, are nobody else', () => {
  own.watch([ADDRESS])
  passes(5000)
  answers(OTHER_OWN)
  answers(OWN)
  expect(told).toEqual([])
  own.watch([])
  passes(5000)
  answers(RIVAL)
  expect(told).toEqual([])
})
test('an address that this node has no more is over at once', () => {
  own.watch([ADDRESS])
  passes(5000)
  answers(RIVAL)
  own.watch([])
  expect(told.at(-1)).toEqual([ADDRESS, null])
})
