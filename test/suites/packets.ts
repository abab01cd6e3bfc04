/**
 * What real packets meet in the tables of the fence, in the kernel and in the one in memory: the counters of the chains
 * tell. Two interfaces with a cable between them; the machine is on the left one and forwards. What is dropped of a group
 * that stays closed shows that all that came before it was looked at.
 */
import type { Netlink, PacketSocket } from '@lvsm/kernel'
import { type ArpPacket, gratuitousArp, arpProbe, nftables as nft } from '@lvsm/netlink'
import { expect, test } from 'vitest'
import { TABLE } from '../../agent/lease/adapters/kernel/fence-tables.ts'
import type { KernelFence } from '../../agent/lease/adapters/kernel/fence.ts'
import { arpPacket, asFrame, ipPacket, type Packet } from '../kit/packets.ts'
import { groupOn, NEVER, PARTS } from './fence.ts'

export interface PacketSubject {
  open(): KernelFence
  readonly netfilter: Netlink
  readonly left: number
  readonly leftMac: string
  packet(end: 'left' | 'right'): PacketSocket
  wait(condition: () => boolean): Promise<void>
}

const [WEB, MAIL] = ['10.55.7.10', '10.55.7.11']
const [CLIENT, REALSERVER, ELSEWHERE, RIVAL] = ['10.55.7.77', '10.55.8.11', '10.99.0.9', '02:00:00:00:00:77']
const ENOBUFS = 105
type Layer = 'arp' | 'inet' | 'netdev'

const arp = (operation: ArpPacket['operation'], senderIp: string, targetIp: string): Packet =>
  arpPacket({ operation, senderIp, targetIp, senderMac: RIVAL })

/** What comes in, and which layer drops it while its group is closed; null: none ever does. */
const INCOMING: readonly [what: string, packet: Packet, layer: Layer | null][] = [
  ['who-has it', arp('request', CLIENT, WEB), 'arp'],
  ['a probe for it', arp('request', '0.0.0.0', WEB), 'arp'],
  ['an answer to it', arp('reply', CLIENT, WEB), 'arp'],
  ['who-has another', arp('request', WEB, CLIENT), null],
  ['a packet to it', ipPacket(CLIENT, WEB), 'inet'],
  ['a packet from it, forwarded', ipPacket(WEB, ELSEWHERE), 'inet'],
  ['a packet of a realserver, forwarded', ipPacket(REALSERVER, ELSEWHERE), 'inet'],
  ['a packet of somebody else, forwarded', ipPacket(CLIENT, ELSEWHERE), null],
]

export function packetSuite(make: () => PacketSubject): void {
  const begin = () => {
    const subject = make()
    const fence = subject.open()
    // The gateway of the second group has no realservers here.
    const mail = {
      ...groupOn(subject.left, 'mail', MAIL),
      addresses: groupOn(subject.left, 'mail', MAIL).addresses.slice(0, 1),
    }
    expect(fence.build([groupOn(subject.left), mail], []).result).toBe('done')
    const dropped = (layer: Layer, group = 'web'): number =>
      subject.netfilter
        .dump(nft.dumpRules({ family: layer, table: TABLE }))
        .flatMap((message) => {
          const rule = nft.decodeRule(message)
          return rule.ok && rule.value.chain === `group-${group}` ? rule.value.expressions : []
        })
        .reduce((sum, one) => sum + (one.kind === 'counter' ? one.packets : 0), 0)
    const wire = subject.packet('right')
    const come = (packet: Packet): void => expect(wire.send(asFrame(packet, subject.leftMac, RIVAL))).toBe(0)
    /** What was dropped of the group, in any layer, of this and nothing else. */
    const toll = async (packet: Packet): Promise<string[]> => {
      const before = (['arp', 'inet', 'netdev'] as const).map((layer) => [layer, dropped(layer)] as const)
      const layer = packet.protocol === 0x0806 ? 'arp' : 'inet'
      const marks = dropped(layer, 'mail')
      come(packet)
      come(layer === 'arp' ? arp('request', CLIENT, MAIL) : ipPacket(CLIENT, MAIL))
      await subject.wait(() => dropped(layer, 'mail') > marks)
      return before.flatMap(([name, count]) => (dropped(name) > count ? [name] : []))
    }
    const open = (timeoutMs = 60_000): void =>
      expect(fence.apply({ group: 'web', op: 'open', parts: PARTS, timeoutMs, notAfter: NEVER }).result).toBe('done')
    /** What was counted is no damage. */
    const end = (): void => {
      expect(fence.damage()).toBe('')
      wire.close()
    }
    return { subject, fence, dropped, toll, open, end }
  }

  test('what comes in, or through, is dropped while the group is closed, each in its layer', async () => {
    const { toll, end } = begin()
    const seen: Record<string, string[]> = {}
    for (const [what, packet] of INCOMING) seen[what] = await toll(packet)
    expect(seen).toEqual(Object.fromEntries(INCOMING.map(([what, , layer]) => [what, layer === null ? [] : [layer]])))
    end()
  })

  test('what comes in, or through, is let through while it is open', async () => {
    const { toll, open, end } = begin()
    open()
    const seen: Record<string, string[]> = {}
    for (const [what, packet] of INCOMING) seen[what] = await toll(packet)
    expect(seen).toEqual(Object.fromEntries(INCOMING.map(([what]) => [what, []])))
    end()
  })

  test('a packet socket announces it only while the group is open', async () => {
    const { subject, dropped, open, end } = begin()
    const left = subject.packet('left')
    const frames = [
      gratuitousArp(subject.leftMac, WEB),
      gratuitousArp(subject.leftMac, WEB, 'reply'),
      arpProbe(subject.leftMac, WEB),
    ]
    expect(frames.map((frame) => left.send(frame))).toEqual([ENOBUFS, ENOBUFS, 0])
    expect(dropped('netdev')).toBe(2)
    expect(left.send(gratuitousArp(subject.leftMac, '10.55.7.99'))).toBe(0)
    open(1000)
    expect(frames.map((frame) => left.send(frame))).toEqual([0, 0, 0])
    await subject.wait(() => left.send(gratuitousArp(subject.leftMac, WEB)) === ENOBUFS)
    left.close()
    end()
  })
}
