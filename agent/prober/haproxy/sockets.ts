/** Who listens on this machine, as the kernel lists it (man 5 proc: /proc/net/tcp, udp, and those of IPv6). */
import { closeSync, openSync, readSync } from 'node:fs'
import { endianness } from 'node:os'
import { parseInet } from '@lvsm/base'
import type { AgentFact } from '@lvsm/protocol'

type Place = NonNullable<AgentFact['listens']>

/** States of a socket that takes what comes (net/tcp_states.h): LISTEN; of UDP, bound and not connected. */
const OPEN = { tcp: '0A', udp: '07' } as const
/** Of one list. Listening sockets of TCP come first, so the connections of a busy server are not read. */
const LONGEST = 1 << 20
const CHUNK = 16_384

/** As the kernel prints an address: words of four bytes in the machine's order. */
function printed(bytes: Uint8Array, order = endianness()): string {
  const words: string[] = []
  for (let at = 0; at < bytes.length; at += 4) {
    const word = [...bytes.subarray(at, at + 4)]
    words.push(Buffer.from(order === 'LE' ? word.reverse() : word).toString('hex'))
  }
  return words.join('').toUpperCase()
}

/** As which it may be listed: itself, all addresses, and of IPv4 the same in sockets of IPv6. */
function namesOf(address: string): string[] {
  const bytes = parseInet(address)
  if (!bytes) return []
  if (bytes.length === 16) return [printed(bytes)]
  const mapped = Uint8Array.from([...new Array<number>(10).fill(0), 255, 255, ...bytes])
  return [printed(bytes), printed(mapped), '0'.repeat(8)]
}

/** In the text of one list, or the beginning of it. */
export function listensIn(text: string, { protocol, port, addresses }: Place): boolean {
  const wanted = new Set([...addresses.flatMap(namesOf), '0'.repeat(32)])
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return text.split('\n').some((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    return state === OPEN[protocol] && local.endsWith(ending) && wanted.has(local.slice(0, -ending.length))
  })
}

/** Null: the kernel does not say. */
export function listens(place: Place): boolean | null {
  const lists = [place.protocol, `${place.protocol}6`].map((name) => read(`/proc/self/net/${name}`, place.protocol))
  if (lists.some((text) => text !== null && listensIn(text, place))) return true
  return lists.every((text) => text === null) ? null : false
}

function read(path: string, protocol: Place['protocol']): string | null {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return null
  }
  try {
    let text = ''
    const chunk = Buffer.alloc(CHUNK)
    while (text.length < LONGEST) {
      const length = readSync(file, chunk)
      text += chunk.toString('latin1', 0, length)
      if (length === 0 || (protocol === 'tcp' && isPast(text))) break
    }
    return text
  } catch {
    return null
  } finally {
    closeSync(file)
  }
}

/** The last whole line is no listening socket, so none comes after it. */
function isPast(text: string): boolean {
  const lines = text.split('\n')
  const state = lines.at(-2)?.trim().split(/\s+/)[3]
  return lines.length > 2 && state !== undefined && state !== OPEN.tcp
}
