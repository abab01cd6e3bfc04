/** Where programs of this network namespace listen (/proc/net/tcp and its like; man 5 proc). */
import { formatInet } from '@lvsm/netlink'
import type { MachineFacts } from '@lvsm/protocol'
import { readlinkSync } from 'node:fs'
import { namesIn, textOf } from './settings.ts'

/** st: 0A listens; a UDP socket that is connected to nobody is 07. */
const WAITING = { tcp: '0A', udp: '07' } as const

/** Words of four bytes, each in the order of this machine (little-endian). */
function addressOf(digits: string): string {
  const bytes = [...(digits.match(/.{8}/g) ?? [])].flatMap((word) =>
    [...(word.match(/../g) ?? [])].toReversed().map((byte) => Number.parseInt(byte, 16)),
  )
  return formatInet(Uint8Array.from(bytes))
}

/** `programs`: by number of a socket, of those that are looked for. */
export const listenersIn = (
  text: string,
  protocol: 'tcp' | 'udp',
  programs: ReadonlyMap<string, string> = new Map(),
): MachineFacts['listeners'] =>
  text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , , , socket = ''] = line.trim().split(/\s+/)
      const [, address, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local) ?? []
      if (address === undefined || port === undefined || state !== WAITING[protocol]) return []
      const program = programs.get(socket)
      const found = { protocol, address: addressOf(address), port: Number.parseInt(port, 16) }
      return [program === undefined ? found : { ...found, program }]
    })

/** Sockets of lvsm's own programs, by their numbers: as root of all, else of none. */
function ownSockets(processes: MachineFacts['processes']): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { pid, name } of processes.filter((one) => one.name.startsWith('lvsm-')))
    for (const fd of namesIn(`/proc/${pid}/fd`)) {
      const socket = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1]
      if (socket !== undefined) found.set(socket, name)
    }
  return found
}
function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

export function readListeners(processes: MachineFacts['processes']): MachineFacts['listeners'] {
  const programs = ownSockets(processes)
  return (['tcp', 'udp'] as const).flatMap((protocol) =>
    ['', '6'].flatMap((family) => listenersIn(textOf(`/proc/net/${protocol}${family}`) ?? '', protocol, programs)),
  )
}
