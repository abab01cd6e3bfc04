import { KernelError, type Netlink, type Reply } from '@lvsm/kernel'
import { acknowledgement, ERRNO, type Message, readMessages } from '@lvsm/netlink'
import { expect, it } from 'vitest'
import { openGuePorts } from './gue.ts'

const CTRL_NEWFAMILY = 1
const ID_ATTRIBUTE = 1

/** A generic netlink socket of a kernel in which the module has this number now; null: it is not loaded. */
function kernelWith(fou: { number: number | null }): Netlink {
  const familyMessage = (number: number): Message => {
    const bytes = new Uint8Array(16 + 4 + 8)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, bytes.length, true)
    view.setUint16(4, 16, true)
    bytes[16] = CTRL_NEWFAMILY
    view.setUint16(20, 6, true)
    view.setUint16(22, ID_ATTRIBUTE, true)
    view.setUint16(24, number, true)
    const [message] = readMessages(bytes).messages
    if (!message) throw new Error('no message')
    return message
  }
  const typeOf = (message: Uint8Array): number => new DataView(message.buffer, message.byteOffset).getUint16(4, true)
  const reply = (errno: number, data: readonly Message[] = []): Reply => ({
    ...acknowledgement(errno),
    answered: true,
    data,
  })
  const missing = ERRNO.ENOENT ?? 2
  const request = (messages: readonly Uint8Array[]): Reply[] =>
    messages.map((message) => {
      if (typeOf(message) === 16) return fou.number === null ? reply(missing) : reply(0, [familyMessage(fou.number)])
      return reply(typeOf(message) === fou.number ? 0 : missing)
    })
  return {
    fd: -1,
    request,
    apply: (messages) => request(messages).find(({ errno }) => errno !== 0),
    dump(message) {
      if (typeOf(message) !== fou.number) throw new KernelError('netlink dump', missing)
      return []
    },
    close: () => undefined,
  }
}

const open = { kind: 'gue-open', family: 'ipv4', port: 6080 } as const

it('goes on looking when the module was taken out, and again when it is back with another number', () => {
  const fou: { number: number | null } = { number: 30 }
  const ports = openGuePorts(kernelWith(fou))
  expect([ports.observe(), ports.apply(open)]).toEqual([[], null])
  fou.number = null
  expect(ports.observe()).toEqual([])
  expect(ports.apply(open)).toContain('is the module fou there?')
  fou.number = 31
  expect([ports.observe(), ports.apply(open)]).toEqual([[], null])
  fou.number = 32
  expect(ports.apply(open), 'the first one to notice says so').not.toBeNull()
  expect(ports.apply(open)).toBeNull()
})
