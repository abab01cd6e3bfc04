/** Where programs of this network namespace listen (/proc/net/tcp and its like; man 5 proc). */
import { formatInet } from '@lvsm/netlink'
import type { MachineFacts } from '@lvsm/protocol'
import { textOf } from './settings.ts'

/** st: 0A listens; a UDP socket that is connected to nobody is 07. */
const WAITING = { tcp: '0A', udp: '07' } as const

/** Words of four bytes, each in the order of this machine (little-endian). */
function addressOf(digits: string): string {
  const bytes = [...(digits.match(/.{8}/g) ?? [])].flatMap((word) =>
    [...(word.match(/../g) ?? [])].toReversed().map((byte) => Number.parseInt(byte, 16)),
  )
  return formatInet(Uint8Array.from(bytes))
}

export const listenersIn = (text: string, protocol: 'tcp' | 'udp'): MachineFacts['listeners'] =>
  text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state] = line.trim().split(/\s+/)
      const [, address, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local) ?? []
      if (address === undefined || port === undefined || state !== WAITING[protocol]) return []
      return [{ protocol, address: addressOf(address), port: Number.parseInt(port, 16) }]
    })

export const readListeners = (): MachineFacts['listeners'] =>
  (['tcp', 'udp'] as const).flatMap((protocol) =>
    ['', '6'].flatMap((family) => listenersIn(textOf(`/proc/net/${protocol}${family}`) ?? '', protocol)),
  )
