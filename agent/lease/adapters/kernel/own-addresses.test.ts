/** Another machine that has an address of this node's own, too: asked for, heard, told, and over. */
import type { Trouble } from '@lvsm/base'
import { decodeArpFrame, FLAG, flagsOf, gratuitousArp } from '@lvsm/netlink'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FakeLinux } from '../../../../test/kit/linux.ts'
import { openOwnAddresses, type OwnAddresses } from './own-addresses.ts'

const [OWN, OTHER_OWN, RIVAL, ANOTHER] = ['00:02', '00:03', '00:99', '00:aa'].map((end) => `02:00:00:00:${end}`) as [
  ...[string, string, string, string],
]
const ADDRESS = '10.12.0.11'
let linux: FakeLinux
let own: OwnAddresses
let told: [string, Trouble | null][] = []
/** MAC → whether it answers for an address. */
let machines: Record<string, (address: string) => boolean> = {}
beforeEach(() => {
  vi.useFakeTimers()
  linux = new FakeLinux(() => performance.now())
  linux.addLink(2, 'inside', OWN)
  linux.addLink(3, 'spare', OTHER_OWN)
  put(ADDRESS)
  told = []
  machines = {}
  own = openOwnAddresses(
    (...found) => void told.push(found),
    linux,
    (below) => Math.floor(below / 2),
  )
})
afterEach(() => {
  own.close()
  vi.useRealTimers()
})
function put(local: string): void {
  linux.route.addresses.push({
    ...{ index: 2, local, prefix: 24, label: 'inside', scope: 0, flags: 0, endsAt: null },
  } as (typeof linux.route.addresses)[number])
}
/** Every machine there answers what it is asked. */
function passes(ms: number): void {
  for (let passed = 0; passed < ms; passed += 100) {
    vi.advanceTimersByTime(100)
    for (const { frame } of linux.sent.splice(0)) {
      const arp = decodeArpFrame(frame)
      if (!arp.ok) continue
      asked.push({ ...arp.value })
      for (const [mac, answersFor] of Object.entries(machines))
        if (answersFor(arp.value.targetIp)) linux.arrive(2, gratuitousArp(mac, arp.value.targetIp, 'reply'))
    }
  }
}
let asked: { operation: string; senderIp: string; senderMac: string; targetIp: string }[] = []
beforeEach(() => {
  asked = []
})
const forIt = (address: string): boolean => address === ADDRESS
const dumps = () => linux.calls.filter(({ messages: [first] }) => first && (flagsOf(first) & FLAG.dump) !== 0)

test('it is asked for in words that claim nothing', () => {
  own.watch([ADDRESS])
  passes(5100)
  expect(asked).toMatchObject([{ operation: 'request', senderIp: '0.0.0.0', targetIp: ADDRESS, senderMac: OWN }])
})
test('one socket sends for an interface, for as long as that is there: the kernel lets whoever closes one wait', () => {
  const { openPacket } = linux
  let [open, closed] = [0, 0]
  vi.spyOn(linux, 'openPacket').mockImplementation((...words) => {
    const socket = openPacket(...words)
    open += 1
    const close = (): void => {
      closed += 1
      socket.close()
    }
    return { ...socket, close }
  })
  put('10.12.0.12')
  own.watch([ADDRESS, '10.12.0.12'])
  passes(10_000)
  const [openAtFirst, closedAtFirst] = [open, closed]
  passes(180_000)
  expect(asked.length).toBeGreaterThan(60)
  expect([open, closed]).toEqual([openAtFirst, closedAtFirst])
})
test('who answers again and again is told once, with MAC and interface, and is over when he has been silent', () => {
  own.watch([ADDRESS])
  machines[RIVAL] = forIt
  passes(60_000)
  expect(told).toMatchObject([
    [ADDRESS, { code: 'duplicate-address', message: expect.stringContaining(`${RIVAL} answers for ${ADDRESS} too`) }],
  ])
  expect(told[0]?.[1]?.message).toContain('on inside')
  machines = {}
  passes(35_000)
  expect(told.at(-1)).toEqual([ADDRESS, null])
  expect(told).toHaveLength(2)
})
test('a frame or two are no proof: anybody can send them', () => {
  own.watch([ADDRESS])
  for (let minute = 0; minute < 5; minute++) {
    linux.arrive(2, gratuitousArp(RIVAL, ADDRESS, 'reply'))
    passes(1000)
    linux.arrive(2, gratuitousArp(RIVAL, ADDRESS, 'reply'))
    passes(25_000)
  }
  expect(told).toEqual([])
})
test('a router that answers for every address has none of them', () => {
  own.watch([ADDRESS])
  machines[RIVAL] = () => true
  passes(300_000)
  expect(told).toEqual([])
  // It is asked about the addresses beside for one suspicion, not for each answer.
  expect(asked.filter(({ targetIp }) => targetIp !== ADDRESS).length).toBeLessThanOrEqual(4)
})
test('each that has it is named, whoever of them is silent meanwhile', () => {
  own.watch([ADDRESS])
  machines[RIVAL] = forIt
  passes(40_000)
  machines = { [ANOTHER]: forIt }
  passes(120_000)
  expect(told.at(-1)?.[1]?.message).toContain(`${ANOTHER} answers for`)
})
test('another interface of this machine, and an address that is not watched, are nobody else', () => {
  own.watch([ADDRESS])
  machines[OTHER_OWN] = forIt
  passes(60_000)
  expect(told).toEqual([])
  own.watch([])
  machines[RIVAL] = forIt
  passes(60_000)
  expect(told).toEqual([])
})
test('an address that this node has no more is over at once', () => {
  own.watch([ADDRESS])
  machines[RIVAL] = forIt
  passes(60_000)
  own.watch([])
  expect(told.at(-1)).toEqual([ADDRESS, null])
})
test('nothing is gone over, however many addresses there are, and questions to the kernel are few', () => {
  for (let at = 0; at < 250; at++) put(`10.12.1.${at}`)
  own.watch([ADDRESS])
  passes(300_000)
  expect(dumps()).toEqual([])
  expect(linux.calls.length).toBeLessThanOrEqual(6)
})
test('while interfaces come and go, those of this machine are read once a minute, and nobody is suspected', () => {
  own.watch([ADDRESS])
  machines[RIVAL] = forIt
  linux.disturb = ({ messages: [first] }) =>
    first && (flagsOf(first) & FLAG.dump) === FLAG.dump ? { errno: 4, done: false, answered: true } : undefined
  passes(180_000)
  expect(told).toEqual([])
  expect(dumps().length).toBeLessThanOrEqual(3)
})
test('an address that moved to another interface is asked for there', () => {
  own.watch([ADDRESS])
  passes(6000)
  linux.removeLink(2)
  linux.addLink(4, 'inside', OWN)
  linux.route.addresses.push({
    ...{ index: 4, local: ADDRESS, prefix: 24, label: 'inside', scope: 0, flags: 0, endsAt: null },
  } as (typeof linux.route.addresses)[number])
  asked = []
  passes(11_000)
  expect(asked.length).toBeGreaterThan(0)
})
