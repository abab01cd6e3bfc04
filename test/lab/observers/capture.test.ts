import { describe, expect, it } from 'vitest'
import { assemble, claimFilter, type Instruction } from './filter.ts'
import { addressNumber, claimIn, whoHas } from './frame.ts'

const VIP = '10.11.0.10'
const sender = { mac: '02:00:0a:0b:00:01', address: VIP }

/** A reference interpreter of the instructions that the assembler makes. */
function passes(program: readonly Instruction[], frame: Uint8Array, port: number): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  let a = 0
  for (let pc = 0; pc < program.length; pc++) {
    const [code, yes, no, k] = program[pc] as Instruction
    if (code === 0x20) a = k === 0xfffff008 ? port : view.getUint32(k)
    else if (code === 0x28) a = view.getUint16(k)
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
    expect(claimIn(answer())).toEqual({ mac: sender.mac, address: addressNumber(VIP), kind: 'answer' })
    expect(claimIn(whoHas(VIP, sender))?.kind).toBe('announce')
    expect(claimIn(whoHas('10.11.0.100', sender))?.kind).toBe('announce')
    expect(claimIn(gratuitous)?.kind).toBe('announce')
    expect(claimIn(datagram(VIP))).toMatchObject({ address: addressNumber(VIP), kind: 'source' })
  })
  it('other frames claim nothing', () => {
    expect(claimIn(new Uint8Array(20))).toBeUndefined()
    expect(claimIn(new Uint8Array(60))).toBeUndefined()
  })
})

describe('the filter', () => {
  const filter = claimFilter([7, 9], [11], [addressNumber(VIP), addressNumber('10.12.0.254')])
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
  it('ports that nobody named: nothing', () => {
    expect(passes(filter, answer(), 8)).toBe(false)
  })
  it('jumps that lead nowhere are refused', () => {
    expect(() => assemble([{ equal: 1, go: 'nowhere' }])).toThrow(RangeError)
  })
})
