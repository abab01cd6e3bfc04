/** Classic BPF as the kernel runs it on what a socket would receive (Documentation/networking/filter.rst). */
import type { Instruction } from '@lvsm/kernel'

const LOAD: Readonly<Record<number, number>> = { 0x20: 4, 0x28: 2, 0x30: 1 }
const [JUMP_EQUAL, RETURN] = [0x15, 0x06]
/** BPF_MAXINSNS. */
const LONGEST = 4096

/** Whether the program lets it pass. A load beyond its end drops it. */
export function lets(program: readonly Instruction[], bytes: Uint8Array): boolean {
  if (program.length > LONGEST) throw new Error(`a filter of ${program.length} instructions`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let register = 0
  for (let at = 0; ; at++) {
    const instruction = program[at]
    if (!instruction?.every(Number.isInteger) || instruction.length !== 4)
      throw new Error(`no instruction at ${at}: ${instruction?.join(' ')}`)
    const [code, jumpTrue, jumpFalse, operand] = instruction
    const size = LOAD[code]
    if (size !== undefined) {
      if (operand + size > bytes.length) return false
      register = size === 4 ? view.getUint32(operand) : size === 2 ? view.getUint16(operand) : view.getUint8(operand)
    } else if (code === JUMP_EQUAL) {
      if (jumpTrue > 255 || jumpFalse > 255) throw new Error(`a jump of ${Math.max(jumpTrue, jumpFalse)} instructions`)
      at += register === operand >>> 0 ? jumpTrue : jumpFalse
    } else if (code === RETURN) return operand !== 0
    else throw new Error(`instruction ${code} is none that a filter of ours has`)
  }
}
