import { describe, expect, it } from 'vitest'
import { assemble, claimFilter, type Instruction } from './filter.ts'
import { decodeNeighbourFrame, neighbourProbe, unsolicitedAdvertisement } from '@lvsm/netlink'
import { addressBytes, endOf, keyOf } from './address.ts'
import { claimIn, whoHas } from './frame.ts'

const [VIP, VIP6] = ['10.11.0.10', '2001:db8:11::10']
const key = (address: string): string => keyOf(addressBytes(address))
const sender = { mac: '02:00:0a:0b:00:01', address: VIP }

/** A reference interpreter of the instructions that the assembler makes. */
function passes(program: readonly Instruction[], frame: Uint8Array, port: number): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  let a = 0
  for (let pc = 0; pc < program.length; pc++) {
    const [code, yes, no, k] = program[pc] as Instruction
    if (code === 0x20) a = k === 0xfffff008 ? port : view.getUint32(k)
    else if (code === 0x28) a = view.getUint16(k)
    else if (code === 0x30) a = view.getUint8(k)
    else if (code === 0x15) pc += a === k ? yes : no
    else return k > 0
  }
  throw new Error('ran off the end')
}

const answer = (): Uint8Array => {
  const frame = whoHas('10.11.0.100', sender)
  frame[21] = 2
  return frame
}
const datagram = (source: string): Uint8Array => {
  const frame = new Uint8Array(60)
  frame.set([8, 0], 12)
  frame.set(source.split('.').map(Number), 26)
  return frame
}

describe('claims in frames', () => {
  it('an answer, an announcement by request, a gratuitous answer, a source', () => {
    const gratuitous = whoHas(VIP, sender)
    gratuitous[21] = 2
    expect(claimIn(answer())).toEqual({ mac: sender.mac, address: key(VIP), kind: 'answer' })
    expect(claimIn(whoHas(VIP, sender))?.kind).toBe('announce')
    expect(claimIn(whoHas('10.11.0.100', sender))?.kind).toBe('announce')
    expect(claimIn(gratuitous)?.kind).toBe('announce')
    expect(claimIn(datagram(VIP))).toMatchObject({ address: key(VIP), kind: 'source' })
  })
  it('of IPv6: an answer, an announcement, a question from it, a source', () => {
    const told = unsolicitedAdvertisement(sender.mac, VIP6)
    expect(claimIn(told)).toEqual({ mac: sender.mac, address: key(VIP6), kind: 'announce' })
    expect(claimIn(told.with(58, 0x60))).toEqual({ mac: sender.mac, address: key(VIP6), kind: 'answer' })
    expect(claimIn(whoHas('2001:db8:11::100', { ...sender, address: VIP6 }))).toMatchObject({
      ...{ address: key(VIP6), kind: 'announce' },
    })
    expect(claimIn(told.with(20, 6))).toMatchObject({ address: key(VIP6), kind: 'source' })
    expect(claimIn(neighbourProbe(sender.mac, VIP6))).toMatchObject({ address: key('::') })
  })
  it('a question of IPv6 is one that hosts understand', () => {
    expect(decodeNeighbourFrame(whoHas(VIP6, { ...sender, address: '2001:db8:11::250' }))).toEqual({
      ok: true,
      value: {
        ...{ kind: 'solicitation', mac: sender.mac, source: '2001:db8:11::250' },
        ...{ destination: 'ff02::1:ff00:10', target: VIP6 },
      },
    })
    expect([endOf(VIP), endOf(VIP6), endOf('::')]).toEqual([0x0a0b000a, 0x10, 0])
  })
  it('other frames claim nothing', () => {
    expect(claimIn(new Uint8Array(20))).toBeUndefined()
    expect(claimIn(new Uint8Array(60))).toBeUndefined()
  })
})

describe('the filter', () => {
  const filter = claimFilter([7, 9], [11], [VIP, '10.12.0.254'])
  it('directors: ARP and IPv4 with the address as sender', () => {
    expect(passes(filter, answer(), 7)).toBe(true)
    expect(passes(filter, datagram(VIP), 9)).toBe(true)
    expect(passes(filter, datagram('10.12.0.254'), 9)).toBe(true)
    expect(passes(filter, datagram('10.11.0.1'), 9)).toBe(false)
    expect(passes(filter, whoHas(VIP, { mac: sender.mac, address: '10.11.0.100' }), 7)).toBe(false)
  })
  it('others: ARP only, because a realserver by DR answers with the VIP as source', () => {
    expect(passes(filter, answer(), 11)).toBe(true)
    expect(passes(filter, datagram(VIP), 11)).toBe(false)
  })
  it('of IPv6: from others neighbour discovery only', () => {
    const both = claimFilter([7], [11], [VIP, VIP6])
    const told = unsolicitedAdvertisement(sender.mac, VIP6)
    const asks = whoHas('2001:db8:11::100', { ...sender, address: VIP6 })
    for (const port of [7, 11]) {
      expect([told, asks, answer()].map((frame) => passes(both, frame, port))).toEqual([true, true, true])
      expect(passes(both, neighbourProbe(sender.mac, VIP6), port)).toBe(false)
      expect(passes(both, whoHas(VIP6, { ...sender, address: '2001:db8:11::250' }), port)).toBe(false)
      expect(passes(both, told.with(20, 6), port)).toBe(port === 7)
    }
    expect(passes(filter, told, 7)).toBe(false)
  })
  it('ports that nobody named: nothing', () => {
    expect(passes(filter, answer(), 8)).toBe(false)
  })
  it('jumps that lead nowhere are refused', () => {
    expect(() => assemble([{ equal: 1, go: 'nowhere' }])).toThrow(RangeError)
  })
})
