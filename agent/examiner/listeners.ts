/** Where programs of this network namespace listen (/proc/net/tcp and its like; man 5 proc). */
import { socketsOf } from '@lvsm/kernel'
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

/** `programs`: by number of a socket, of those that are looked for. */
export const listenersIn = (
  text: string,
  protocol: 'tcp' | 'udp',
  programs: ReadonlyMap<string, string> = new Map(),
): MachineFacts['listeners'] =>
  waitingIn(text, protocol).map(({ socket, ...found }) => {
    const program = programs.get(socket)
    return program === undefined ? found : { ...found, program }
  })

type Waiting = Pick<MachineFacts['listeners'][number], 'protocol' | 'address' | 'port'> & { readonly socket: string }
/** With the number of each socket. */
const waitingIn = (text: string, protocol: 'tcp' | 'udp'): Waiting[] =>
  text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , , , socket = ''] = line.trim().split(/\s+/)
      const [, address, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local) ?? []
      if (address === undefined || port === undefined || state !== WAITING[protocol]) return []
      return [{ protocol, address: addressOf(address), port: Number.parseInt(port, 16), socket }]
    })

/** Sockets of lvsm's own programs, by their numbers. */
const ownSockets = (processes: MachineFacts['processes']): ReadonlyMap<string, string> =>
  new Map(
    processes
      .filter(({ name }) => name.startsWith('lvsm-'))
      .flatMap(({ pid, name }) => (socketsOf(pid) ?? []).map((socket) => [socket, name] as const)),
  )
const TABLES = (['tcp', 'udp'] as const).flatMap((protocol) =>
  ['', '6'].map((family) => ({ protocol, path: `/proc/net/${protocol}${family}` })),
)
export function readListeners(processes: MachineFacts['processes']): MachineFacts['listeners'] {
  const programs = ownSockets(processes)
  return TABLES.flatMap(({ protocol, path }) => listenersIn(textOf(path) ?? '', protocol, programs))
}
/** By number of its socket. */
export const readPorts = (): ReadonlyMap<string, number> =>
  new Map(
    TABLES.flatMap(({ protocol, path }) =>
      waitingIn(textOf(path) ?? '', protocol).map(({ socket, port }) => [socket, port] as const),
    ),
  )
